"""The three sides of a time or a run for programs, and granted against used."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

pytestmark = pytest.mark.whole_system


@pytest.fixture(scope="module")
def run_id(system):
    (run_id,) = system.run("ACT-2026-0004")
    return run_id


@pytest.fixture
def compared(program_of, run_id, until):
    """The comparison of a run, once the logs have been read that far."""

    def found():
        answer = program_of("auditor-a").get(f"/reconciliation?run={run_id}")
        read = not any("has not been read" in premise for premise in answer["missing"])
        return answer if read and answer["used"] == 5 else None

    return until(found, what="the logs of the time of the run")


def test_a_run_has_three_equal_numbers_and_used_all_that_it_was_granted(system, compared):
    assert (compared["issued"], compared["used"], compared["recorded"]) == (5, 5, 5)
    assert (compared["leftovers"], compared["unexplained"], compared["explained"]) == ([], 0, 0)
    (row,) = system.rows("SELECT bool_and(written_apart) AS apart FROM log_source")
    assert compared["verdict"] == ("pass" if row["apart"] else "not established")
    assert len(compared["policies"]) == 5
    assert {(each["logins"], each["never_requested"], each["issued"], each["never_used"]) for each in compared["policies"]} == {
        (1, 0, 1, 0)
    }  # fmt: skip


def test_what_was_granted_and_never_used_is_counted(system, program_of, run_id, compared):
    """A credential without a use, and a login without a credential, each by its system."""
    with system.stack.services.database.connect("triage") as database, database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")
        database.execute(
            "UPDATE credential SET fingerprint = 'f-' || fingerprint WHERE run_id = %s AND tool = 'contracts'",
            [run_id],
        )
        database.execute(
            "UPDATE credential SET vault_path = 'elsewhere/' || vault_path WHERE run_id = %s AND tool = 'documents'",
            [run_id],
        )
    try:
        found = program_of("officer-a").get(f"/reconciliation?run={run_id}")
    finally:
        with system.stack.services.database.connect("triage") as database, database.transaction():
            database.execute("SET LOCAL session_replication_role = replica")
            database.execute(
                "UPDATE credential SET fingerprint = replace(fingerprint, 'f-', ''),"
                " vault_path = replace(vault_path, 'elsewhere/', '') WHERE run_id = %s",
                [run_id],
            )
    counted = {each["system"]: (each["never_requested"], each["never_used"]) for each in found["policies"]}
    assert counted == {
        "contracts": (0, 1),
        "debarment": (0, 0),
        "documents": (1, 0),
        "ledger": (0, 0),
        "sam-gov": (0, 0),
    }
    assert found["verdict"] == "fail"
    assert found["unexplained"] == len(found["leftovers"]) > 0
    assert {each["run_id"] for each in found["leftovers"]} == {str(run_id)}


def test_a_time_counts_what_happened_in_it(program_of, compared):
    program = program_of("operator-a")
    since, until = datetime.fromisoformat(compared["since"]), datetime.fromisoformat(compared["until"])
    found = program.get(f"/reconciliation?since={written(since)}&until={written(until)}")
    assert found["issued"] >= 5
    assert sum(each["issued"] for each in found["policies"]) >= 5
    before = written(since - timedelta(days=400))
    empty = program.get(f"/reconciliation?since={before}&until={written(since - timedelta(days=399))}")
    assert (empty["issued"], empty["used"], empty["recorded"], empty["policies"]) == (0, 0, 0, [])
    assert empty["verdict"] == "not established"
    whole = program.get("/reconciliation")
    assert whole["recorded"] >= 5


def written(time):
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since", "must be before 2026-01-01"),
        (
            "since=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z",
            "since",
            "more than 31 days before 2026-03",
        ),
        ("since=2099-01-01T00:00:00Z", "since", "must be before"),
        ("since=2026-01-01T00:00:00", "since", "timezone"),
        ("since=yesterday", "since", "'yesterday'"),
        ("run=7", "run", "'7'"),
        (f"run={UUID(int=1)}&since=2026-01-01T00:00:00Z", "run", "cannot be given with since or until"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(program_of, problem, query, field, said):
    told = problem(program_of("auditor-a").open("GET", f"/reconciliation?{query}"), 400)
    assert [each["field"] for each in told["errors"]] == [field]
    assert said in told["detail"]


def test_a_run_that_is_unknown_or_has_not_ended_is_not_compared(system, program_of, problem):
    program = program_of("auditor-a")
    problem(program.open("GET", f"/reconciliation?run={uuid4()}"), 404)
    (row,) = system.rows(
        "INSERT INTO run (run_id, job_id, state, attempt, max_attempts, requested_by, requested_at)"
        " SELECT gen_random_uuid(), job_id, 'failed', 0, 4, 'officer-a', now() FROM run LIMIT 1 RETURNING run_id"
    )
    told = problem(program.open("GET", f"/reconciliation?run={row['run_id']}"), 409)
    system.execute("DELETE FROM run WHERE run_id = %s", row["run_id"])
    assert (
        told["detail"] == "An attempt of the run has not ended, or none has begun. Nothing has been compared."
    )
