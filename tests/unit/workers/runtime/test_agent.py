"""An attempt ends in time and says why, whatever vault, database and tools do."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from uuid import uuid4

import pytest

from app.credentials.attempts import RecordsUnavailableError
from app.credentials.grants import SignedToken
from app.credentials.tool_record import ToolRecord
from workers.runtime import agent as module
from workers.runtime.agent import Agent
from workers.runtime.secret import Secret
from workers.runtime.tool import HttpTool
from workers.runtime.tool_runner import ToolResult

TOOLS = ("one", "two")
AWAY = RecordsUnavailableError("the database does not answer (timed out)")


class Records:
    """Keeps what is recorded. `away` says how often each kind of record fails first; `taken`, that none is to be had."""

    def __init__(self, *, taken=False, **away: int) -> None:
        self._away = away
        self._taken = taken
        self.kept = []

    def __getattr__(self, record) -> partial:
        return partial(self._keep, record)

    def _keep(self, record, held=None, *what, reason=None, **_):
        if self._away.get(record, 0):
            self._away[record] -= 1
            raise AWAY
        outcomes = {tool: outcome for tool, outcome, _ in what[0]} if record == "called" else None
        self.kept.append((record, outcomes or reason))
        return None if self._taken else (held, "job")

    @property
    def names(self):
        return [name for name, _ in self.kept]


@pytest.fixture
def attempt(issued, monkeypatch):
    """Carries out one attempt with these records, and returns them. `issue` and `ask` are the session's and runner's."""
    monkeypatch.setattr(module, "_GRACE", 0.05)
    monkeypatch.setattr(module.random, "uniform", lambda *_: 0.01)

    def carried_out(records, *, issue=None, ask=None, again=None, longest_run=10.0, longest_tool=5.0):
        tools = {
            name: SimpleNamespace(name=name, grant=SimpleNamespace(path=f"creds/{name}")) for name in TOOLS
        }
        steps = [SimpleNamespace(tool=name, needed=True) for name in TOOLS]
        session = SimpleNamespace(identity=None, issue=issue or (lambda *_: issued), ended=False)

        @contextmanager
        def introduce(*_, **__):
            try:
                yield session
            finally:
                records.kept.append(("revoked", None))

        with ThreadPoolExecutor(2) as threads:
            Agent(
                job_type=SimpleNamespace(
                    load=None, plan=lambda _: steps, conclude=lambda *_: None, store=None
                ),
                vault=None,
                records=records,
                tools=tools,
                runner=SimpleNamespace(
                    ask=ask or (lambda _job, tool, _granted, _run: ToolResult(tool)),
                    ask_again=again or (lambda *_, **__: None),
                ),
                threads=threads,
                worker="test",
                introduce=introduce,
                longest_run=longest_run,
                longest_tool=longest_tool,
            ).attempt(uuid4(), 1, Secret("canary"))
        return records

    return carried_out


def test_a_run_in_time_is_finished(attempt):
    records = attempt(Records())
    assert records.names == ["claim", "identified", "issued", "called", "revoked", "finished"]


@pytest.mark.parametrize("record", ["identified", "issued", "called", "finished"])
def test_a_run_that_the_database_holds_up_is_postponed(attempt, record):
    records = attempt(Records(**{record: 1}))
    assert records.kept[-1] == ("postponed", str(AWAY))
    assert "revoked" in records.names
    assert "failed" not in records.names


def test_a_database_that_is_away_for_a_moment_costs_nothing(attempt):
    records = attempt(Records(claim=3))
    assert records.names[-1] == "finished"
    records = attempt(Records(issued=1, postponed=3))
    assert records.names[-1] == "postponed"


def test_an_attempt_that_was_taken_though_its_answer_was_lost_is_postponed(attempt):
    assert attempt(Records(taken=True, claim=1)).kept[1:] == [("postponed", "the database's answer was lost")]
    assert attempt(Records(taken=True)).names == ["claim"]


def test_a_database_that_stays_away_holds_no_worker_longer_than_a_run(attempt):
    began = time.monotonic()
    assert attempt(Records(claim=10**9), longest_run=0.2).kept == []
    assert attempt(Records(called=1, postponed=10**9), longest_run=0.2).names[-1] == "revoked"
    assert time.monotonic() - began < 10


def test_a_run_that_the_vault_leaves_no_time_for_its_tools_is_postponed(attempt, issued):
    asked = []

    def slow(*_):
        threading.Event().wait(0.06)
        return issued

    records = attempt(Records(), issue=slow, ask=asked.append, longest_run=0.1, longest_tool=0.05)
    name, reason = records.kept[-1]
    assert name == "postponed"
    assert reason.startswith("out of time: vault and database took ")
    assert asked == []


@pytest.mark.parametrize("late", TOOLS)
def test_a_tool_that_misses_every_deadline_is_not_checked_and_the_other_stands(attempt, late):
    release = threading.Event()

    def ask(_job, tool, _granted, _run):
        if tool.name == late:
            release.wait(1)
        return ToolResult(tool)

    records = attempt(Records(), ask=ask, longest_run=0.2, longest_tool=0.1)
    release.set()
    assert records.names[-1] == "finished"
    outcomes = dict(records.kept)["called"]
    assert outcomes.pop(late) == "no answer within the run's time"
    assert list(outcomes.values()) == ["answered"]


def with_follow_up():
    record = ToolRecord(name="two", credential=SignedToken(role="two", scope="s"), after=("one",))
    return HttpTool(record=record, look_up=lambda *_: iter(()), follow_up=lambda *_: iter(()))


def test_a_second_round_has_the_first_answers_and_the_credential_issued_before(attempt, issued):
    tool, asked = with_follow_up(), []

    def ask(_job, each, _granted, _run):
        return ToolResult(tool if each.name == "two" else each)

    def again(job, answers, first, granted, *, run):
        asked.append((job, [answer.tool.name for answer in answers], first.tool, granted, run.over))
        return replace(first, gap="asked twice")

    records = attempt(Records(), ask=ask, again=again)
    assert asked == [("job", ["one", "two"], tool, issued, False)]
    assert dict(records.kept)["called"] == {"one": "answered", "two": "asked twice"}
    assert records.names.count("issued") == 1


def test_a_second_round_that_misses_every_deadline_is_said_and_the_run_ends(attempt):
    release, tool = threading.Event(), with_follow_up()

    def again(_job, _answers, first, _granted, *, run):
        release.wait(1)
        return first

    def ask(_job, each, _granted, _run):
        return ToolResult(tool if each.name == "two" else each)

    records = attempt(Records(), ask=ask, again=again, longest_run=0.2, longest_tool=0.1)
    release.set()
    assert dict(records.kept)["called"] == {"one": "answered", "two": "no answer within the run's time"}
    assert records.names[-1] == "finished"


def test_a_credential_that_misses_every_deadline_postpones_the_run(attempt, issued):
    release = threading.Event()

    def issue(tool, _grant):
        if tool == "two":
            release.wait(1)
        return issued

    records = attempt(Records(), issue=issue, longest_run=0.2)
    release.set()
    assert records.kept[-1] == ("postponed", "the vault cannot answer: no answer within the run's time")
