"""Whatever lifetime and policy a run requests, it gets no more than 15 minutes and one tool."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.vault import database_users
from tests.integration.security.conftest import TOOLS

pytestmark = pytest.mark.usefixtures("unwatched")
LIMIT = 15 * 60
FOREVER = {"ttl": "24h", "explicit_max_ttl": "24h", "renewable": True}


def create(system, tool, token, **wanted):
    return system.ask_vault("POST", f"auth/token/create/{tool}", wanted, token=token)


def looked_up(system, accessor):
    return system.ask_vault("POST", "auth/token/lookup-accessor", {"accessor": accessor}).json()["data"]


def expires_in_time(seen):
    end = datetime.fromisoformat(seen["expire_time"])
    return end <= datetime.fromtimestamp(seen["creation_time"] + LIMIT + 1, UTC)


@pytest.mark.parametrize("tool", ["contracts", "documents"])
def test_the_role_of_an_api_key_gives_fifteen_minutes_to_whom_policy_forbids_nothing(system, tool):
    auth = create(system, tool, system.admin_token, **FOREVER).json()["auth"]
    assert auth["lease_duration"] == LIMIT
    assert not auth["renewable"]
    seen = looked_up(system, auth["accessor"])
    # The vault repeats the wish in `explicit_max_ttl`; what ends the key is `expire_time`.
    assert expires_in_time(seen)
    assert seen["policies"] == [f"tool-{tool}"]
    assert not seen["orphan"]
    renewed = system.ask_vault("POST", "auth/token/renew-accessor", {"accessor": auth["accessor"]})
    assert renewed.status_code == 400
    system.ask_vault("POST", "auth/token/revoke-accessor", {"accessor": auth["accessor"]})


@pytest.mark.parametrize(
    "wanted",
    [
        *({name: value} for name, value in FOREVER.items()),
        {"ttl": "1s"},
        {"policies": ["root"]},
        {"policies": ["tool-documents"]},
        {"policies": ["tool-contracts", "triage-run"]},
        {"no_default_policy": False},
        {"period": "24h"},
        {"no_parent": True},
        {"id": "a-token-of-my-choice"},
        {"type": "batch"},
        {"num_uses": 1},
        {"display_name": "x"},
        {"entity_alias": "triage-dispatcher"},
    ],
    ids=str,
)
def test_a_run_states_nothing_but_metadata_of_its_api_keys(system, held, wanted):
    meta = {"run_id": "anything"}
    assert create(system, "contracts", held.token, meta=meta, **wanted).status_code == 403
    auth = create(system, "contracts", held.token, meta=meta).json()["auth"]
    assert auth["token_policies"] == ["tool-contracts"]
    # What the entity adds can only refuse.
    assert set(auth["policies"]) - {"tool-contracts"} == {f"switch-{tool}" for tool in TOOLS}
    assert auth["lease_duration"] == LIMIT


def test_a_database_user_lives_fifteen_minutes_in_the_vault_and_in_the_database(system, held):
    record = held.issued["ledger"].record
    assert record.expires_at - record.issued_at == timedelta(seconds=LIMIT)
    lease = {"lease_id": record.lease_id, "increment": 24 * 3600}
    assert not system.ask_vault("PUT", "sys/leases/renew", lease, token=held.token).is_success
    renewed = system.ask_vault("PUT", "sys/leases/renew", lease)  # an administrator cannot either
    assert not renewed.is_success or renewed.json()["lease_duration"] <= LIMIT
    (row,) = system.rows(
        "SELECT rolvaliduntil, rolconnlimit, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles"
        " WHERE rolname = %s",
        held.database_user,
    )
    # The vault adds a few seconds, so that the lease ends first.
    assert row["rolvaliduntil"] <= datetime.now(UTC) + timedelta(seconds=LIMIT + 10)
    assert row["rolconnlimit"] == 2
    assert not any(row[power] for power in ("rolsuper", "rolcreaterole", "rolcreatedb"))


def test_parameters_sent_for_a_database_user_change_nothing(system, held):
    path = "database/creds/ledger-reader?ttl=24h&default_ttl=24h&max_ttl=24h"
    assert system.ask_vault("GET", path, token=held.token).json()["lease_duration"] == LIMIT


@pytest.mark.parametrize("tool", ["sam-gov", "debarment"])
def test_a_signed_token_lives_two_minutes_at_most(system, held, tool):
    answer = system.ask_vault("GET", f"identity/oidc/token/{tool}?ttl=24h", token=held.token)
    assert 0 < answer.json()["data"]["ttl"] <= 120


def test_the_run_token_lives_fifteen_minutes_and_cannot_be_renewed(insider, system, held):
    seen = looked_up(system, held.session.identity.token_accessor)
    assert seen["explicit_max_ttl"] == LIMIT
    assert seen["ttl"] <= LIMIT
    assert seen["policies"] == ["triage-run"]
    assert seen["num_uses"] == 0  # one with limited uses could not create children
    assert not insider.may(held.token, "POST", "auth/token/renew-self", {"increment": "24h"})
    renewed = system.ask_vault("POST", "auth/token/renew", {"token": held.token, "increment": "24h"})
    assert not renewed.is_success or renewed.json()["auth"]["lease_duration"] <= LIMIT


@pytest.fixture
def no_more_users(system):
    """As if as many users of runs existed as there may be: `no_more_users(False)` ends it."""
    path = "database/roles/ledger-reader"
    usual = system.ask_vault("GET", path).json()["data"]

    def switch(on):
        full = {"creation_statements": database_users.creation("ledger_reader", most=0)}
        assert system.ask_vault("POST", path, {**usual, **(full if on else {})}).is_success

    yield switch
    switch(on=False)


def test_a_run_waits_while_there_are_as_many_database_users_as_there_may_be(system, until, no_more_users):
    no_more_users(on=True)
    (run_id,) = system.request(system.actions[0])

    def waits():
        (run,) = system.rows("SELECT * FROM run WHERE run_id = %s", run_id)
        return run["attempt"] >= 2 and run["waiting_reason"]

    assert "there are 0 users of ledger_reader already" in until(waits, what="a second attempt")
    no_more_users(on=False)
    system.wait([run_id])
    attempts = system.rows("SELECT * FROM attempt WHERE run_id = %s ORDER BY number", run_id)
    assert {row["state"] for row in attempts[:-1]} == {"postponed"}
    assert attempts[-1]["state"] == "finished"
    assert not system.rows("SELECT 1 FROM alarm WHERE run_id = %s", run_id)
