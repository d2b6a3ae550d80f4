"""`triage reconcile` on a running system: three equal numbers, and no more said than is proven."""

import json
import subprocess
import sys

import pytest

from app.reconciliation import leftover_kinds as kinds
from app.reconciliation.side_records import SHARED


@pytest.fixture(scope="module")
def watched(start_system, tmp_path_factory):
    """A system of its own: what other tests leave behind is left over."""
    with start_system(tmp_path_factory.mktemp("reconciled")) as running:
        yield running


@pytest.fixture
def reconcile(watched):
    """Runs the command: `status, text = reconcile("--json")`."""

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "app.cli.main", "reconcile", *arguments],
            env=watched.stack.environment("cli"),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_all_sides_agree_and_nothing_passes_unproven(watched, reconcile, until):
    watched.run("ACT-2026-0004", "ACT-2026-0012")

    def counted():
        status, text = reconcile("--json")
        found = json.loads(text)
        return (status, found) if (found["issued"], found["used"]) == (10, 10) else None

    status, found = until(counted, what="both runs")
    assert (found["recorded"], found["leftovers"], found["unexplained"]) == (10, [], 0)
    assert (status, found["verdict"]) == (3, "not established")
    assert "the log of vault-log is not read" in found["missing"]
    if SHARED in found["missing"]:
        accepted = json.loads(reconcile("--json", "--shared-user")[1])["missing"]
        assert accepted == [premise for premise in found["missing"] if premise != SHARED]
    status, text = reconcile()
    assert "Verdict: not established" in text
    assert "recorded               10" in text


def test_what_is_left_over_fails_and_is_named(watched, reconcile, until):
    (run_id,) = watched.run("ACT-2026-0004")
    with watched.stack.services.database.connect("triage") as database, database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")
        database.execute(
            "UPDATE credential SET accessor = 'x' WHERE run_id = %s AND kind = 'api-key'", [run_id]
        )
    until(lambda: reconcile()[0] == 1, what="a failed comparison")
    assert f"{kinds.CONTRADICTED}: the record of a credential of contracts" in reconcile()[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "yesterday"), "--since: 'yesterday' is no time in ISO 8601"),
        (("--since", "2026-01-02", "--until", "2026-01-01"), "must be before 2026-01-01T00:00:00+00:00"),
    ],
)
def test_a_time_that_cannot_be_is_refused(reconcile, arguments, said):
    status, text = reconcile(*arguments)
    assert status == 2
    assert said in text
