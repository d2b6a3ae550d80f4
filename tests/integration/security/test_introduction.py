"""How a run gets its identity: wrapped, once, and for one attempt only."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.connections.tls import trust_of
from app.credentials.approle import MINT_PATH, RUN_ROLE
from workers.runtime.run_session import IntroductionError, introduced
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault, VaultRefusedError

METADATA = {"metadata": json.dumps({"run_id": "anything", "attempt": "1"})}


def unwrap(system, wrapping_token):
    return system.ask_vault("POST", "sys/wrapping/unwrap", token=wrapping_token.reveal())


def log_in(insider, secret_id):
    login = {"role_id": insider.role_id.read(), "secret_id": secret_id}
    return insider.system.ask_vault("POST", "auth/approle/login", login, token="")


def introduce(insider, wrapping_token, run_id, attempt=1, *, vault=None):
    with introduced(
        vault or insider.vault, wrapping_token, role_id=insider.role_id, run_id=run_id, attempt=attempt
    ) as session:
        return session


def test_an_unwrapped_mint_is_refused(insider):
    with pytest.raises(VaultRefusedError, match="permission denied"):
        insider.dispatcher.write(MINT_PATH, METADATA)


@pytest.mark.parametrize("wrapping_ttl", ["1s", "9s", "1801s", "24h"])
def test_a_wrapping_ttl_outside_ten_seconds_to_thirty_minutes_is_refused(insider, wrapping_ttl):
    with pytest.raises(VaultRefusedError, match="permission denied"):
        insider.dispatcher.write(MINT_PATH, METADATA, wrap_ttl=wrapping_ttl)


@pytest.mark.parametrize("wrapping_ttl", [10, 1800])
def test_a_wrapping_ttl_at_either_limit_is_granted(insider, wrapping_ttl):
    run_id = uuid4()
    minted = insider.mint(run_id, wrapping_ttl=wrapping_ttl)
    assert introduce(insider, minted.wrapping_token, run_id).identity.run_id == run_id


def test_the_dispatcher_cannot_choose_the_secret_id_itself(insider):
    chosen = {**METADATA, "secret_id": str(uuid4())}
    with pytest.raises(VaultRefusedError, match="permission denied"):
        insider.dispatcher.write(f"auth/approle/role/{RUN_ROLE}/custom-secret-id", chosen, wrap_ttl="60s")


def test_a_wrapping_token_works_once_and_so_does_the_secret_id(insider, system):
    minted = insider.mint(uuid4())
    first, second = unwrap(system, minted.wrapping_token), unwrap(system, minted.wrapping_token)
    assert (first.status_code, second.status_code) == (200, 400)
    assert "wrapping token is not valid or does not exist" in second.text

    secret_id = first.json()["data"]["secret_id"]
    first, second = log_in(insider, secret_id), log_in(insider, secret_id)
    assert (first.status_code, second.status_code) == (200, 400)
    assert "auth" not in second.json()
    system.ask_vault("POST", "auth/token/revoke-self", token=first.json()["auth"]["client_token"])


def test_a_wrapping_token_shows_nothing_but_where_it_came_from(insider, system):
    """The worker looks it up before it opens it; that must not use it up, nor show what is inside."""
    minted = insider.mint(uuid4())
    token = minted.wrapping_token.reveal()
    seen = system.ask_vault("POST", "sys/wrapping/lookup", {"token": token}, token="").json()["data"]
    assert set(seen) == {"creation_path", "creation_time", "creation_ttl"}
    assert seen["creation_path"] == MINT_PATH
    assert unwrap(system, minted.wrapping_token).status_code == 200
    assert not insider.may(token, "GET", "auth/token/lookup-self")


class Robbed(Vault):
    """A thief opens the wrapping token just before the worker does, when the worker has claimed the attempt already."""

    system: Any

    def write(self, path, *arguments, **more):
        if path == "sys/wrapping/unwrap":
            assert unwrap(self.system, more["token"]).status_code == 200
        return super().write(path, *arguments, **more)


def test_an_attempt_whose_identity_was_stolen_raises_an_alarm_and_the_run_starts_again(
    insider, system, make_agent, until
):
    run_id = uuid4()
    minted = insider.mint(run_id)
    insider.queue(system.actions[0], run_id, minted)
    robbed = Robbed(insider.vault.address, trust_of(system.settings("worker")))
    robbed.system = system

    make_agent(vault=robbed).attempt(run_id, 1, minted.wrapping_token)
    refusal = "SELECT * FROM alarm WHERE run_id = %s AND kind = 'introduction refused'"
    (alarm,) = until(lambda: system.rows(refusal, run_id), what="the alarm")
    assert alarm["attempt"] == 1
    assert "wrapping token is not valid or does not exist" in alarm["detail"]

    system.wait([run_id])
    open_ends = "SELECT 1 FROM attempt WHERE run_id = %s AND revoked_at IS NULL"
    until(lambda: not system.rows(open_ends, run_id), what="the confirmed ends")
    first, second = system.rows("SELECT * FROM attempt WHERE run_id = %s ORDER BY number", run_id)
    assert (first["state"], first["token_accessor"]) == ("failed", None)
    assert (second["state"], second["revoked_by"]) == ("finished", "run end")
    credentials = system.rows("SELECT DISTINCT attempt FROM credential WHERE run_id = %s", run_id)
    assert credentials == [{"attempt": 2}]


@pytest.mark.parametrize("role", ["triage-dispatcher", None])
def test_a_wrapping_token_made_elsewhere_is_refused_unopened(insider, system, role):
    """`None`: a valid SecretID for this attempt, but wrapped by a party that has seen it."""
    run_id = uuid4()
    metadata = {"metadata": json.dumps({"run_id": str(run_id), "attempt": "1"})}
    admin = Secret(system.admin_token)
    if role is None:
        seen = insider.vault.write(MINT_PATH, metadata, admin)["data"]
        made = insider.vault.write("sys/wrapping/wrap", seen, admin, wrap_ttl="60s")
    else:
        made = insider.vault.write(f"auth/approle/role/{role}/secret-id", metadata, admin, wrap_ttl="60s")
    token = Secret(made["wrap_info"]["token"])
    with pytest.raises(IntroductionError, match="was made by"):
        introduce(insider, token, run_id)
    opened = unwrap(system, token)
    assert opened.status_code == 200
    accessor = {"secret_id_accessor": opened.json()["data"]["secret_id_accessor"]}
    path = f"auth/approle/role/{role or RUN_ROLE}/secret-id-accessor/destroy"
    system.ask_vault("POST", path, accessor)


class Noting(Vault):
    """Notes the tokens that logins give."""

    tokens: list[str]

    def write(self, path, *arguments, **more):
        answer = super().write(path, *arguments, **more)
        if path == "auth/approle/login":
            self.tokens.append(answer["auth"]["client_token"])
        return answer


@pytest.mark.parametrize(("other_run", "attempt"), [(True, 1), (False, 2)])
def test_an_identity_of_another_run_or_attempt_is_refused_and_ended(insider, other_run, attempt):
    run_id: UUID = uuid4()
    minted = insider.mint(uuid4() if other_run else run_id, attempt=1)
    noting = Noting(insider.vault.address, trust_of(insider.system.settings("worker")))
    noting.tokens = []
    with pytest.raises(IntroductionError, match="is bound to run"):
        introduce(insider, minted.wrapping_token, run_id, attempt, vault=noting)
    (token,) = noting.tokens
    assert not insider.is_token(token)


def test_anything_but_a_wrapping_token_is_refused(insider, system, held):
    for token in (Secret("s.nonsense"), Secret(held.token), Secret(system.admin_token)):
        with pytest.raises(IntroductionError):
            introduce(insider, token, uuid4())


def test_five_bad_logins_do_not_lock_the_role(insider, system):
    """By default five would lock all triage out for 15 minutes."""
    for _ in range(6):
        assert log_in(insider, str(uuid4())).status_code == 400
    run_id = uuid4()
    assert introduce(insider, insider.mint(run_id).wrapping_token, run_id).identity.policy == RUN_ROLE
