"""The state of the stack in the database: the queue of runs and the background processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import HeartbeatRow, RunRow, RunState
from app.review.queries import alarms, run_list


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueState:
    """The queue of runs at one moment. `now` is the time of the database."""

    now: datetime
    runs: dict[str, int]
    oldest_waiting: RunRow | None
    heartbeats: Sequence[HeartbeatRow]
    alarms: int

    def heartbeat(self, process: str) -> HeartbeatRow | None:
        """The last heartbeat of one background process."""
        return next((each for each in self.heartbeats if each.process == process), None)


def state(db: Session) -> QueueState:
    """The present state."""
    return QueueState(
        now=db.execute(select(func.now())).scalar_one(),
        runs=run_list.counts(db),
        oldest_waiting=oldest_waiting(db),
        heartbeats=heartbeats(db),
        alarms=alarms.number(db),
    )


def oldest_waiting(db: Session) -> RunRow | None:
    """The run that has waited longest to be dispatched."""
    return db.scalars(
        select(RunRow)
        .where(col(RunRow.state) == RunState.REQUESTED)
        .order_by(col(RunRow.requested_at), col(RunRow.run_id))
        .limit(1)
    ).first()


def heartbeats(db: Session) -> Sequence[HeartbeatRow]:
    """The last heartbeat of each background process."""
    return db.scalars(select(HeartbeatRow).order_by(col(HeartbeatRow.process))).all()
