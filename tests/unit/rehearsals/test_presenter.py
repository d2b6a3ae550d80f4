"""A presenter's orders: what is taken and what is refused, and what is kept of each."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from app.web.presenter import Presenter
from infra.local.state import Layout
from rehearsals.catalog import ATTACKS
from rehearsals.presenter.__main__ import make_app
from rehearsals.presenter.conductor import SLOW_BY, SLOW_FOR, BusyError, Conductor
from rehearsals.presenter.orders import MOST_RUNS, Compare, Day, Order, Rehearse

ROOT = Path(__file__).parents[3]
BY = {"by": "Security operator A"}


class Played(Day):
    """A day that a short program stands for."""

    program: str

    def command(self, result):
        return [sys.executable, "-c", self.program, str(result)]


def played(program, runs=3):
    return Played(act="day", runs=runs, program=program, **BY)


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path)
    layout.create()
    return layout


@pytest.fixture
def conductor(layout):
    return Conductor(layout, layout.start_again.touch)


@pytest.fixture
def post(conductor):
    client = make_app(conductor).test_client()
    return lambda **order: client.post("/orders", json=order)


def state_after(conductor, until, order):
    """The state when an order is over."""
    conductor.take(order)
    until(lambda: conductor.state()["under_way"] is None, what="the end of the order")
    return conductor.state()


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"act": "erase"}, "erase"),
        ({}, "act"),
        ({"act": "day", **BY}, "day.runs"),
        ({"act": "day", "runs": 0, **BY}, "day.runs"),
        ({"act": "day", "runs": MOST_RUNS + 1, **BY}, "day.runs"),
        ({"act": "day", "runs": "40", **BY}, "day.runs"),
        ({"act": "day", "runs": 1}, "day.by"),
        ({"act": "day", "runs": 1, "by": ""}, "day.by"),
        ({"act": "day", "runs": 1, "command": "sh", **BY}, "day.command"),
        ({"act": "rehearse", "attacks": ["nothing-like-it"], **BY}, "'nothing-like-it' is no attack"),
        ({"act": "rehearse", "attacks": ["--list"], **BY}, "'--list' is no attack"),
        ({"act": "compare", "runs": -1, **BY}, "compare.runs"),
    ],
)
def test_what_is_no_order_is_refused_by_its_field(post, conductor, order, field):
    answer = post(**order)
    assert answer.status_code == 422
    assert field in answer.json["problem"]
    assert conductor.state()["under_way"] is None


def test_each_order_becomes_one_command_without_a_shell(tmp_path):
    orders = TypeAdapter(Order)
    result = tmp_path / "result.json"
    commands = {
        name: orders.validate_python({"act": act, **wanted, **BY}).command(result)[2:]
        for name, act, wanted in (
            ("one", "rehearse", {"attacks": ("payments",)}),
            ("all", "rehearse", {}),
            ("day", "day", {"runs": 40}),
            ("both", "compare", {"runs": 7}),
        )
    }
    assert commands == {
        "one": ["rehearsals", "--json", "payments"],
        "all": ["rehearsals", "--json", "--all"],
        "day": ["app.cli.main", "day", "--runs", "40", "--json", str(result)],
        "both": ["benchmarks.static_exposure", "--runs", "7", "--json"],
    }
    assert str(Rehearse(act="rehearse", **BY)) == f"all {len(ATTACKS)} rehearsed attacks"
    assert str(Compare(act="compare", runs=7, **BY)) == "7 runs with static keys and 7 without"


def test_the_document_of_a_day_is_kept_with_its_number_and_its_person(conductor, until):
    state = state_after(
        conductor, until, played("import sys; open(sys.argv[1], 'w').write('{\"runs\": 3}'); sys.exit(3)")
    )
    assert state["days"] == [{"number": 1, **BY, "report": {"runs": 3}}]
    assert state["problem"] is None


def test_the_newest_days_are_kept(conductor, layout, until):
    for number in range(1, 61):
        (layout.presenter / f"day-{number}.json").write_text(json.dumps({"number": number}))
    state = state_after(conductor, until, played("import sys; open(sys.argv[1], 'w').write('{}')"))
    assert [day["number"] for day in state["days"]] == list(range(61, 11, -1))


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("import sys; sys.exit('the broker does not answer')", "the broker does not answer"),
        ("import sys; print('no stack', file=sys.stderr); sys.exit(2)", "no stack"),
        ("import sys; sys.exit(2)", "it ended with status 2, without a word"),
        ("import os; os.kill(os.getpid(), 9)", "it ended with status -9, without a word"),
        ("print('{')", "JSONDecodeError"),
    ],
)
def test_an_order_of_which_nothing_comes_says_why_and_makes_room(conductor, until, program, problem):
    state = state_after(conductor, until, played(program))
    assert problem in state["problem"]["problem"]
    assert (state["problem"]["what"], state["days"]) == ("a day of 3 runs", [])
    state = state_after(conductor, until, played("import sys; open(sys.argv[1], 'w').write('{}')"))
    assert (state["problem"], len(state["days"])) == (None, 1)


def test_one_long_order_at_a_time(conductor, until, tmp_path, post):
    gate = tmp_path / "gate"
    waiting = f"import os, sys, time\nprint('20 of 40', file=sys.stderr, flush=True)\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    conductor.take(played(waiting, runs=40))
    until(lambda: conductor.state()["under_way"]["lines"] == ["20 of 40"], what="a line of progress")
    with pytest.raises(BusyError, match="a day of 40 runs is under way, ordered by Security operator A"):
        conductor.take(played("pass"))
    answer = post(act="reset", **BY)
    assert (answer.status_code, conductor.state()["under_way"]["what"]) == (409, "a day of 40 runs")
    gate.touch()
    until(lambda: conductor.state()["under_way"] is None, what="its end")


def test_tools_are_slow_for_a_while_also_during_another_order(post, layout):
    before = time.time()
    assert post(act="slow", **BY).status_code == 202
    slow = json.loads(layout.slow.read_text())
    assert before + SLOW_FOR <= slow["until"] <= time.time() + SLOW_FOR
    assert slow["milliseconds"] == SLOW_BY


def test_only_a_demo_starts_anew(post, layout):
    assert post(act="reset", **BY).status_code == 202
    assert layout.start_again.exists()
    alone = make_app(Conductor(layout, None)).test_client().post("/orders", json={"act": "reset", **BY})
    assert (alone.status_code, alone.json["problem"]) == (
        422,
        "only a demo can start anew, and this stack was started by itself",
    )


def test_it_shows_the_last_outcome_of_each_attack(conductor, layout):
    name = ATTACKS[0].name
    lines = [json.dumps({"name": name, "verdict": verdict}) for verdict in ("fail", "pass")]
    layout.rehearsals.write_text("\n".join([*lines, '{"name": "half']))
    attacks = {each["name"]: each["outcome"] for each in conductor.state()["attacks"]}
    assert attacks.pop(name) == {"name": name, "verdict": "pass"}
    assert set(attacks.values()) == {None}


def test_a_state_folder_may_lie_deeper_than_a_socket_may(tmp_path, until):
    layout = Layout(tmp_path / ("deep" * 12) / ("deeper" * 12))
    layout.create()
    assert len(str(layout.presenter_socket)) > 107
    with subprocess.Popen(
        [sys.executable, "-m", "rehearsals.presenter"],
        env={"PATH": os.environ["PATH"], "TRIAGE_HOME": str(layout.home)},
        cwd=ROOT,
    ) as process:
        try:
            until(layout.presenter_socket.is_socket, what="the socket")
            state = Presenter(layout.presenter_socket).state()
            mode = layout.presenter_socket.stat().st_mode & 0o777
        finally:
            process.terminate()
    assert len(state.attacks) == len(ATTACKS)
    assert (state.can_start_again, mode) == (False, 0o660)
