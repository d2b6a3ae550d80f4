"""What a service's vault does not say itself neither accepts a credential nor refuses it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from mocks.authentication import ApiKeys
from mocks.key_set import KEY_SET_PATH, KeySet
from mocks.refusals import RefusalError, VaultUnreachableError
from mocks.vault_connection import VaultConnection
from tests.integration.vault.answers.odd_vault import EMPTY, SLOW, errors, no_answer, reply

LOOK_UP = "auth/token/lookup-self"
QUESTIONS = {
    LOOK_UP: lambda connection: ApiKeys(role="contracts", vault=connection).verify("s.key"),
    KEY_SET_PATH: lambda connection: KeySet(connection).key("first"),
}
#: Their data may be empty.
NOT_ODD = {LOOK_UP: {"another object"}, KEY_SET_PATH: set()}


@pytest.fixture
def ask(odd_vault):
    """Asks a question with a deadline in seconds: `ask(path, 3.0)`."""

    def asked(path, seconds):
        odd_vault.odd_path = path
        connection = VaultConnection(odd_vault.address, timeout=seconds)
        try:
            return QUESTIONS[path](connection)
        finally:
            connection.close()

    return asked


@pytest.mark.parametrize("path", QUESTIONS)
def test_an_odd_answer_decides_nothing(ask, odd_vault, path):
    for name in EMPTY.keys() - NOT_ODD[path]:
        odd_vault.odd = EMPTY[name]
        with pytest.raises(VaultUnreachableError):
            ask(path, 3.0)


@pytest.mark.parametrize("path", QUESTIONS)
def test_a_slow_answer_decides_nothing(ask, odd_vault, path):
    for odd_vault.odd in SLOW.values():
        began = time.monotonic()
        with pytest.raises(VaultUnreachableError):
            ask(path, 0.2)
        assert time.monotonic() - began < 5


def test_the_vaults_own_refusal_refuses_the_key(ask, odd_vault):
    odd_vault.odd = reply(403, errors("permission denied"))
    with pytest.raises(RefusalError, match="invalid, expired or revoked"):
        ask(LOOK_UP, 3.0)


def test_kept_connections_that_a_restart_has_closed_refuse_nobody(odd_vault):
    """As many as there were; the question then goes over a new one."""
    held = 3
    found = {"role": "contracts", "policies": ["tool-contracts"], "accessor": "a"}
    good, together = reply(200, json.dumps({"data": found})), Barrier(held)

    def at_once(handler):
        together.wait(10)
        good(handler)

    connection = VaultConnection(odd_vault.address)
    odd_vault.odd_path, odd_vault.odd = LOOK_UP, at_once
    ask = partial(QUESTIONS[LOOK_UP], connection)
    with ThreadPoolExecutor(held) as pool:
        assert [each.result() for each in [pool.submit(ask) for _ in range(held)]] == ["a"] * held
    answers = [no_answer] * held + [good]

    def next_answer(handler):
        answers.pop(0)(handler)

    odd_vault.odd = next_answer
    assert ask() == "a"
    assert not answers
    odd_vault.odd = no_answer
    with pytest.raises(VaultUnreachableError):
        ask()
    connection.close()
