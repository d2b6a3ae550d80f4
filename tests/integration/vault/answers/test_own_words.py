"""The vault's own refusals are told apart, and what it has not done is tried again where that does no harm."""

import json
from typing import Any

import pytest

from app.connections.settings import load
from app.connections.tls import trust_of
from app.credentials.approle import DESTROY_PATH, LOGIN_PATH, MINT_PATH
from app.credentials.settings import AgentSettings
from tests.integration.vault.answers.odd_vault import (
    GOOD,
    GRANTS,
    LEASE,
    LOOK_UP,
    UNWRAP,
    WRAPPING,
    errors,
    no_answer,
    reply,
)
from workers.runtime.run_session import IntroductionError
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault, VaultRefusedError, VaultUnavailableError

OURS = {
    "spent": (WRAPPING, "introduce", 400, "wrapping token is not valid or does not exist", IntroductionError),
    "opened": (UNWRAP, "introduce", 400, "wrapping token is not valid or does not exist", IntroductionError),
    "empty": (WRAPPING, "introduce", 403, "error validating wrapping token: x", VaultUnavailableError),
    "denied": (UNWRAP, "introduce", 403, "permission denied", VaultUnavailableError),
    "disabled": (LOGIN_PATH, "introduce", 403, "permission denied", VaultUnavailableError),
    "elsewhere": (LOGIN_PATH, "introduce", 400, "unauthorized by CIDR restrictions", VaultUnavailableError),
    "unknown": (LOGIN_PATH, "introduce", 400, "invalid role or secret ID", VaultUnavailableError),
    "policy": (GRANTS["api key"].path, "api key", 403, "permission denied", VaultRefusedError),
    "one error": (
        GRANTS["api key"].path,
        "api key",
        403,
        "1 error occurred:\n\t* permission denied\n\n",
        VaultRefusedError,
    ),
    "no role": (GRANTS["api key"].path, "api key", 400, "unknown role contracts", VaultRefusedError),
    "no key": (GRANTS["signed token"].path, "signed token", 400, "no key", VaultUnavailableError),
    "mint": (MINT_PATH, "mint", 403, "permission denied", VaultRefusedError),
    "look": (LOOK_UP, "metadata", 403, "permission denied", VaultRefusedError),
    "look, otherwise": (LOOK_UP, "metadata", 400, "not an invalid accessor", VaultRefusedError),
}


@pytest.mark.parametrize("case", OURS)
def test_the_vaults_own_refusals_are_told_apart(calls, odd_vault, case):
    path, call, status, words, expected = OURS[case]
    odd_vault.odd_path, odd_vault.odd = path, reply(status, errors(words))
    with pytest.raises(expected) as refused:
        calls(call, 5.0)
    if words == "permission denied" and issubclass(expected, VaultRefusedError):
        assert f"(HTTP 403) for POST {path}" in str(refused.value)


def test_what_two_transactions_that_met_have_not_done_is_tried_again(calls, odd_vault):
    met = reply(500, errors("1 error occurred:\n\t* transaction commit failed\n\n"))
    tries: list[str] = []

    def twice(handler: Any) -> None:
        tries.append("x")
        (met if len(tries) < 3 else reply(200, json.dumps(GOOD[odd_vault.odd_path])))(handler)

    for call, path in (("mint", MINT_PATH), ("api key", GRANTS["api key"].path)):
        tries.clear()
        odd_vault.odd_path, odd_vault.odd = path, twice
        calls(call, 5.0)
        assert len(tries) == 3
    odd_vault.odd = met
    with pytest.raises(VaultUnavailableError, match="transaction commit failed"):
        calls("api key", 5.0)


@pytest.mark.parametrize("path", [UNWRAP, LOGIN_PATH])
def test_what_the_first_try_may_have_spent_is_not_sent_again(calls, odd_vault, path):
    """The vault would refuse it, and its log would hold what looks like a theft."""
    odd_vault.odd_path, odd_vault.odd = path, reply(500, errors("transaction commit failed"))
    with pytest.raises(VaultUnavailableError, match="transaction commit failed"):
        calls("introduce", 5.0)
    assert odd_vault.asked.count(path) == 1


def test_only_what_may_be_done_twice_is_sent_again_on_a_connection_that_was_closed(calls, odd_vault):
    """Each call here has been preceded by another on the same connection."""
    cases = {
        ("introduce", UNWRAP): False,
        ("introduce", LOGIN_PATH): False,
        ("mint", MINT_PATH): False,
        ("database user", GRANTS["database user"].path): False,
        ("lease", LEASE): True,
        ("metadata", LOOK_UP): True,
        ("end token", "auth/token/revoke-accessor"): True,
        ("end SecretID", DESTROY_PATH): True,
    }
    for (call, path), is_sent_again in cases.items():
        answers = [no_answer]

        def once(handler: Any, path=path, answers=answers) -> None:
            good = GOOD[path]
            (answers.pop() if answers else reply(200 if good else 204, json.dumps(good or "")))(handler)

        odd_vault.odd_path, odd_vault.odd = path, once
        odd_vault.asked.clear()
        if is_sent_again:
            calls(call, 5.0)
        else:
            with pytest.raises(VaultUnavailableError, match="closed the connection"):
                calls(call, 5.0)
        assert odd_vault.asked.count(path) == 1 + is_sent_again, path


def test_the_vaults_clock_is_compared_with_ours(odd_vault):
    vault = Vault(odd_vault.address, trust_of(load(AgentSettings)))
    assert vault.ahead is None
    vault.write("auth/token/revoke-self", token=Secret("s.x"))
    assert abs(vault.ahead) < 5
    odd_vault.odd_path = "auth/token/revoke-self"
    for header in ("Fri, 01 Jan 2100 00:00:00 GMT", "soon", ""):

        def dated(handler: Any, header=header) -> None:
            handler.wfile.write(f"HTTP/1.1 204 None\r\nDate: {header}\r\n\r\n".encode())

        odd_vault.odd = dated
        vault.write("auth/token/revoke-self", token=Secret("s.x"))
        assert vault.ahead > 1_000_000
    vault.close()
