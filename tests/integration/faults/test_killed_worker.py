"""`kill -9` of agent workers: the run goes on under another attempt, and what the lost one held is dead."""

import signal
from collections import Counter
from uuid import UUID

import psutil

ROUNDS = 3


def test_runs_of_killed_workers_are_finished_by_other_attempts(fragile, until):
    run_ids = fragile.system.request(*fragile.hanging[:4])
    until(lambda: all(map(fragile.is_at_work, run_ids)), what="all runs at work")
    first = {run_id: fragile.attempts(run_id)[0] for run_id in run_ids}
    # Both kinds of worker take two runs each: one has threads, the other a process for each run.
    assert Counter(map(fragile.worker_of, first.values())) == {"worker-1": 2, "worker-2": 2}
    assert all(fragile.is_alive(attempt["token_accessor"]) for attempt in first.values())

    for worker in ("worker-1", "worker-2"):
        fragile.signal_all_of(worker)
    for worker in ("worker-1", "worker-2"):
        fragile.stack.restart(worker)
    until(lambda: fragile.ended(run_ids), seconds=60, what="the end of all runs")

    for run_id in run_ids:
        lost, *between, finished = fragile.attempts(run_id)
        assert (lost["state"], lost["failure"]) == ("lost", "the worker did not report in time")
        assert (lost["revoked_by"], finished["state"]) == ("sweeper", "finished")
        until(lambda run_id=run_id: fragile.attempts(run_id)[-1]["revoked_at"], what="the confirmed end")
        assert not fragile.is_alive(lost["token_accessor"])
        assert all(each["state"] == "lost" and each["worker"] is None for each in between)
        assert {row["attempt"] for row in fragile.findings(run_id)} == {finished["number"]}
        for attempt in (lost, finished):
            assert len(fragile.credentials(run_id, attempt["number"])) == 5
        issued = fragile.credentials(run_id)
        assert len({row["fingerprint"] for row in issued}) == len(issued) == 10
        ends = {(row["attempt"], row["ended_by"]) for row in issued if row["kind"] != "signed-token"}
        assert ends == {(lost["number"], "sweeper"), (finished["number"], "run end")}
    until(lambda: not fragile.alive(run_ids), what="the end of everything leased")


def test_many_kills_under_load_lose_nothing_and_repeat_nothing(fragile, until):
    run_ids = []

    def caught() -> tuple[str, list[UUID]] | None:
        """The busiest worker, stopped amid the runs it has."""
        busy = fragile.at_work(run_ids)
        for worker in sorted(busy, key=lambda name: -len(busy[name])):
            fragile.signal_all_of(worker, signal.SIGSTOP)
            if held := fragile.at_work(run_ids).get(worker):
                return worker, held
            fragile.signal_all_of(worker, signal.SIGCONT)
        return None

    for _ in range(ROUNDS):
        run_ids += fragile.system.request(fragile.hanging[0], *fragile.plain[:6])
        worker, held = until(caught, what="work to be interrupted")
        fragile.signal_all_of(worker)
        for run_id in held:
            fragile.let_time_pass(run_id)
        fragile.stack.restart(worker)
    until(lambda: fragile.ended(run_ids), seconds=90, what="the end of all runs")

    assert Counter(fragile.run(run_id)["state"] for run_id in run_ids) == {"completed": len(run_ids)}
    states = Counter(row["state"] for run_id in run_ids for row in fragile.attempts(run_id))
    assert states["finished"] == len(run_ids)
    assert states["lost"] >= ROUNDS
    twice = fragile.system.rows("SELECT run_id, rule, subject FROM flag GROUP BY 1, 2, 3 HAVING count(*) > 1")
    assert not twice
    until(lambda: not fragile.alive(run_ids), what="the end of everything leased")


def test_a_pool_that_loses_a_process_at_its_start_is_filled_up(fragile, until):
    table = fragile.stack.process_table
    name = next(name for name, child in table.children.items() if "prefork" in child.command.argv)
    child = table.revive(name)
    worker = psutil.Process(child.pid)
    until(worker.children, what="a process of the pool")[0].kill()
    until(lambda: "ready." in child.log_since_start(), what="a worker that is ready")

    run_ids = fragile.system.request(*fragile.plain[:6])
    until(lambda: fragile.ended(run_ids), seconds=60, what="the end of all runs")
    by = Counter(fragile.worker_of(attempt) for run_id in run_ids for attempt in fragile.attempts(run_id))
    assert by[name]
    assert table.ended() == []
    assert len(worker.children()) == 2


def test_a_worker_that_comes_back_late_writes_no_result(fragile, until):
    (run_id,) = fragile.system.request(fragile.hanging[0])
    until(lambda: fragile.is_at_work(run_id), what="the run at work")
    (attempt,) = fragile.attempts(run_id)
    late = fragile.worker_of(attempt)
    fragile.signal_all_of(late, signal.SIGSTOP)
    fragile.let_time_pass(run_id)
    until(lambda: fragile.ended([run_id]), seconds=60, what="the end of the run")
    assert not fragile.is_alive(attempt["token_accessor"])
    until(lambda: fragile.attempts(run_id)[-1]["revoked_at"], what="the confirmed end")
    before = (fragile.findings(run_id), fragile.attempts(run_id))
    assert (before[1][0]["state"], before[1][-1]["state"]) == ("lost", "finished")

    fragile.signal_all_of(late, signal.SIGCONT)
    log = fragile.stack.layout.logs / f"{late}.log"
    until(lambda: f"{run_id} attempt 1 may no longer write" in log.read_text(), what="the refusal")
    assert (fragile.findings(run_id), fragile.attempts(run_id)) == before
    assert {row["attempt"] for row in before[0]} == {before[1][-1]["number"]}
    assert not fragile.alive([run_id])
