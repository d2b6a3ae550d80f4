"""Rows 2 and 3: a whole worker that records something else than it holds, and what of it outlives a stop."""

import json
from contextlib import suppress

import psycopg
import pytest

HELD = {"run token", "contracts", "documents", "ledger"}
CLAIM_OF_ANOTHERS = "record names another's credential"


@pytest.mark.parametrize("accessor", ["AAAAAAAAAAAAAAAAAAAAAAAA", "", None])
def test_a_stop_ends_the_token_that_the_worker_did_not_record(thief, at_work, stop, ends, accessor):
    message, identity = at_work(accessor=accessor)
    assert stop(message.run_id)["revoked_by"] == "sweeper"
    assert not thief.works(identity)
    ends(identity)


def test_a_stop_ends_what_a_worker_took_and_never_recorded(thief, at_work, stop):
    message, identity = at_work(accessor=None, records=False)
    for tool in ("contracts", "documents", "ledger"):
        thief.issue(identity, tool)  # beyond the plan as well
    stop(message.run_id)
    assert not thief.works(identity)


def test_a_stop_ends_a_worker_that_recorded_no_login_at_all(thief, stop):
    message = thief.take()
    assert thief.claim(message)
    identity = thief.become(message)
    with suppress(AssertionError):  # it may be noticed before it has taken all
        thief.take_all(identity)
    stop(message.run_id)
    assert not thief.works(identity)


def test_a_worker_that_says_it_has_failed_and_goes_on_is_ended(thief, at_work, ends, redone):
    message, identity = at_work(accessor=None)
    thief.call(
        "SELECT fail_attempt(%s, %s, %s, 'failed', 'x')", message.run_id, message.number, message.proof
    )
    ends(identity)
    redone(message.run_id)


def test_a_worker_that_stores_a_result_and_goes_on_is_ended(thief, at_work, ends):
    message, identity = at_work(accessor=None)
    held = (message.run_id, message.number, message.proof)
    thief.call("SELECT store_triage(%s, %s, %s, '[]', '[]', '[]')", *held)
    ends(identity)
    assert [row["state"] for row in thief.attempts(message.run_id)] == ["finished"]


def test_a_second_login_of_an_attempt_is_not_recorded(thief, at_work):
    message, identity = at_work()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.record_login(message, identity, accessor="AAAAAAAAAAAAAAAAAAAAAAAA")


def test_a_stopped_run_that_names_a_victims_token_does_not_end_it(thief, at_work, stop, alarmed):
    _, victim = at_work()
    message, identity = at_work(accessor=victim.accessor)
    stop(message.run_id)
    assert not thief.works(identity)
    assert thief.works(victim) == HELD
    alarmed(message.run_id)
    assert CLAIM_OF_ANOTHERS in thief.alarms(message.run_id)


@pytest.mark.parametrize("owner", ["dispatcher", "sweeper", "web"])
def test_a_stopped_run_that_names_the_token_of_a_process_does_not_end_it(
    thief, at_work, stop, alarmed, owner
):
    login = thief.system.stack.secrets.read(owner, "vault-identity.json")
    token = thief.ask("POST", "auth/approle/login", json.loads(login)).json()["auth"]
    message, identity = at_work(accessor=token["accessor"])
    stop(message.run_id)
    assert not thief.works(identity)
    answer = thief.system.ask_vault("POST", "auth/token/lookup-accessor", {"accessor": token["accessor"]})
    assert answer.status_code == 200
    alarmed(message.run_id)


@pytest.mark.parametrize("field", ["accessor", "lease_id"])
def test_a_stopped_run_that_names_a_victims_credential_does_not_end_it(thief, at_work, stop, alarmed, field):
    _, victim = at_work()
    message, identity = at_work(records=False)
    tool = "contracts" if field == "accessor" else "ledger"
    lie = identity.of(tool)
    held = getattr(lie, field)
    setattr(lie, field, getattr(victim.of(tool), field))
    thief.record_credentials(message, [lie])
    setattr(lie, field, held)
    stop(message.run_id)
    assert not thief.works(identity)
    assert thief.works(victim) == HELD
    alarmed(message.run_id)


def test_a_stopped_run_that_names_a_victims_ledger_user_does_not_end_it(thief, at_work, stop):
    _, victim = at_work()
    message, identity = at_work(records=False)
    lie = identity.of("ledger")
    held, lie.user = lie.user, victim.of("ledger").user
    thief.record_credentials(message, [lie])
    lie.user = held
    stop(message.run_id)
    assert not thief.works(identity)
    assert thief.works(victim) == HELD
