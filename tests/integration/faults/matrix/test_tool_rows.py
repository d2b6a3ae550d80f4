"""Whatever the tools answer: their checks are not performed, with the reason, and the run ends in time."""

from collections import Counter

import pytest

TABLE = "Tools over HTTP"
TOOLS = ("sam-gov", "debarment", "contracts", "documents")


@pytest.fixture
def found(disturbed, until, heal):
    """Runs an action to its end; why checks were not performed, by system, and the run."""

    def run():
        (run_id,) = disturbed.request(1)
        until(lambda: disturbed.states([run_id])["completed"], seconds=20, what="the end of the run")
        rows = disturbed.rows("SELECT subject, because FROM flag WHERE run_id = %s AND rule = 'S01'", run_id)
        return {row["subject"]: row["because"] for row in rows}, run_id

    return run


def test_checks_are_not_performed(disturbed, found, cell, until):
    """Where "nothing found" is an answer, somebody else who gives it in a tool's place is an alarm."""
    processes = disturbed.processes
    for tool in TOOLS:
        disturbed.proxied.http(tool).inflict(cell.inflicted)
    reasons, run_id = found()
    (expected,) = cell.words[0]
    issued = disturbed.rows("SELECT tool FROM credential WHERE run_id = %s", run_id)
    empty = {"contracts"} if cell.fault == "204" else set()
    assert set(reasons) == {row["tool"] for row in issued} - {"ledger"} - empty
    assert [because for because in reasons.values() if expected not in because] == []
    assert expected in disturbed.page(f"/runs/{run_id}")
    (attempt,) = disturbed.rows("SELECT state, failure FROM attempt WHERE run_id = %s", run_id)
    assert attempt == {"state": "finished", "failure": None}
    disturbed.proxied.heal()
    reasons, _ = found()
    assert reasons == {}
    if empty:
        until(disturbed.alarms, seconds=20, what="the alarm")
        what = "answers of contracts: 1 recorded by the run, 0 in the log of the tool"
        assert disturbed.alarms() == Counter([f"recorded call never seen: {what}"])
        disturbed.close_alarms()
    assert disturbed.alarms() == Counter()
    assert disturbed.processes == processes
    assert disturbed.proxied.stack.process_table.ended() == []
