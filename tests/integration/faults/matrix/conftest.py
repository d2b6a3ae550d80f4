"""A system behind proxies that misbehave, and what docs/faults.md says of each fault."""

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from psycopg.rows import dict_row

from app import usecases
from app.connections.database import Sessions
from benchmarks.proxied_stack import ProxiedStack, proxied_stack
from benchmarks.work import submitted

TABLES = Path(__file__).parents[4] / "docs" / "faults.md"
#: Seconds. Short for tools, so that their cells are quick; the lease outlasts every fault.
ENVIRONMENT = {
    "TOOL_TIMEOUT": "1",
    "TOOL_DEADLINE": "3",
    "RUN_DEADLINE": "30",
    "ATTEMPT_LEASE": "60",
    "MAX_ATTEMPTS": "2",
}
#: What the names in the tables are to the proxies.
INFLICTED = {
    "refuses": "refuse",
    "cuts connections": "reset",
    "hangs": "hang",
    "hangs before headers": "hang",
    "hangs after headers": "hang after headers",
    "trickles": "trickle",
    "trickles headers": "trickle headers",
    "trickles the body": "trickle body",
    "loses the answer": "lost",
    "HTML": "html",
    "HTML 200": "html",
    "404": "404",
    "404 as JSON": "404 json",
    "307": "307",
    "403 of a firewall": "403",
    "405": "405",
    "429": "429",
    "500": "500",
    "502": "502",
    "503": "503",
    "truncated": "truncate",
    "ten times too large": "too large",
    "inflates a thousandfold": "bomb",
    "speaks TLS": "tls",
    "expects TLS": "plain to tls",
    "bytes at random": "garbage",
    "an empty body": "empty",
    "204": "no content",
    "`{}`": "{}",
    "`[]`": "[]",
    "`null`": "null",
    "other types": "other types",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of a table: the fault, and the words in code that each of the other columns has."""

    fault: str
    words: Sequence[Sequence[str]]

    @property
    def inflicted(self) -> str:
        return INFLICTED.get(self.fault, "")


def cells(heading: str) -> list[Cell]:
    """The rows below a heading of docs/faults.md that say something in code: those that can happen."""
    _, found, section = TABLES.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    assert found, heading
    rows = re.findall(r"^\| (.+) \|$", section.partition("\n## ")[0], re.MULTILINE)[1:]
    split = [[column.strip() for column in row.split(" | ")] for row in rows]
    made = [
        Cell(fault, [re.findall(r"`([^`]+)`", column) for column in columns]) for fault, *columns in split
    ]
    return [cell for cell in made if any(cell.words)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives a test of `cell` the rows below the heading that its module names in `TABLE`."""
    if "cell" in metafunc.fixturenames:
        rows = cells(metafunc.module.TABLE)
        metafunc.parametrize("cell", rows, ids=[row.fault for row in rows])


@dataclass(frozen=True, kw_only=True)
class Disturbed:
    """The system, the ids of its actions, and its pages as an auditor sees them."""

    proxied: ProxiedStack
    sessions: Sessions
    actions: Iterator[str]
    pages: httpx.Client

    @property
    def processes(self) -> dict[str, int]:
        """Those of the application, by name."""
        running = self.proxied.stack.processes
        return {name: running[name] for name in ("dispatcher", "sweeper", "worker-1", "worker-2", "web")}

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        with self.proxied.stack.services.database.connect("triage") as connection:
            return connection.cursor(row_factory=dict_row).execute(query, parameters).fetchall()

    def request(self, number: int) -> list[UUID]:
        wanted = list(islice(self.actions, number))
        return usecases.request_runs(self.sessions, wanted, requested_by="test")

    def page(self, path: str) -> str:
        """The words of a page."""
        text = re.sub(r"<[^>]+>", " ", self.pages.get(path).text)
        return " ".join(html.unescape(text).split())

    def report(self, process: str) -> str:
        """What the state page shows of a background process."""
        found = re.search(
            rf"\b{process} [^/]*? ago (.+?)(?= dispatcher | sweeper | worker| web |$)", self.page("/stack")
        )
        return found[1] if found else ""

    def said(self, process: str) -> str:
        """What a process has logged."""
        return (self.proxied.stack.layout.logs / f"{process}.log").read_text(errors="replace")

    def alarms(self) -> Counter[str]:
        return Counter(
            f"{row['kind']}: {row['detail']}"
            for row in self.rows("SELECT kind, detail FROM alarm WHERE state <> 'closed'")
        )

    def close_alarms(self) -> None:
        self.rows("SELECT handle_alarm(alarm_id, 'closed', 'test', 'test', 'seen') FROM alarm")

    def states(self, run_ids: Sequence[UUID]) -> Counter[str]:
        return Counter(
            row["state"] for row in self.rows("SELECT state FROM run WHERE run_id = ANY(%s)", list(run_ids))
        )

    def begun(self, run_ids: Sequence[UUID]) -> bool:
        query = "SELECT 1 FROM attempt WHERE worker IS NOT NULL AND run_id = ANY(%s)"
        return bool(self.rows(query, list(run_ids)))

    def counted(self, run_ids: Sequence[UUID]) -> list[dict[str, Any]]:
        """Attempts that a worker took up and that count towards the limit without a result."""
        query = (
            "SELECT number, state, failure FROM attempt"
            " WHERE worker IS NOT NULL AND state IN ('lost', 'failed') AND run_id = ANY(%s)"
        )
        return self.rows(query, list(run_ids))

    def unconfirmed(self, run_ids: Sequence[UUID]) -> list[dict[str, Any]]:
        query = "SELECT 1 FROM attempt WHERE revoked_at IS NULL AND run_id = ANY(%s)"
        return self.rows(query, list(run_ids))


@pytest.fixture(scope="package")
def system(tmp_path_factory) -> Iterator[Any]:
    """The system that `browser` and `session_of` sign in at."""
    folder = tmp_path_factory.mktemp("disturbed")
    with proxied_stack(folder, environment=ENVIRONMENT, pages=True) as proxied:
        yield SimpleNamespace(stack=proxied.stack, proxied=proxied)


@pytest.fixture(scope="module")
def disturbed(system, served) -> Iterator[Disturbed]:
    cases = map(json.loads, map(Path.read_text, (system.stack.layout.scenarios / "cases").glob("*.json")))
    faulty = {case["action"]["action_id"] for case in cases if case.get("faults")}
    with submitted(system.stack) as (factory, actions):
        yield Disturbed(
            proxied=system.proxied,
            sessions=factory,
            actions=cycle(action for action in actions if action not in faulty),
            pages=served("auditor-a"),
        )


@pytest.fixture
def heal(system) -> Iterator[None]:
    """The end of every fault after the test."""
    yield
    system.proxied.heal()


@pytest.fixture
def unharmed(disturbed, until) -> Iterator[Callable[[], Sequence[UUID]]]:
    """Requests runs; after the test all have ended well, of themselves, and soon after the fault.

    No process has ended, no attempt counts, no alarm was raised, and every end is confirmed.
    """
    before, alarms, run_ids = disturbed.processes, disturbed.alarms(), list[UUID]()

    def request(number: int) -> Sequence[UUID]:
        run_ids.extend(made := disturbed.request(number))
        return made

    yield request
    disturbed.proxied.heal()
    try:
        _all_is_well(disturbed, run_ids, before, alarms, until)
    finally:
        for child in disturbed.proxied.stack.process_table.ended():
            disturbed.proxied.stack.restart(child.command.name)


def _all_is_well(
    disturbed: Disturbed,
    run_ids: Sequence[UUID],
    processes: dict[str, int],
    alarms: Counter[str],
    until: Callable[..., Any],
) -> None:
    until(lambda: disturbed.states(run_ids)["completed"] > 0, seconds=10, what="the end of a run")
    until(
        lambda: disturbed.states(run_ids) == {"completed": len(run_ids)},
        seconds=60,
        what="the end of all runs",
    )
    assert disturbed.counted(run_ids) == []
    until(lambda: not disturbed.unconfirmed(run_ids), seconds=60, what="the confirmation of all ends")
    assert disturbed.proxied.stack.process_table.ended() == []
    assert disturbed.processes == processes
    assert disturbed.alarms() - alarms == Counter()
