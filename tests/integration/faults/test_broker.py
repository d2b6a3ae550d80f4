"""Without the broker, runs are accepted, wait in PostgreSQL, and go on by themselves when it returns."""

import signal

import redis

#: What the vault minted for runs and what was recorded of it, and the dispatcher's last sign of life.
MADE = """
SELECT (SELECT count(*) FROM vault_event WHERE kind = 'minted' AND run_id = ANY (%s)) AS minted,
    (SELECT count(*) FROM attempt WHERE run_id = ANY (%s)) AS attempts
"""
IN_HAND = "SELECT 1 FROM attempt WHERE state = 'dispatched' AND run_id = ANY (%s)"
BEATS = "SELECT seen_at, problem FROM heartbeat WHERE process = 'dispatcher'"


def waits_for_the_broker(fragile, run_id):
    return "broker" in fragile.waits_because(run_id)


def test_a_killed_broker_makes_runs_wait_and_its_return_lets_them_go_on(fragile, until):
    fragile.stack.process_table.kill("valkey")
    run_ids = fragile.system.request(*fragile.plain[:3])
    until(lambda: all(waits_for_the_broker(fragile, each) for each in run_ids), what="the reason to wait")

    fragile.stack.restart("valkey")
    until(lambda: fragile.ended(run_ids), seconds=60, what="the end of all runs")
    for run_id in run_ids:
        run = fragile.run(run_id)
        assert (run["state"], run["waiting_reason"]) == ("completed", None)
        *unpublished, last = fragile.attempts(run_id)
        # An attempt no worker ever saw does not count towards the limit, and what it could have become is destroyed.
        assert {row["state"] for row in unpublished} <= {"postponed", "lost"}
        assert all(row["worker"] is None for row in unpublished)
        assert last["state"] == "finished"
    until(
        lambda: (
            not fragile.system.rows(
                "SELECT 1 FROM attempt WHERE revoked_at IS NULL AND run_id = ANY(%s)", run_ids
            )
        ),
        what="the end of identities nobody took up",
    )


def test_a_stopped_broker_does_not_stop_the_dispatcher(fragile, until):
    fragile.stack.process_table.kill("valkey", signal.SIGSTOP)
    (run_id,) = fragile.system.request(fragile.plain[0])
    until(lambda: waits_for_the_broker(fragile, run_id), seconds=90, what="the reason to wait")
    fragile.stack.process_table.kill("valkey", signal.SIGCONT)
    until(lambda: fragile.ended([run_id]), seconds=120, what="the end of the run")
    assert fragile.run(run_id)["state"] == "completed"
    assert sum(row["state"] == "finished" for row in fragile.attempts(run_id)) == 1


def test_while_the_broker_is_away_nothing_is_minted_and_no_attempt_is_made(fragile, until):
    rows = fragile.system.rows
    fragile.stack.process_table.kill("valkey")
    run_ids = fragile.system.request(*fragile.plain[:6])
    until(
        lambda: all(waits_for_the_broker(fragile, each) for each in run_ids),
        seconds=90,
        what="the reason to wait",
    )
    until(lambda: not rows(IN_HAND, run_ids), seconds=90, what="the return of what was minted before")

    (before,), (began,) = rows(MADE, run_ids, run_ids), rows(BEATS)
    assert before["attempts"] <= len(run_ids)
    until(
        lambda: (rows(BEATS)[0]["seen_at"] - began["seen_at"]).total_seconds() > 8,
        seconds=90,
        what="more rounds",
    )
    assert rows(MADE, run_ids, run_ids) == [before]
    assert "broker" in rows(BEATS)[0]["problem"]

    fragile.stack.restart("valkey")
    until(lambda: fragile.ended(run_ids), seconds=60, what="the end of all runs")
    assert {fragile.run(each)["state"] for each in run_ids} == {"completed"}


def test_a_flushed_broker_loses_messages_but_no_run(fragile, until):
    """Every key is deleted while messages wait: those of the queue, and those that hold it together."""
    workers = ("worker-1", "worker-2")
    for worker in workers:
        fragile.signal_all_of(worker, signal.SIGSTOP)
    run_ids = fragile.system.request(*fragile.plain[:8])
    until(lambda: all(fragile.run(each)["state"] == "dispatched" for each in run_ids), what="all dispatched")
    with administrator(fragile) as connection:
        assert connection.keys("triage:*")
        connection.flushall()
    for run_id in run_ids:
        fragile.let_time_pass(run_id)
    for worker in workers:
        fragile.signal_all_of(worker, signal.SIGCONT)
    until(lambda: fragile.ended(run_ids), seconds=60, what="the end of all runs")
    for run_id in run_ids:
        assert fragile.run(run_id)["state"] == "completed"
        assert sum(row["state"] == "finished" for row in fragile.attempts(run_id)) == 1


def administrator(fragile) -> redis.Redis:
    """The connection the stack itself checks the broker's health with."""
    port = int(fragile.stack.endpoints["valkey"].rpartition(":")[2])
    return fragile.stack.startup.broker.administrator(port)


def _problem(fragile):
    (pulse,) = fragile.system.rows("SELECT problem FROM heartbeat WHERE process = 'dispatcher'")
    return pulse["problem"]
