"""Row 4: the worker's broker password. A message is taken, and the rest is tried with it."""

import json
from contextlib import closing, suppress
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.integration.security.trials.thief import QUEUE, Message


def test_a_message_alone_is_no_login_and_its_run_is_done_all_the_same(thief, alarmed, redone):
    """The broker's password alone: what logs in as a run is its RoleID as well, which cannot be guessed."""
    before = len(thief.alarms())
    message = thief.take()
    secret_id = thief.unwrap(message.wrapping_token)
    for half in ("triage-run", "", secret_id, str(message.run_id), str(uuid4())):
        answer = thief.log_in(secret_id, half)
        assert (answer.status_code, answer.json().get("auth")) == (400, None)
    alarmed(more_than=before)
    redone(message.run_id)
    assert message.number == 1
    assert thief.log_in(secret_id).status_code == 400  # by then not even with the RoleID
    assert not [row for row in thief.attempts(message.run_id)[:1] if row["token_accessor"]]


def test_a_message_that_nobody_opens_costs_a_run_its_time_only(thief, redone):
    message = thief.take()
    redone(message.run_id)
    first, *_ = thief.attempts(message.run_id)
    assert (first["state"], first["claimed_at"]) == ("lost", None)
    answer = thief.ask("POST", "sys/wrapping/unwrap", token=message.wrapping_token)
    assert answer.status_code == 400


def test_one_that_never_claims_loses_what_it_takes(thief, ends, alarmed, redone):
    message = thief.take()
    identity = thief.become(message)
    with suppress(AssertionError, psycopg.Error, httpx.HTTPError):  # it may be over before all is taken
        thief.take_all(identity)
    ends(identity)
    alarmed(message.run_id)
    redone(message.run_id)


def test_one_that_takes_as_much_as_it_can_loses_all_of_it(thief, ends, alarmed, redone):
    message = thief.take()
    identity = thief.become(message)
    while thief.issue(identity, "documents") and thief.issue(identity, "ledger"):
        pass
    assert len(identity.credentials) < 200
    ends(identity)
    alarmed(message.run_id)
    redone(message.run_id)


def test_one_that_claims_late_is_too_late(thief, ends, alarmed, redone):
    message = thief.take()
    identity = thief.become(message)
    ends(identity)
    assert thief.claim(message) is None
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.record_login(message, identity, accessor=identity.accessor)
    alarmed(message.run_id)
    redone(message.run_id)


def test_a_message_opened_on_the_way_is_worth_nothing_to_the_thief(thief, alarmed, redone):
    """It is put back, opened, before the worker wakes up; with the RoleID the thief has all it needs."""
    with thief.worker_asleep():
        (run_id,) = thief.system.request(thief.system.actions[0])
        message = thief.grab(run_id)
        secret_id = thief.unwrap(message.wrapping_token)
        thief.put(message.entry)
    alarmed(run_id)
    redone(run_id)
    assert thief.log_in(secret_id).status_code == 400


def test_one_that_logs_in_and_puts_the_message_back_loses_what_it_has(thief, ends, alarmed, redone):
    """The worker finds the token spent, and says so. The token that the thief made of it ends with the attempt."""
    with thief.worker_asleep():
        (run_id,) = thief.system.request(thief.system.actions[0])
        message = thief.grab(run_id)
        identity = thief.become(message)
        with suppress(AssertionError, psycopg.Error, httpx.HTTPError):
            thief.take_all(identity)
        thief.put(message.entry)
    ends(identity)
    alarmed(run_id)
    redone(run_id)


def test_a_copy_of_a_message_is_no_second_run(thief):
    with thief.worker_asleep():
        (run_id,) = thief.system.request(thief.system.actions[0])
        message = thief.grab(run_id)
        thief.put(*[message.entry] * 5)
    thief.system.wait([run_id])
    (attempt,) = thief.attempts(run_id)
    assert attempt["state"] == "finished"
    assert len(thief.issued_for(run_id)) <= 5


@pytest.mark.parametrize("known", [True, False])
def test_a_forged_message_takes_nothing_from_a_run(thief, alarmed, known):
    """About a run that waits for its worker, or one that was never requested."""
    before = len(thief.alarms())
    with thief.worker_asleep():
        (run_id,) = thief.system.request(thief.system.actions[0])
        message = thief.grab(run_id)
        forged = message.changed(
            run_id=str(run_id if known else uuid4()), wrapping_token="s.0123456789abcdefghijklmn"
        )
        thief.put(forged, forged, message.entry)
    thief.system.wait([run_id])
    (attempt,) = thief.attempts(run_id)
    assert attempt["state"] == "finished"
    if known:
        alarmed(more_than=before)


def test_an_emptied_queue_delays_runs_and_loses_none(thief, redone):
    with thief.worker_asleep(), closing(thief.broker()) as broker:
        run_ids = thief.system.request(*thief.system.actions[:3])
        for run_id in run_ids:
            thief.grab(run_id)
        broker.delete(QUEUE, "triage:unacked", "triage:unacked_index")
    for run_id in run_ids:
        redone(run_id)


def test_a_message_in_the_hands_of_a_worker_is_spent(thief, until):
    """The broker keeps it until it is acknowledged, and the password of one worker reads those of all."""
    run_ids = thief.system.request(*thief.system.actions[:8])
    logged_in = "SELECT run_id FROM attempt WHERE login_request_id IS NOT NULL AND run_id = ANY(%s)"
    until(lambda: thief.system.rows(logged_in, run_ids), what="a run at work")
    with thief.worker_asleep(), closing(thief.broker()) as broker:
        at_work = {row["run_id"] for row in thief.system.rows(logged_in, run_ids)}
        kept = [broker.hget("triage:unacked", tag) for tag in broker.zrange("triage:unacked_index", 0, -1)]
        messages = [Message.of(json.dumps(json.loads(each)[0]).encode()) for each in kept if each]
        stolen = [message for message in messages if message.run_id in at_work]
        for message in stolen:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="the proof is not that"):
                thief.call(
                    "SELECT store_triage(%s, %s, %s, '[]', '[]', '[]')",
                    message.run_id,
                    message.number,
                    message.proof,
                )
    assert stolen
    thief.system.wait(run_ids)
    for message in messages:
        if message.run_id in at_work:
            answer = thief.ask("POST", "sys/wrapping/unwrap", token=message.wrapping_token)
            assert answer.status_code == 400
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            thief.record_credentials(message, [])


def test_all_that_an_idle_worker_has_is_no_login(thief):
    """Its RoleID, without the SecretID of a message."""
    for secret_id in ("", "mine", str(uuid4())):
        answer = thief.log_in(secret_id)
        assert (answer.status_code, answer.json().get("auth")) == (400, None)
    assert thief.ask("POST", "auth/approle/login", {"role_id": thief.role_id}).status_code == 400
