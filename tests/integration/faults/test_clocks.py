"""Processes whose clocks are three minutes off, each in its own direction, and a vault that states a wrong date."""

import re
import signal
from dataclasses import replace
from itertools import islice
from pathlib import Path

import httpx
import pytest
from psycopg.rows import dict_row

from app import usecases
from app.credentials.progress import ENDED
from benchmarks.proxied_stack import proxied_stack
from benchmarks.work import submitted

#: Seconds.
OFF = 180
LEASE = 60
CLOCKS = {"dispatcher": OFF, "sweeper": -OFF, "worker-1": OFF, "web": -OFF}
HOOK = Path(__file__).parent / "skewed"


class Skewed:
    """A system whose processes have wrong clocks, `ahead` by that many seconds, and a vault behind a proxy."""

    def __init__(self, proxied, sessions, actions) -> None:
        self.proxied = proxied
        self.table = proxied.stack.process_table
        self.ahead: dict[str, int] = {}
        self._before = 0
        self._sessions = sessions
        self._actions = iter(actions)

    def set_clocks(self, ahead):
        """Start the processes again with these clocks, and forget what was measured before."""
        self.ahead = ahead
        commands = [self.table.children[name].command for name in ahead]
        for name in ahead:
            self.table.stop(name)
        with self.proxied.stack.services.database.connect("triage") as connection:
            connection.execute("DELETE FROM clock")
        self._before = len(self.rows("SELECT 1 FROM alarm"))
        for command in commands:
            wrong = {"PYTHONPATH": str(HOOK), "CLOCK_AHEAD": str(ahead[command.name])}
            self.table.spawn(replace(command, environment={**command.environment, **wrong}))

    def rows(self, query, *parameters):
        with self.proxied.stack.services.database.connect("triage") as connection:
            return connection.cursor(row_factory=dict_row).execute(query, parameters).fetchall()

    def request(self, number):
        return usecases.request_runs(self._sessions, list(islice(self._actions, number)), requested_by="test")

    def ended(self, run_ids):
        rows = self.rows("SELECT state FROM run WHERE run_id = ANY(%s)", list(run_ids))
        return {row["state"] for row in rows} <= set(ENDED)

    def alarms(self):
        """Those since the clocks were set, in order."""
        return self.rows("SELECT kind, detail FROM alarm ORDER BY raised_at")[self._before :]

    def clocks(self):
        """By how many seconds the clock of each kind of process is ahead, and that of the vault by its reporter."""
        query = (
            "SELECT DISTINCT ON (1) CASE process WHEN 'vault' THEN 'vault by ' || reporter ELSE process END AS name,"
            " ahead FROM clock ORDER BY 1, measured_at DESC"
        )
        return {row["name"]: row["ahead"] for row in self.rows(query)}

    @property
    def by_kind(self):
        """The same of the processes, as they were set."""
        return {name.removesuffix("-1"): seconds for name, seconds in self.ahead.items()}


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with (
        proxied_stack(
            tmp_path_factory.mktemp("clocks"),
            environment={"ATTEMPT_LEASE": str(LEASE), "MAX_ATTEMPTS": "4"},
            workers=1,
            actions=40,
            pages=True,
        ) as proxied,
        submitted(proxied.stack) as (sessions, actions),
    ):
        yield Skewed(proxied, sessions, actions)


@pytest.fixture(scope="module", params=[1, -1], ids=["one way", "the other way"])
def skewed(request, started):
    started.set_clocks({name: request.param * seconds for name, seconds in CLOCKS.items()})
    return started


def test_no_result_is_lost_and_nothing_is_swept_early(skewed, until):
    run_ids = skewed.request(6)
    until(lambda: skewed.ended(run_ids), seconds=90, what="the end of all runs")
    attempts = skewed.rows("SELECT a.*, now() AS now FROM attempt AS a WHERE run_id = ANY(%s)", list(run_ids))
    assert [(row["number"], row["state"]) for row in attempts] == [(1, "finished")] * 6
    open_ends = "SELECT 1 FROM attempt WHERE revoked_at IS NULL AND run_id = ANY(%s)"
    until(lambda: not skewed.rows(open_ends, list(run_ids)), what="the confirmation of all ends")
    wrong = skewed.rows(
        "SELECT 1 FROM credential AS c JOIN attempt AS a ON a.run_id = c.run_id AND a.number = c.attempt"
        " WHERE c.issued_at NOT BETWEEN a.claimed_at AND a.ended_at"
        " OR c.expires_at NOT BETWEEN c.issued_at AND c.issued_at + interval '15 min'"
    )
    assert wrong == []
    assert {alarm["kind"] for alarm in skewed.alarms()} <= {"clock differs"}


def test_every_clock_is_measured_with_one_alarm_for_each_that_is_wrong(skewed, until):
    until(lambda: len(skewed.alarms()) >= len(skewed.by_kind), seconds=60, what="an alarm for each process")
    clocks = skewed.clocks()
    for kind, seconds in skewed.by_kind.items():
        assert abs(clocks[kind] - seconds) < 3, kind
    # The vault's clock is right, whatever that of the process that measured it.
    assert abs(clocks["vault by dispatcher"]) < 3
    assert abs(clocks["vault by sweeper"]) < 3
    for kind, seconds in skewed.by_kind.items():
        (alarm,) = [each for each in skewed.alarms() if f"({kind}, process" in each["detail"]]
        assert ("ahead of" if seconds > 0 else "behind") in alarm["detail"]
    assert len(skewed.alarms()) == len(skewed.by_kind)


def test_a_vault_that_states_another_date_raises_one_alarm_and_none_of_theft(skewed, until):
    vault = skewed.proxied.http("vault")
    before = len(skewed.alarms())
    vault.inflict("date", ahead=skewed.ahead["sweeper"])
    for name in ("sweeper", "dispatcher"):  # they measure at their start
        skewed.table.revive(name)
    of_vault = "SELECT reporter FROM clock WHERE process = 'vault' AND alarmed_at IS NOT NULL"
    until(lambda: len(skewed.rows(of_vault)) == 2, seconds=90, what="the alarm about the vault's clock")
    # A worker that is killed records nothing of what the vault's log shows.
    run_ids = skewed.request(6)
    at_work = "SELECT 1 FROM attempt WHERE state = 'running' AND run_id = ANY(%s)"
    until(lambda: skewed.rows(at_work, list(run_ids)), what="work to be interrupted")
    skewed.table.kill("worker-1", signal.SIGKILL)
    skewed.table.revive("worker-1")
    until(lambda: skewed.ended(run_ids), seconds=90, what="the end of all runs")
    states = skewed.rows("SELECT DISTINCT state FROM run WHERE run_id = ANY(%s)", list(run_ids))
    assert states == [{"state": "completed"}]
    new = skewed.alarms()[before:]
    assert {alarm["kind"] for alarm in new} == {"clock differs"}
    assert sum("clock of the vault" in alarm["detail"] for alarm in new) == 1
    vault.heal()
    for name in ("sweeper", "dispatcher"):
        skewed.table.revive(name)
    until(lambda: not skewed.rows(of_vault), seconds=90, what="the end of the vault's outage")


def test_the_state_page_shows_every_clock(skewed, until, browser):
    address = skewed.proxied.stack.endpoints["web"]
    until(lambda: _answers(address), what="the pages")
    with httpx.Client(base_url=address, timeout=20, trust_env=False) as pages:
        start = pages.get("/sign-in/start")
        back = browser.choose(start.headers["Location"], "operator-a")
        cookie = start.cookies["__Host-triage"]
        signed_in = pages.get(back, headers={"Cookie": f"__Host-triage={cookie}"})
        assert signed_in.status_code == httpx.codes.FOUND, signed_in.text
        session = {"Cookie": f"__Host-triage={signed_in.cookies['__Host-triage']}"}
        pages.cookies.clear()
        page = pages.get("/stack", headers=session).text
    for kind, seconds in skewed.by_kind.items():
        direction = "ahead" if seconds > 0 else "behind"
        assert re.search(rf"The clock of host \S+ is 1[78]\d s {direction}</strong> \({kind}\)", page)


def _answers(address):
    try:
        return httpx.get(f"{address}/healthz", trust_env=False).is_success
    except httpx.HTTPError:
        return False
