"""Row 5: the dispatcher's file, alone and with a broker password. It mints, and what it mints is half of a login."""

import json
from uuid import uuid4

import pytest

from tests.integration.security.trials.thief import ISSUING, MINT


def refused(answer):
    return answer.status_code == 403 and "permission denied" in answer.text


def test_the_dispatchers_token_issues_nothing(thief):
    token = thief.dispatcher()
    for method, path in ISSUING.values():
        assert refused(thief.ask(method, path, {} if method == "POST" else None, token=token)), path


def test_an_invented_run_cannot_log_in(thief, alarmed):
    before = len(thief.alarms())
    secret_id = thief.unwrap(thief.mint(uuid4()))
    identities = [
        json.loads(thief.system.stack.secrets.read(owner, "vault-identity.json"))["role_id"]
        for owner in ("dispatcher", "sweeper", "web")
    ]
    for half in ("triage-run", "", "x", secret_id, str(uuid4()), *identities):
        answer = thief.log_in(secret_id, half)
        assert (answer.status_code, answer.json().get("auth")) == (400, None), half
    answer = thief.ask("POST", "auth/approle/login", {"secret_id": secret_id})
    assert answer.status_code == 400
    alarmed(more_than=before)


def test_a_second_identity_for_a_run_of_others_cannot_log_in(thief, at_work):
    message, victim = at_work()
    secret_id = thief.unwrap(thief.mint(message.run_id, message.number))
    assert thief.log_in(secret_id, "triage-run").status_code == 400
    assert thief.works(victim) == {"run token", "contracts", "documents", "ledger"}


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("GET", "auth/approle/role/triage-run/role-id", None),
        ("POST", "auth/approle/role/triage-run/role-id", {"role_id": "mine"}),
        ("GET", "auth/approle/role/triage-run", None),
        ("POST", "auth/approle/role/triage-run", {"bind_secret_id": False}),
        ("POST", "auth/approle/role/triage-run/custom-secret-id", {"secret_id": "mine", "metadata": "{}"}),
        ("GET", "identity/entity/name/triage-agent", None),
        ("LIST", "identity/entity-alias/id", None),
        ("POST", "auth/approle/role/triage-dispatcher/secret-id", {"metadata": "{}"}),
        ("POST", "auth/token/create", {"policies": ["triage-run"]}),
    ],
)
def test_the_other_half_is_nowhere_to_be_had(thief, method, path, data):
    assert refused(thief.ask(method, path, data, token=thief.dispatcher(), wrap_ttl="60s"))


@pytest.mark.parametrize(
    "wish",
    [
        {"ttl": "24h"},
        {"num_uses": 0},
        {"cidr_list": "0.0.0.0/0"},
        {"token_bound_cidrs": "0.0.0.0/0"},
        {"metadata": None},
    ],
)
def test_it_mints_nothing_but_what_the_dispatcher_mints(thief, wish):
    data = {key: value for key, value in ({"metadata": "{}"} | wish).items() if value is not None}
    assert refused(thief.ask("POST", MINT, data, token=thief.dispatcher(), wrap_ttl="60s"))
    assert refused(thief.ask("POST", MINT, {"metadata": "{}"}, token=thief.dispatcher()))


@pytest.mark.parametrize("user", ["worker", "dispatcher"])
def test_with_a_broker_password_too_no_worker_logs_in_for_the_thief(thief, alarmed, user):
    """The message of a run that waits is exchanged for one with an identity that the thief has minted."""
    before = len(thief.alarms())
    with thief.worker_asleep():
        (run_id,) = thief.system.request(thief.system.actions[0])
        message = thief.grab(run_id)
        thief.put(message.changed(wrapping_token=thief.mint(run_id, message.number)), user=user)
        thief.put(
            message.changed(wrapping_token=thief.mint(invented := uuid4()), run_id=str(invented)), user=user
        )
        thief.put(message.entry)
    thief.system.wait([run_id])
    (attempt,) = thief.attempts(run_id)
    assert attempt["state"] == "finished"
    assert not thief.issued_for(invented)
    alarmed(more_than=before)
