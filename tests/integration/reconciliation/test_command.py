"""`triage reconcile` on a running system: three equal numbers, and no more said than is proven."""

import json
from uuid import uuid4

import pytest

from app.connections.database import connect
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation import leftover_kinds as kinds
from app.reconciliation.log_coverage import SHARED
from app.reconciliation.report import reconcile_run
from app.reconciliation.verdict import Verdict


@pytest.fixture(scope="module")
def watched(start_system, tmp_path_factory):
    """A system of its own: what other tests leave behind is left over."""
    with start_system(tmp_path_factory.mktemp("reconciled")) as running:
        yield running


@pytest.fixture
def triage_json(watched, triage):
    """Runs a command of the system: `status, found = triage_json("reconcile")`."""

    def run(*arguments):
        status, output, _ = triage(*arguments, "--json", environment=watched.stack.environment("cli"))
        return status, json.loads(output)

    return run


@pytest.fixture
def accepted(watched):
    """The option that a system needs whose processes share one user, as they do where root does not run the tests."""
    (row,) = watched.rows("SELECT bool_and(written_apart) AS apart FROM log_source")
    return () if row["apart"] else ("--shared-user",)


def test_all_sides_agree_and_nothing_passes_unproven(watched, triage, triage_json, accepted, until):
    watched.run("ACT-2026-0004", "ACT-2026-0012")

    def counted():
        status, found = triage_json("reconcile", *accepted)
        return (status, found) if (found["issued"], found["used"]) == (10, 10) else None

    status, found = until(counted, what="both runs")
    assert (found["recorded"], found["leftovers"], found["unexplained"]) == (10, [], 0)
    assert (found["missing"], status, found["verdict"]) == ([], 0, "pass")
    if accepted:
        status, found = triage_json("reconcile")
        assert (status, found["verdict"], found["missing"]) == (3, "not established", [SHARED])
    status, output, _ = triage("reconcile", *accepted, environment=watched.stack.environment("cli"))
    assert "Verdict: pass" in output
    assert "recorded               10" in output


def test_what_is_left_over_fails_and_is_named(watched, triage_json, until):
    def failed():
        status, found = triage_json("reconcile")
        return (status, found) if status == 1 else None

    clean, run_id = watched.run("ACT-2026-0012", "ACT-2026-0004")
    with watched.stack.services.database.connect("triage") as database, database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")
        database.execute(
            "UPDATE credential SET accessor = 'x' WHERE run_id = %s AND kind = 'api-key'", [run_id]
        )
    status, found = until(failed, what="a failed comparison")
    assert (status, found["verdict"]) == (1, "fail")
    contradicted = {
        each["detail"].partition(" (")[0] for each in found["leftovers"] if each["kind"] == kinds.CONTRADICTED
    }
    assert "the record of a credential of contracts" in contradicted
    status, found = triage_json("reconcile", "--run", str(run_id))
    assert (status, found["verdict"], found["issued"]) == (1, "fail", 5)
    assert triage_json("reconcile", "--run", str(clean))[1]["leftovers"] == []
    engine = connect(watched.settings("cli"), pool_size=1)
    try:
        failing, other = (reconcile_run(engine, ISSUING_PATHS, each) for each in (run_id, clean))
        assert reconcile_run(engine, ISSUING_PATHS, uuid4()) is None
    finally:
        engine.dispose()
    assert failing.verdict is Verdict.FAIL
    assert {each.run_id for each in failing.leftovers} == {run_id}
    assert (other.issued, other.used, other.recorded, other.leftovers) == (5, 5, 5, [])


def test_a_run_that_has_not_begun_is_not_established_and_an_unknown_one_is_refused(
    watched, triage, triage_json
):
    with watched.stack.services.database.connect("triage") as database:
        (run_id,) = database.execute(
            "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, finished_at)"
            " VALUES (gen_random_uuid(), 'ACT-2026-0004', 'failed', 0, 'test', now(), now()) RETURNING run_id"
        ).fetchone()
    premise = "an attempt of the run has not ended, or none has begun"
    assert triage_json("reconcile", "--run", str(run_id)) == (
        3,
        {"verdict": "not established", "missing": [premise]},
    )
    environment = watched.stack.environment("cli")
    _, output, _ = triage("reconcile", "--run", str(run_id), environment=environment)
    assert f"Verdict: not established: {premise}" in output
    status, _, errors = triage("reconcile", "--run", str(other := uuid4()), environment=environment)
    assert (status, errors) == (2, [f"--run: '{other}' is no run"])


@pytest.mark.parametrize("command", [("reconcile",), ("audit", "verify")])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "yesterday"), "--since: 'yesterday' is no time in ISO 8601"),
        (("--since", "2026-01-02", "--until", "2026-01-01"), "must be before 2026-01-01T00:00:00+00:00"),
    ],
)
def test_a_time_that_cannot_be_is_refused(watched, triage, command, arguments, said):
    status, _, errors = triage(*command, *arguments, environment=watched.stack.environment("cli"))
    assert status == 2
    assert said in " ".join(errors)


def test_a_log_that_is_as_it_was_read_is_proven_for_what_was_read(watched, triage_json, accepted, until):
    def proven():
        status, found = triage_json("audit", "verify", *accepted)
        return (status, found) if found["lines"] else None

    status, found = until(proven, what="the first lines")
    assert (status, found["verdict"], found["changed"], found["missing"]) == (0, "pass", [], [])
    proven_again = "SELECT 1 FROM log_source WHERE source = 'vault-log' AND proven_at IS NOT NULL"
    assert watched.rows(proven_again), "at its start the reconciler reads all of the log again"
    counted = watched.vault.layout.audit_log.read_bytes().count(b"\n")
    assert 0 < found["lines"] <= counted
    status, found = triage_json(
        "audit", "verify", *accepted, "--since", "2026-01-01", "--until", found["until"]
    )
    assert status == 3
    assert found["missing"] == ["the vault's log was not read from the beginning of this time"]


def test_an_edited_line_is_an_alarm_within_seconds_and_the_proof_names_it(watched, triage_json, until):
    log = watched.vault.layout.audit_log
    lines = log.read_bytes().splitlines(keepends=True)
    number = next(number for number, line in enumerate(lines) if b'"operation":"update"' in line)
    until(lambda: triage_json("audit", "verify")[1]["lines"] >= len(lines), what="the anchors of all lines")
    place = sum(map(len, lines[:number])) + lines[number].index(b"update")
    with log.open("r+b") as writer:
        writer.seek(place)
        writer.write(b"delete")
    words = f"line {number + 1} (byte {sum(map(len, lines[:number]))}) reads differently"
    query = "SELECT 1 FROM alarm WHERE kind = 'vault log edited' AND strpos(detail, %s) > 0"
    until(lambda: watched.rows(query, words), seconds=10, what="the alarm")
    status, found = triage_json("audit", "verify")
    assert (status, found["verdict"]) == (1, "fail")
    assert [changed for changed in found["changed"] if words in changed]
    with log.open("r+b") as writer:
        writer.seek(place)
        writer.write(b"update")
    assert triage_json("audit", "verify")[0] == 1  # that it was changed for a time stays known
