"""What the database knows of the stack's state: the queue of record and the background processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.review.queries import alarms, run_list
from app.store.tables import Heartbeat, Run, RunState


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueState:
    """The queue of record at one moment, by the database's own clock."""

    now: datetime
    runs: dict[str, int]
    oldest_waiting: Run | None
    heartbeats: Sequence[Heartbeat]
    alarms: int

    def heartbeat(self, process: str) -> Heartbeat | None:
        """The last sign of life of one background process."""
        return next((each for each in self.heartbeats if each.process == process), None)


def state(db: Session) -> QueueState:
    """Count and look."""
    return QueueState(
        now=db.execute(select(func.now())).scalar_one(),
        runs=run_list.counts(db),
        oldest_waiting=db.scalars(
            select(Run)
            .where(col(Run.state) == RunState.REQUESTED)
            .order_by(col(Run.requested_at), col(Run.run_id))
            .limit(1)
        ).first(),
        heartbeats=db.scalars(select(Heartbeat).order_by(col(Heartbeat.process))).all(),
        alarms=alarms.number(db),
    )
