"""Row 1: the database login of a worker that has no message, and what it can do to runs of others."""

import hashlib
from uuid import uuid4

import psycopg
import pytest

KEPT = (
    "run",
    "attempt",
    "step",
    "credential",
    "denial",
    "call",
    "evidence",
    "flag",
    "attempt_end",
)
#: Each about a run that another worker has carried out.
STATEMENTS = {
    "another accessor": "UPDATE attempt SET token_accessor = 'mine' WHERE run_id = %(run)s",
    "another login": "UPDATE attempt SET login_request_id = 'mine' WHERE run_id = %(run)s",
    "never revoked": "UPDATE attempt SET revoked_at = NULL WHERE run_id = %(run)s",
    "revoked by others": "UPDATE attempt SET revoked_by = 'sweeper' WHERE run_id = %(run)s",
    "another state": "UPDATE run SET state = 'requested' WHERE run_id = %(run)s",
    "another action": "UPDATE run SET job_id = 'ACT-1' WHERE run_id = %(run)s",
    "a finding more": "INSERT INTO flag (flag_id, run_id, attempt) VALUES (gen_random_uuid(), %(run)s, 1)",
    "a finding less": "DELETE FROM flag WHERE run_id = %(run)s",
    "a finding of the past": "UPDATE flag SET current = false WHERE run_id = %(run)s",
    "a credential more": "INSERT INTO credential (credential_id, run_id) VALUES (gen_random_uuid(), %(run)s)",
    "an end of a credential": "UPDATE credential SET revoked_at = now() WHERE run_id = %(run)s",
    "an alarm about others": "INSERT INTO alarm (alarm_id, run_id) VALUES (gen_random_uuid(), %(run)s)",
    "what was said": "UPDATE call SET status = 200 WHERE run_id = %(run)s",
    "reading": "SELECT * FROM attempt WHERE run_id = %(run)s",
    "reading what proves": "SELECT digest FROM attempt_proof WHERE run_id = %(run)s",
    "emptying": "TRUNCATE flag CASCADE",
    "stopping all others": "LOCK TABLE attempt IN ACCESS EXCLUSIVE MODE",
    "a table in front": "CREATE TEMPORARY TABLE attempt (run_id uuid)",
    "a function in front": "CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'",
    "without triggers": "SET session_replication_role = replica",
    "another's rights": "SET ROLE triage_owner",
    "ending its peers": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user",
    "the inner function": "SELECT finish_attempt(%(run)s, 1, ''::bytea)",
    "the sweeper's function": "SELECT confirm_end(%(run)s, 1, 'me', '{}')",
    "the dispatcher's function": "SELECT dispatch_attempt(%(run)s, 2, 'a', 'b', '\\x00', 60, 4)",
}
#: What a worker calls, each with run, number and proof, and arguments that change nothing by themselves.
CALLS = {
    "claim": "SELECT claim_attempt(%s, %s, %s, sha256('x'), 'host:1', 60)",
    "login": "SELECT record_login(%s, %s, %s, '{\"token_accessor\": \"mine\"}', '[]')",
    "credentials": "SELECT record_credentials(%s, %s, %s, '[]', '[]')",
    "calls": "SELECT record_calls(%s, %s, %s, '[]', '{}', '{}', '[]')",
    "failure": "SELECT fail_attempt(%s, %s, %s, 'failed', 'because I say so')",
    "alarm": "SELECT raise_alarm('introduction refused', 'x', %s, %s, %s)",
    "action": "SELECT load_action(%s, %s, %s)",
    "result": "SELECT store_triage(%s, %s, %s, '[]', '[]', '[]')",
}


def kept(thief, run_id):
    return {
        table: thief.system.rows(f"SELECT * FROM {table} WHERE run_id = %s", run_id)  # noqa: S608  # names of this file
        for table in KEPT
    }


@pytest.fixture(scope="module")
def finished(robbed, until):
    """A run with findings whose end is confirmed."""
    run_ids = robbed.run(*robbed.actions[:8])
    open_ends = "SELECT 1 FROM attempt WHERE run_id = ANY(%s) AND revoked_at IS NULL"
    until(lambda: not robbed.rows(open_ends, run_ids), what="the confirmed ends")
    (row, *_) = robbed.rows("SELECT run_id FROM flag WHERE run_id = ANY(%s)", run_ids)
    return row["run_id"]


@pytest.mark.parametrize("what", STATEMENTS)
def test_a_login_without_a_message_changes_and_reads_nothing(thief, finished, what):
    before = kept(thief, finished)
    with (
        thief.database() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        connection.transaction(),
    ):
        connection.execute(STATEMENTS[what], {"run": finished})
    assert kept(thief, finished) == before


def guesses(thief, message):
    """What could be taken for a proof: nothing, what is public about the run, and what the database keeps."""
    (row,) = thief.system.rows("SELECT digest FROM attempt_proof WHERE run_id = %s", message.run_id)
    return {
        "none": None,
        "empty": b"",
        "zeros": bytes(32),
        "the run's id": hashlib.sha256(str(message.run_id).encode()).digest(),
        "the digest that is kept": bytes(row["digest"]),
        "the wrapping token itself": message.wrapping_token.encode(),
    }


@pytest.mark.parametrize("call", CALLS)
def test_a_guessed_proof_opens_no_attempt(thief, at_work, call):
    message, _ = at_work()
    before = kept(thief, message.run_id)
    for what, guess in guesses(thief, message).items():
        held = (message.run_id, message.number, guess)
        if call == "claim" and guess is None:
            assert thief.call(CALLS[call], *held) is None
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                pytest.fail(f"{what}: {thief.call(CALLS[call], *held)}")
    assert kept(thief, message.run_id) == before


@pytest.mark.parametrize("call", sorted(CALLS.keys() - {"claim", "alarm"}))
def test_the_message_of_an_attempt_that_ended_opens_it_no_more(thief, at_work, stop, call):
    message, _ = at_work()
    stop(message.run_id)
    before = kept(thief, message.run_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="may no longer write"):
        thief.call(CALLS[call], message.run_id, message.number, message.proof)
    assert thief.claim(message) is None
    assert kept(thief, message.run_id) == before


def test_the_proof_of_one_run_opens_no_other(thief, at_work):
    (mine, _), (victim, _) = at_work(), at_work()
    before = kept(thief, victim.run_id)
    for call in CALLS.values():
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            thief.call(call, victim.run_id, victim.number, mine.proof)
    assert kept(thief, victim.run_id) == before


def a_minute_passes(thief):
    """For the limit of alarms, which no login can change."""
    with thief.system.stack.services.database.connect("triage") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE alarm SET raised_at = raised_at - interval '1 min'")


def test_a_flood_of_alarms_is_few_rows_and_blames_nobody(thief, finished):
    before, call = len(thief.alarms()), "SELECT raise_alarm('unknown message', 'x', NULL, NULL, NULL)"
    with thief.database() as connection:
        told = [connection.execute(call).fetchone() for _ in range(300)]
    assert told[-1] == (False,)
    assert len(thief.alarms()) - before <= 90  # thirty in each minute
    for kind, run_id in (("end not confirmed", None), ("unknown message", finished), ("x" * 100, None)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            thief.call("SELECT raise_alarm(%s, 'x', %s::uuid, 1, %s::bytea)", kind, run_id, b"")
    a_minute_passes(thief)


def test_an_attempt_that_never_was_is_not_claimed(thief):
    assert thief.call("SELECT claim_attempt(%s, 1, %s, sha256('x'), 'host:1', 60)", uuid4(), b"x") is None


def test_a_worker_cannot_give_itself_more_time_or_another_place_in_a_run(thief):
    message = thief.take()
    lease = "SELECT extract(epoch FROM lease_until - now()) AS seconds, state FROM attempt WHERE run_id = %s"
    thief.call(
        "SELECT claim_attempt(%s, %s, %s, %s, 'host:1', 1e9)",
        message.run_id,
        message.number,
        message.proof,
        hashlib.sha256(message.proof).digest(),
    )
    (row,) = thief.system.rows(lease, message.run_id)
    assert row["seconds"] <= 900
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.call("SELECT load_action(%s, %s, %s)", message.run_id, message.number + 1, message.proof)


@pytest.mark.parametrize(
    "change", ["PASSWORD 'mine'", "SET default_transaction_read_only = on", "SET search_path = mine"]
)
def test_what_a_login_changes_of_itself_is_set_back(thief, until, change):
    """PostgreSQL cannot refuse these; workers go on meanwhile with the connections they have, or wait."""
    changed = [alarm for alarm in thief.alarms() if alarm == "login changed"]
    with thief.database() as connection:
        connection.execute(f"ALTER ROLE CURRENT_USER {change}")

    def is_set_back():
        try:
            with thief.database() as connection:
                shown = connection.execute("SELECT current_setting('default_transaction_read_only')")
                path = connection.execute("SHOW search_path").fetchone()
                return (*shown.fetchone(), *path) == ("off", '"$user", public')
        except psycopg.OperationalError:
            return False

    until(is_set_back, seconds=10, what="the login as it was")
    until(lambda: thief.alarms().count("login changed") > len(changed), seconds=10, what="the alarm")
    (run_id,) = thief.system.run(thief.system.actions[0])
    assert {row["state"] for row in thief.attempts(run_id)} == {"finished"}
