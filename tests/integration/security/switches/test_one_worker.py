"""One worker is switched off: it is given no run, those that it holds end, and others carry on."""

import os
import re
import signal
from uuid import uuid4

import psycopg
import pytest

from app import usecases
from app.credentials.proof import HeldAttempt, digest_of, proof_of
from app.credentials.switch_orders import NothingToSwitchError, SwitchKind, Turn, UnknownTargetError
from tests.integration.security.conftest import SIGNED, TOOLS

DONE = re.compile(
    r"it is given no run; (what it held is dead|signed tokens cannot be withdrawn, and the last is valid until"
    r" \d\d:\d\d:\d\d UTC)"
)
OFF = """
INSERT INTO switch_order (kind, target, turn, reason, ordered_by, ordered_by_name)
VALUES ('worker', 'elsewhere:1', 'off', 'A drill.', 'o', 'O') RETURNING order_id
"""
HOLDING = "UPDATE attempt SET worker = %s WHERE run_id = %s"
CLAIM = "SELECT claim_attempt(%s, %s, %s, %s, %s, 60)"


def order(system, target, turn="off"):
    return usecases.order_switch(
        system.sessions, SwitchKind.WORKER, target, Turn(turn), by="o", by_name="O", reason="A drill."
    )


def rests(system, name):
    row = "SELECT rests_since FROM clock WHERE process = 'worker' AND host || ':' || reporter = %s"
    (found,) = system.rows(row, name)
    return found["rests_since"]


def of_runs(system, run_ids):
    attempts = "SELECT worker, state FROM attempt WHERE run_id = ANY(%s) AND claimed_at IS NOT NULL"
    return {(row["worker"], row["state"]) for row in system.rows(attempts, run_ids)}


@pytest.mark.parametrize("number", [0, 1], ids=["threads", "processes"])
def test_it_takes_no_message_and_the_other_carries_out_the_runs(system, workers, switch, until, number):
    mine, other = workers[number], workers[1 - number]
    done = switch("worker", mine, "off")
    assert DONE.fullmatch(done["outcome"])
    until(lambda: rests(system, mine), what="the worker's word that it takes no messages")
    runs = system.run(*(system.copy("ACT-2026-0001") for _ in range(6)))
    assert of_runs(system, runs) == {(other, "finished")}

    # Both are off now: a run waits, and the one that is let on carries it out.
    switch("worker", other, "off")
    until(lambda: rests(system, other), what="the other's word")
    (waiting,) = system.request(system.copy("ACT-2026-0002"))
    until(
        lambda: system.rows("SELECT 1 FROM attempt WHERE run_id = %s AND state = 'dispatched'", waiting),
        what="its message",
    )
    assert switch("worker", mine, "on")["outcome"] == "it is given runs again"
    system.wait([waiting])
    assert of_runs(system, [waiting]) == {(mine, "finished")}
    until(lambda: not rests(system, mine), what="its word that it takes messages")
    log = (system.stack.layout.logs / f"worker-{number + 1}.log").read_text()
    assert "the worker takes no messages" in log
    assert "the worker takes messages again" in log


def test_a_run_in_the_middle_ends_with_all_it_holds(system, workers, switch, until):
    """The worker is stopped while it waits for a tool: whether it takes part makes no difference."""
    switch("worker", workers[1], "off")
    until(lambda: rests(system, workers[1]), what="the other's word")
    tool, process = system.stack.processes["documents"], system.stack.processes["worker-1"]
    os.killpg(tool, signal.SIGSTOP)
    try:
        (run_id,) = system.request(system.copy("ACT-2026-0003"))
        recorded = "SELECT accessor FROM credential WHERE run_id = %s"
        until(lambda: system.rows(recorded, run_id), what="its credentials")
        os.killpg(process, signal.SIGSTOP)
        assert of_runs(system, [run_id]) == {(workers[0], "running")}
        done = switch("worker", workers[0], "off")
        assert DONE.fullmatch(done["outcome"])
        accessors = [row["accessor"] for row in system.rows(recorded, run_id) if row["accessor"]]
        assert len(accessors) == 2
        for accessor in accessors:
            known = system.ask_vault("POST", "auth/token/lookup-accessor", {"accessor": accessor})
            assert not known.is_success
    finally:
        os.killpg(process, signal.SIGCONT)
        os.killpg(tool, signal.SIGCONT)
    (run,) = system.rows("SELECT * FROM run WHERE run_id = %s", run_id)
    assert (run["state"], run["failure"]) == ("failed", "stopped by operator-a")
    until(lambda: rests(system, workers[0]), what="its word that it takes no messages")


def test_what_it_holds_is_accepted_nowhere(system, insider, held, switch):
    system.execute(HOLDING, "elsewhere:4711", held.run_id)
    assert all(insider.accepts(tool, held.secret(tool), user=held.database_user) for tool in TOOLS)
    done = switch("worker", "elsewhere:4711", "off")
    assert re.search(r"the last is valid until \d\d:\d\d:\d\d UTC$", done["outcome"])
    assert not insider.is_token(held.token)
    for tool in TOOLS:
        accepted = insider.accepts(tool, held.secret(tool), user=held.database_user)
        assert accepted == (tool in SIGNED), tool
    details = [row["detail"] for row in system.rows("SELECT * FROM alarm WHERE kind = 'access switched'")]
    assert any(each.startswith("worker elsewhere:4711 was switched off") for each in details)


def test_without_the_confirmation_of_the_ends_it_is_not_done_and_alarms(system, held, switch, until):
    system.execute(HOLDING, "elsewhere:4712", held.run_id)
    sweeper = system.stack.processes["sweeper"]
    os.killpg(sweeper, signal.SIGSTOP)
    try:
        ordered = switch("worker", "elsewhere:4712", "off", wait=False)
        alarm = "SELECT 1 FROM alarm WHERE kind = 'switch not confirmed' AND detail LIKE 'worker elsewhere:4712%%'"
        until(lambda: system.rows(alarm), what="the alarm")
        (row,) = system.rows("SELECT * FROM switch_order WHERE order_id = %s", ordered["order_id"])
        assert row["done_at"] is None
        assert row["outcome"] == "it is given no run; the ends of those that it held are being confirmed"
    finally:
        os.killpg(sweeper, signal.SIGCONT)
    done = "SELECT done_at FROM switch_order WHERE order_id = %s AND done_at IS NOT NULL"
    until(lambda: system.rows(done, ordered["order_id"]), what="the confirmation")


@pytest.mark.parametrize("turn", ["off", "on"])
@pytest.mark.parametrize("name", ["nobody:1", "nobody", "a b:1", "nobody:1/../x", "x" * 200 + ":1", ""])
def test_a_made_up_name_is_not_known(system, name, turn):
    with pytest.raises(UnknownTargetError):
        order(system, name, turn)


def test_one_that_has_ended_says_when_it_was_last_seen(system):
    system.execute(
        "INSERT INTO clock (process, host, reporter, ahead, measured_at, is_off)"
        " VALUES ('worker', 'elsewhere', '7', 0, now() - interval '3 min', false)"
    )
    with pytest.raises(
        NothingToSwitchError, match=r"The worker has ended\. Its last sign of life was at \d{4}-"
    ):
        order(system, "elsewhere:7")
    assert order(system, "elsewhere:7", "on") is None, "it was never off"


def test_the_same_order_twice_is_no_order(system, workers, switch):
    switch("worker", workers[0], "off")
    assert order(system, workers[0]) is None
    switch("worker", workers[0], "on")
    assert order(system, workers[0], "on") is None


@pytest.fixture
def undone(system):
    """A connection of the owner, whose changes are undone."""
    with (
        system.stack.services.database.connect("triage") as connection,
        connection.transaction(force_rollback=True),
    ):
        yield connection


def dispatched(connection, action_id):
    run_id, proof = uuid4(), proof_of("s.test")
    connection.execute(
        "INSERT INTO run (run_id, job_id, goal, requested_by) VALUES (%s, %s, 'g', 'test')",
        [run_id, action_id],
    )
    return again(connection, HeldAttempt(run_id, 1, proof))


def again(connection, held):
    connection.execute(
        "SELECT dispatch_attempt(%s, %s, 's', 'w', %s, 60, 4)",
        [held.run_id, held.number, digest_of(held.proof)],
    )
    return held


def claim(connection, held, worker):
    arguments = [held.run_id, held.number, held.proof, digest_of(held.proof), worker]
    return connection.execute(CLAIM, arguments).fetchone()[0]


def test_the_database_refuses_it_and_each_refusal_of_a_run_waits_longer(system, undone):
    undone.execute(OFF)
    held, pauses = dispatched(undone, system.actions[0]), []
    for number in range(1, 9):
        held = HeldAttempt(held.run_id, number, held.proof)
        if number > 1:
            again(undone, held)
        assert claim(undone, held, "elsewhere:1") is None
        state, used, pause = undone.execute(
            "SELECT a.state, r.attempt, extract(epoch FROM r.not_before - now()) FROM run AS r"
            " JOIN attempt AS a ON a.run_id = r.run_id AND a.number = r.attempt"
            " WHERE r.run_id = %s AND r.state = 'requested' AND a.claimed_at IS NULL",
            [held.run_id],
        ).fetchone()
        assert (state, used) == ("postponed", number)
        pauses.append(int(pause))
    assert pauses == [1, 2, 4, 8, 16, 32, 32, 32]


def test_a_refusal_takes_the_proof_of_the_message_too(system, undone):
    undone.execute(OFF)
    held = dispatched(undone, system.actions[0])
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="the proof is not that"),
        undone.transaction(),
    ):
        claim(undone, HeldAttempt(held.run_id, 1, proof_of("s.forged")), "elsewhere:1")
    state = "SELECT state FROM attempt WHERE run_id = %s"
    assert undone.execute(state, [held.run_id]).fetchone() == ("dispatched",)


def test_a_thief_who_states_another_name_is_given_runs(system, undone):
    """What the page and docs/security.md say: a worker states its own name."""
    undone.execute(OFF)
    assert claim(undone, dispatched(undone, system.actions[0]), "elsewhere:2") == system.actions[0]


def test_what_it_took_after_it_was_let_on_is_not_ended(system, undone):
    """The order to switch it off may be confirmed only after the order that lets it on."""
    (first,) = undone.execute(OFF).fetchone()
    before, after = (dispatched(undone, system.actions[0]) for _ in range(2))
    undone.execute(OFF.replace("'off'", "'on'").replace("reason,", "ordered_at, reason,").replace(
        "'A drill.'", "now() + interval '1 s', 'Over.'"))  # fmt: skip
    for held, seconds in ((before, -1), (after, 2)):
        assert claim(undone, held, "elsewhere:1") == system.actions[0]
        undone.execute("ALTER TABLE attempt DISABLE TRIGGER only_forward")
        undone.execute(
            "UPDATE attempt SET claimed_at = now() + %s * interval '1 s' WHERE run_id = %s",
            [seconds, held.run_id],
        )
    assert undone.execute("SELECT stop_switched(%s)", [first]).fetchone() == (False,)
    stopped = "SELECT stop_requested_by FROM run WHERE run_id = %s"
    assert undone.execute(stopped, [before.run_id]).fetchone() == ("o",)
    assert undone.execute(stopped, [after.run_id]).fetchone() == (None,)


@pytest.mark.parametrize(
    ("kind", "target"),
    [("worker", "nobody"), ("worker", "a b:1"), ("worker", "<b>:1"), ("tool", ""), ("tool", "x" * 201), ("tool", "é")],
)  # fmt: skip
def test_the_database_takes_no_odd_target(undone, kind, target):
    with pytest.raises(psycopg.errors.CheckViolation), undone.transaction():
        undone.execute(
            "INSERT INTO switch_order (kind, target, turn, reason, ordered_by, ordered_by_name)"
            " VALUES (%s, %s, 'off', 'A drill.', 'o', 'O')",
            [kind, target],
        )
