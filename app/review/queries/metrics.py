"""What a monitoring system asks: numbers of alarms, deliveries and runs, and the age of signs of life."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import AlarmDeliveryRow, AlarmRow, HeartbeatRow, RunRow
from app.reconciliation.tables import LogSourceRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Each measure as rows of labels and a value."""

    #: By kind and state.
    alarms: Sequence[tuple[str, str, int]]
    #: By channel: how many wait, and for how many seconds the oldest has.
    deliveries: Sequence[tuple[str, int, float]]
    #: By process: seconds since its last sign of life, and whether it reports a problem.
    processes: Sequence[tuple[str, float, bool]]
    #: By log: seconds since it was read to its end, or None if it never was; and lines that could not be read.
    logs: Sequence[tuple[str, float | None, int]]
    #: By state.
    runs: Sequence[tuple[str, int]]


def measure(db: Session) -> Measured:
    """All measures, at the time of the database."""
    alarms = select(col(AlarmRow.kind), col(AlarmRow.state), func.count()).group_by(
        col(AlarmRow.kind), col(AlarmRow.state)
    )
    queued = func.min(col(AlarmDeliveryRow.queued_at))
    deliveries = (
        select(col(AlarmDeliveryRow.channel), func.count(), func.extract("epoch", func.now() - queued))
        .where(col(AlarmDeliveryRow.sent_at).is_(None))
        .group_by(col(AlarmDeliveryRow.channel))
    )
    seen = func.extract("epoch", func.now() - col(HeartbeatRow.seen_at))
    processes = select(col(HeartbeatRow.process), seen, col(HeartbeatRow.problem).is_not(None))
    lag = func.extract("epoch", func.now() - col(LogSourceRow.read_until))
    logs = select(col(LogSourceRow.source), lag, col(LogSourceRow.unreadable))
    runs = select(col(RunRow.state), func.count()).group_by(col(RunRow.state))
    return Measured(
        alarms=[(kind, state, number) for kind, state, number in db.execute(alarms)],
        deliveries=[(channel, number, float(age)) for channel, number, age in db.execute(deliveries)],
        processes=[(process, float(age), bool(bad)) for process, age, bad in db.execute(processes)],
        logs=[
            (source, None if age is None else float(age), unreadable)
            for source, age, unreadable in db.execute(logs)
        ],
        runs=[(state, number) for state, number in db.execute(runs)],
    )
