"""Reads the logs of the tools and of the vault, which the processes that it judges cannot write.

The reconciler holds no identity at the vault and no user at the broker. At the database it may read, and call functions
that only add.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

import structlog
from sqlalchemy import make_url

from app.connections.database import RECENTLY, connect
from app.connections.hardening import harden
from app.connections.starting import starting
from app.credentials.ends import EndRecords
from app.credentials.grants import DatabaseUser
from app.credentials.heartbeat import Heartbeat
from app.credentials.tool_record import ToolRecord
from app.reconciliation.settings import ReconcilerSettings, with_logs
from app.reconciliation.use_lines import LineReader, connections_of, read_request
from app.reconciliation.use_log import UseLog
from app.reconciliation.use_store import UseStore
from workers.runtime import logs
from workers.runtime.judging import Judging
from workers.runtime.lifecycle import HealthFile, Pulse, Stop, configured
from workers.runtime.log_evidence import LogEvidence
from workers.runtime.notices import wait_for_database
from workers.runtime.rounds import Lane, Rounds

log = structlog.get_logger()

#: The settings that a reconciler must have. Without a log of a tool, what the tool saw is not established.
NEEDED = ("database_url",)
#: Seconds between two looks at the logs, between two comparisons of the sides, and between two signs of life.
_REST, _COMPARED, _BEAT = 1.0, 2.0, 1.0
#: Seconds between two readings of all that the vault has logged.
_HOURLY = 3600.0


class UseReading:
    """The logs of all tools, read in turn."""

    def __init__(self, logs: Sequence[UseLog], store: UseStore, records: EndRecords) -> None:
        """`records` takes the alarms."""
        self._logs = logs
        self._store = store
        self._records = records
        self._said: dict[str, str] = {}

    def look(self) -> str | None:
        """Read what is new in each log; what is in the way, or None. A log that no setting names is no obstacle."""
        now = self._store.now()
        notes = [each.look(now) for each in self._logs]
        self._store.note(notes)
        for note in notes:
            if note.gap:
                self._records.alarm(
                    "tool log changed", f"{note.source}, seen at {now:%Y-%m-%d %H:%M:%S} UTC: {note.problem}"
                )
        problems = {
            note.source: note.problem
            for note, each in zip(notes, self._logs, strict=True)
            if each.is_known and note.problem is not None
        }
        for source, problem in problems.items():
            if self._said.get(source) != problem:
                log.warning("a tool's log is not read", source=source, reason=problem)
        self._said = problems
        return next((f"the log of {source} is not read: {why}" for source, why in problems.items()), None)


def launch(tools: Iterable[ToolRecord]) -> None:
    """Run until a signal stops it; exit status 2 for wrong settings and for a database that cannot be worked with.

    `tools` are those of the agent workers.
    """
    logs.configure()
    harden()
    with starting():
        known = list(tools)
        serve(configured(with_logs(known), *NEEDED), known)


def serve(configuration: ReconcilerSettings, tools: Iterable[ToolRecord]) -> None:
    """Reconcile until a signal stops it."""
    known = list(tools)
    stop = Stop()
    engine = connect(configuration, pool_size=6, trusted=RECENTLY)
    store = UseStore(engine)
    records = EndRecords(engine)
    reading = UseReading([_log_of(tool, configuration, store) for tool in known], store, records)
    pulse = Pulse(Heartbeat(engine), HealthFile(configuration.health_file))
    # What cannot be worked with ends the process here, before anything else begins.
    wait_for_database(engine, pulse, stop)
    judging = Judging(engine, {tool.credential.path: tool.name for tool in known}, records)
    evidence = LogEvidence(configuration, engine)
    lanes = [
        Lane(Rounds("reading the tools' logs", reading.look), rest=_REST),
        Lane(Rounds("reading the vault's log", evidence.look), rest=_REST),
        Lane(Rounds("proving the vault's log", evidence.prove), rest=_HOURLY),
        Lane(Rounds("judging", judging.look), rest=_COMPARED),
    ]
    beat = Rounds("leaving signs of life", lambda: _beat(pulse, lanes))
    with ExitStack() as lasting:
        for lane in lanes:
            lasting.enter_context(lane)
        while not stop.requested:
            stop.wait(beat.carry_out() or _BEAT)


def _beat(pulse: Pulse, lanes: Sequence[Lane]) -> str | None:
    problem = next(filter(None, (lane.rounds.problem for lane in lanes)), None)
    pulse.beat(problem)
    return problem


def _log_of(tool: ToolRecord, configuration: ReconcilerSettings, store: UseStore) -> UseLog:
    return UseLog(
        tool.name,
        getattr(configuration, tool.log_setting),
        setting=tool.log_setting,
        read_line=_line_reader(tool, configuration),
        store=store,
        observed={os.getuid(), *configuration.observed_users},
    )


def _line_reader(tool: ToolRecord, configuration: ReconcilerSettings) -> LineReader:
    """By the kind of credential: a database logs its connections, an HTTP service its requests."""
    if not isinstance(tool.credential, DatabaseUser):
        return read_request
    address = getattr(configuration, tool.address_setting)
    return connections_of(
        None if address is None else make_url(address).database, configuration.standing_users
    )
