"""Provisioning takes no odd answer for the vault's, and waits for none beyond its deadline."""

import io
import json
import time
from pathlib import Path

import pytest

from app.connections.settings import load
from app.connections.tls import trust_of
from app.credentials.settings import AgentSettings
from infra.reporting import ProvisionError
from infra.vault import client as vault_client
from infra.vault.client import VaultAnswerError, VaultClient
from tests.integration.vault.answers.odd_vault import ODD, SLOW, envelope, errors, reply

PATH, STATE, SNAPSHOT = "sys/policies/acl/x", "sys/seal-status", "sys/storage/raft/snapshot"
SEAL = {"initialized": True, "sealed": False, "recovery_seal": True}


def load_from_file(client):
    with Path(__file__).open("rb") as file:
        client.load(SNAPSHOT, "token", file)


#: Each call, its path, and a good answer to it.
CALLS = {
    "read": (lambda client: client.read(PATH, "token"), PATH, envelope(data={"policy": "x"})),
    "names": (lambda client: client.names(PATH, "token"), PATH, envelope(data={"keys": ["x"]})),
    "write": (lambda client: client.write(PATH, {}, "token"), PATH, envelope()),
    "delete": (lambda client: client.delete(PATH), PATH, envelope()),
    "state": (lambda client: client.seal_status(), STATE, SEAL),
    "load": (load_from_file, SNAPSHOT, envelope()),
    "save": (lambda client: client.save(SNAPSHOT, "token", io.BytesIO()), SNAPSHOT, envelope()),
}
#: Not odd here: the vault's own word that there is nothing, and an answer with a part of the envelope.
NOT_ODD = {"no mount", "another object"}


@pytest.fixture
def ask(odd_vault):
    """Makes a call with a deadline in seconds: `ask("read", 5.0)`."""
    trust = trust_of(load(AgentSettings))

    def asked(name, seconds):
        call, odd_vault.odd_path, _ = CALLS[name]
        with VaultClient(odd_vault.address, trust=trust, timeout=seconds) as client:
            return call(client)

    return asked


@pytest.mark.parametrize("call", CALLS)
def test_a_good_answer_is_taken(ask, odd_vault, call):
    odd_vault.odd = reply(200, json.dumps(CALLS[call][2]))
    ask(call, 5.0)


@pytest.mark.parametrize("call", [call for call in CALLS if call != "save"])
def test_an_odd_answer_ends_it_in_one_line(ask, odd_vault, call):
    for name in ODD.keys() - NOT_ODD:
        odd_vault.odd = ODD[name]
        with pytest.raises(ProvisionError) as ended:
            ask(call, 5.0)
        assert "\n" not in str(ended.value), name
        assert "serviced" not in str(ended.value), name


def test_what_is_not_there_is_none(ask, odd_vault):
    for answer in (errors(), errors('no handler for route "x". route entry not found.')):
        odd_vault.odd = reply(404, answer)
        assert ask("read", 5.0) is None
        assert ask("names", 5.0) == []
        with pytest.raises(VaultAnswerError, match="there is no such path"):
            ask("write", 5.0)


def test_a_snapshot_that_is_cut_off_or_refused_is_none(ask, odd_vault):
    for name in (
        "a cut",
        "no HTTP",
        "no answer",
        "sealed",
        "redirect 307",
        "a firewall's page",
        "bad gateway",
    ):
        odd_vault.odd = ODD[name]
        with pytest.raises(ProvisionError):
            ask("save", 5.0)


@pytest.mark.parametrize("call", CALLS)
def test_a_slow_answer_ends_with_the_deadline_of_its_call(ask, odd_vault, monkeypatch, call):
    monkeypatch.setattr(vault_client, "_LONGEST_TRANSFER", 0.2)
    for odd_vault.odd in SLOW.values():
        began = time.monotonic()
        with pytest.raises(ProvisionError, match=r"within 0\.2 s"):
            ask(call, 0.2)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(("answer", "status"), [((503, "{}"), 503), ((429, "{}"), 429), ((502, "<p>"), 502)])
def test_health_is_the_status_of_the_answer(odd_vault, answer, status):
    odd_vault.odd_path, odd_vault.odd = "sys/health", reply(*answer)
    with VaultClient(odd_vault.address, trust=trust_of(load(AgentSettings)), timeout=5) as client:
        assert client.health() == status
