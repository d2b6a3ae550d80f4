"""`python -m benchmarks.reconcile_lines`: how long one core takes to reconcile a million lines of the vault's log.

Counted are the processor seconds of this process and of PostgreSQL together: other load matters little.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from sqlalchemy import Engine

from app.connections.database import connect
from app.credentials.ends import EndRecords
from app.credentials.grants import DatabaseUser
from app.credentials.log_follower import LogFollower
from app.credentials.tool_record import ToolRecord
from app.credentials.vault_events import EventStore
from app.procurement.systems import SYSTEMS
from app.reconciliation.matching import leftovers
from app.reconciliation.settings import ReconcilerSettings
from app.reconciliation.side_records import SideRecords
from app.reconciliation.use_lines import connections_of, read_request
from app.reconciliation.use_log import UseLog
from app.reconciliation.use_store import UseStore
from app.settings import Settings
from benchmarks.aftermath import rows
from benchmarks.made_day import made, note_ends, record
from benchmarks.made_logs import LINES, log_paths, write_logs
from benchmarks.memory import highest_memory
from infra.local.options import Part, StackOptions
from infra.local.stack import LocalStack
from workers.runtime.log_evidence import LogEvidence
from workers.runtime.reconciler import UseReading

#: Seconds on one core, and how much more memory all lines may take than the first tenth of them.
LIMIT, GROWTH = 60.0, 1.25
_DAY, _AT_ONCE = timedelta(hours=24), timedelta(minutes=20)
_SYSTEMS = {system.credential.path: system.name for system in SYSTEMS}
_COUNTS = (
    "SELECT (SELECT count(*) FROM vault_event WHERE kind = 'issued') AS issued,"
    " (SELECT count(DISTINCT coalesce(fingerprint, service_user)) FROM tool_use) AS used,"
    " (SELECT count(*) FROM credential) AS recorded, (SELECT count(*) FROM alarm) AS alarms"
)


def main() -> None:
    """Measure and print JSON; exit status 1 if it was slow, grew, or found what is not there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reconcile_lines", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = measured(Path(folder), lines=wanted.lines)
    print(json.dumps(figures, indent=2))
    in_time = figures["all seconds"] <= LIMIT
    sys.exit(0 if is_right(figures) and in_time and figures["memory growth"] <= GROWTH else 1)


def is_right(figures: dict[str, Any]) -> bool:
    """Whether all sides were found equal, and nothing was left over."""
    equal = len({figures[side] for side in ("issued", "used", "recorded")}) == 1
    return equal and figures["recorded"] > 0 and not figures["leftovers"] and not figures["alarms"]


def measured(folder: Path, *, lines: int) -> dict[str, Any]:
    """Reconcile a made-up day whose vault logged so many lines, after its first tenth; the figures."""
    runs = lines // LINES
    parts = frozenset({Part.POSTGRES, Part.PROVISION})
    with (
        LocalStack(folder, options=StackOptions(parts=parts, usual_ports=False)) as stack,
        ExitStack() as lasting,
    ):
        logs = folder / "made"
        logs.mkdir()
        work = _Work(stack, logs, lasting)
        began = datetime.now(UTC) - _DAY - timedelta(minutes=5)
        highest: list[int] = []
        for first, last in ((0, runs // 10), (runs // 10, runs)):
            _add(stack, logs, first, last, of=runs, began=began)
            with highest_memory(highest):
                work.read()
        with stack.services.database.connect("triage") as database:  # type: ignore[union-attr]
            note_ends(database)
        with highest_memory(highest):
            found = work.judge(began)
        return {
            "lines": runs * LINES,
            **rows(stack, _COUNTS)[0],
            "leftovers": dict(found),
            "seconds": {name: round(each, 1) for name, each in work.spent.items()},
            "all seconds": round(sum(work.spent.values()), 1),
            "memory in MB": [round(each / 2**20, 1) for each in highest],
            "memory growth": round(max(highest) / highest[0], 2),
        }


class _Work:
    """The readers and the comparison as sweeper and reconciler have them. `spent`: processor seconds by work."""

    def __init__(self, stack: LocalStack, logs: Path, lasting: ExitStack) -> None:
        self.spent: dict[str, float] = {}
        self._postgres = psutil.Process(stack.processes["postgres"])
        self._sweeper = lasting.enter_context(_engine(stack, "sweeper"))
        self._reconciler = lasting.enter_context(_engine(stack, "reconciler"))
        store = UseStore(self._reconciler)
        audit_log = logs / "audit.log"
        self._follower = LogFollower(audit_log, EventStore(self._sweeper))
        self._evidence = LogEvidence(ReconcilerSettings(vault_audit_log=audit_log), self._reconciler)
        uses = [_use_log(system, log_paths(logs)[system.name], store) for system in SYSTEMS]
        self._uses = UseReading(uses, store, EndRecords(self._reconciler))
        self._sides = SideRecords(self._reconciler, _SYSTEMS)

    def read(self) -> None:
        """Read what is new in every log."""
        with self._timed("the vault's events"):
            self._follower.read_to_end()
        with self._timed("the vault's log as evidence"):
            self._evidence.look()
        with self._timed("the tools' uses"):
            self._uses.look()

    def judge(self, since: datetime) -> Counter[str]:
        """Compare all of the day, some minutes at a time; how often there was each kind of leftover."""
        found: Counter[str] = Counter()
        begin, end = since, datetime.now(UTC)
        with self._timed("judging"):
            while begin < end:
                sides, _ = self._sides.between(begin, min(begin + _AT_ONCE, end), complete_to=end)
                found.update(each.kind for each in leftovers(sides))
                begin += _AT_ONCE
        return found

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        before = self._spent()
        yield
        self.spent[what] = self.spent.get(what, 0.0) + self._spent() - before

    def _spent(self) -> float:
        """Processor seconds of this process and of PostgreSQL."""
        spent = time.process_time()
        for each in (self._postgres, *self._postgres.children()):
            with suppress(psutil.NoSuchProcess):
                spent += sum(each.cpu_times()[:2])
        return spent


def _add(stack: LocalStack, logs: Path, first: int, last: int, *, of: int, began: datetime) -> None:
    def runs() -> Iterator[Any]:
        return made(first, last, of=of, began=began, lasts=_DAY)

    write_logs(runs(), logs / "audit.log", log_paths(logs))
    with stack.services.database.connect("triage") as database:  # type: ignore[union-attr]
        record(database, runs())


@contextmanager
def _engine(stack: LocalStack, process: str) -> Iterator[Engine]:
    told = stack.environment(process)
    login = Settings(
        database_url=told["DATABASE_URL"], database_password_file=Path(told["DATABASE_PASSWORD_FILE"])
    )
    engine = connect(login, pool_size=2)
    try:
        yield engine
    finally:
        engine.dispose()


def _use_log(tool: ToolRecord, log: Path, store: UseStore) -> UseLog:
    is_database = isinstance(tool.credential, DatabaseUser)
    return UseLog(
        tool.name,
        log,
        setting=tool.log_setting,
        read_line=connections_of("ledger", frozenset()) if is_database else read_request,
        store=store,
        observed={os.getuid()},
    )


if __name__ == "__main__":
    main()
