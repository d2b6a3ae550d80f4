"""PostgreSQL killed and restarted: every process recovers by itself, and no lineage is incomplete."""

from functools import partial

from infra.local.leftovers import living
from infra.local.process import start_ticks

PROCESSES = {"dispatcher", "worker", "sweeper", "reconciler"}


def kill_and_start_again(fragile, until):
    """What the supervisor of a stack does; the server's own processes end before that by themselves."""
    child = fragile.stack.process_table.children["postgres"]
    family = living([child.record])
    fragile.stack.process_table.kill("postgres")
    until(lambda: not any(start_ticks(each.pid) for each in family), what="the end of the server's processes")
    fragile.stack.restart("postgres")


def test_an_idle_system_outlives_its_database(fragile, until):
    """The dispatcher waits for news of the database when that goes away."""
    kill_and_start_again(fragile, until)
    (run_id,) = fragile.system.request(fragile.plain[0])
    until(lambda: fragile.ended([run_id]), seconds=60, what="the end of the run")
    assert fragile.run(run_id)["state"] == "completed"
    assert fragile.stack.process_table.ended() == []


def test_a_database_killed_amid_runs_loses_nothing(fragile, until):
    system = fragile.system
    before = {
        name: fragile.stack.processes[name] for name in ("dispatcher", "sweeper", "worker-1", "worker-2")
    }
    run_ids = system.request(*fragile.hanging[:2], *fragile.plain)
    until(lambda: fragile.at_work(run_ids), what="work to be interrupted")
    kill_and_start_again(fragile, until)
    until(lambda: fragile.ended(run_ids), seconds=90, what="the end of all runs")

    assert {fragile.run(run_id)["state"] for run_id in run_ids} == {"completed"}
    # No process had to be restarted.
    assert fragile.stack.process_table.ended() == []
    assert before == {name: fragile.stack.processes[name] for name in before}
    for run_id in run_ids:
        assert sum(row["state"] == "finished" for row in fragile.attempts(run_id)) == 1
    orphans = system.rows(
        "SELECT 1 FROM evidence WHERE NOT EXISTS"
        " (SELECT 1 FROM attempt WHERE attempt.run_id = evidence.run_id AND state = 'finished')"
    )
    assert orphans == []
    undocumented = system.rows(
        "SELECT 1 FROM credential c JOIN attempt a ON a.run_id = c.run_id AND a.number = c.attempt"
        " WHERE a.state = 'finished' AND a.run_id = ANY(%s) GROUP BY a.run_id HAVING count(*) <> 5",
        run_ids,
    )
    assert undocumented == []
    beats = "SELECT process FROM heartbeat WHERE seen_at > now() - interval '10 s' AND problem IS NULL"
    alive = partial(system.rows, beats)
    until(lambda: {row["process"] for row in alive()} >= PROCESSES, seconds=60, what="life of all processes")
    open_ends = "SELECT 1 FROM attempt WHERE revoked_at IS NULL AND run_id = ANY(%s)"
    until(lambda: not system.rows(open_ends, run_ids), what="the confirmation of all ends")
    assert not fragile.alive(run_ids)
