"""An operator stops a run at work: its credentials die within seconds, and no finding is stored."""

from datetime import UTC, datetime

import pytest

from app import usecases
from app.credentials.requests import UnknownRunError

#: Seconds from the request until the run has ended. The sweeper looks every second.
SOON = 5


def stopped(fragile, run_id):
    return usecases.stop_run(fragile.system.sessions, run_id, requested_by="operator-a")


def at_work(fragile, until):
    """A run whose documents do not answer, with all five credentials in hand."""
    (run_id,) = fragile.system.request(fragile.hanging[0])
    until(lambda: fragile.is_at_work(run_id), what="the run at work")
    return run_id


def test_the_credentials_of_a_stopped_run_are_dead_at_the_vault(fragile, until):
    run_id = at_work(fragile, until)
    (attempt,) = fragile.attempts(run_id)
    assert fragile.is_alive(attempt["token_accessor"])
    assert stopped(fragile, run_id)
    asked = datetime.now(UTC)
    until(
        lambda: not fragile.is_alive(attempt["token_accessor"]), seconds=SOON, what="the end of the run token"
    )
    until(lambda: not fragile.alive([run_id]), seconds=SOON, what="the end of everything leased")
    assert (datetime.now(UTC) - asked).total_seconds() < SOON

    until(lambda: fragile.attempts(run_id)[0]["revoked_at"], seconds=SOON, what="the record of it")
    run, (attempt,) = fragile.run(run_id), fragile.attempts(run_id)
    assert (run["state"], run["failure"]) == ("failed", "stopped by operator-a")
    assert run["finished_at"] >= run["stop_requested_at"]
    assert (attempt["state"], attempt["failure"]) == ("failed", "stopped by operator-a")
    assert attempt["revoked_by"] == "sweeper"
    ends = {row["kind"]: row["ended_by"] for row in fragile.credentials(run_id)}
    assert ends == {"api-key": "sweeper", "database-user": "sweeper", "signed-token": None}


def test_a_worker_that_was_stopped_writes_nothing_when_it_comes_back(fragile, until):
    run_id = at_work(fragile, until)
    worker = fragile.worker_of(fragile.attempts(run_id)[0])
    assert stopped(fragile, run_id)
    until(lambda: fragile.ended([run_id]), seconds=SOON, what="the end of the run")
    log = fragile.stack.layout.logs / f"{worker}.log"
    refusal = f"{run_id} attempt 1 may no longer write"
    until(lambda: refusal in log.read_text(), seconds=20, what="the worker's return")
    assert not fragile.findings(run_id)
    assert not fragile.system.rows("SELECT 1 FROM evidence WHERE run_id = %s", run_id)
    assert fragile.run(run_id)["failure"] == "stopped by operator-a"
    assert len(fragile.attempts(run_id)) == 1


def test_a_stopped_run_leaves_earlier_flags_as_they_are(fragile, until):
    action_id = fragile.hanging[0]
    fragile.system.run(action_id)
    current = "SELECT flag_id FROM flag WHERE action_id = %s AND current ORDER BY 1"
    before = fragile.system.rows(current, action_id)
    assert before
    run_id = at_work(fragile, until)
    assert stopped(fragile, run_id)
    until(lambda: fragile.ended([run_id]), seconds=SOON, what="the end of the run")
    assert fragile.system.rows(current, action_id) == before


def test_a_run_that_waits_is_stopped_without_ever_being_dispatched(fragile, until):
    system = fragile.system
    (run_id,) = system.rows(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, stop_requested_at, stop_requested_by)"
        " VALUES (gen_random_uuid(), %s, 'requested', 0, 'test', now(), now(), 'operator-a') RETURNING run_id",
        fragile.plain[0],
    )[0].values()
    until(lambda: fragile.ended([run_id]), seconds=SOON, what="the end of the run")
    assert fragile.run(run_id)["failure"] == "stopped by operator-a"
    assert not fragile.attempts(run_id)


def test_a_run_is_stopped_while_the_vault_is_away_and_its_credentials_when_it_is_back(
    fragile, seal, unsealed, until
):
    run_id = at_work(fragile, until)
    (attempt,) = fragile.attempts(run_id)
    seal()
    assert stopped(fragile, run_id)
    until(lambda: fragile.ended([run_id]), seconds=SOON, what="the end of the run")
    assert fragile.run(run_id)["failure"] == "stopped by operator-a"
    unsealed()
    until(
        lambda: not fragile.is_alive(attempt["token_accessor"]), seconds=20, what="the end of the run token"
    )
    until(lambda: not fragile.alive([run_id]), seconds=20, what="the end of everything leased")


def test_only_the_first_to_ask_stops_a_run(fragile, until):
    run_id = at_work(fragile, until)
    assert stopped(fragile, run_id)
    assert not usecases.stop_run(fragile.system.sessions, run_id, requested_by="operator-b")
    until(lambda: fragile.ended([run_id]), seconds=SOON, what="the end of the run")
    assert fragile.run(run_id)["failure"] == "stopped by operator-a"
    assert not stopped(fragile, run_id)


def test_a_run_that_does_not_exist_is_not_stopped(fragile):
    with pytest.raises(UnknownRunError):
        usecases.stop_run(
            fragile.system.sessions, "00000000-0000-4000-8000-000000000000", requested_by="operator-a"
        )
