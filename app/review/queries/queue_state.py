"""The state of the stack in the database: the queue of runs and the background processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal_column, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.heartbeat import MEASURED
from app.credentials.lineage import CredentialKind
from app.credentials.tables import (
    AttemptEndRow,
    AttemptRow,
    ClockRow,
    CredentialRow,
    HeartbeatRow,
    RunRow,
    RunState,
)
from app.reconciliation.tables import LogSourceRow
from app.review.queries import alarms, run_list

#: An end is confirmed and a log read within a second, unless something is in the way.
USUAL = timedelta(seconds=5)
#: Seconds from which an alarm is raised.
LARGEST_DIFFERENCE = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class UnconfirmedEnds:
    """How many attempts ended without a confirmed end, and how many leased credentials of theirs are recorded.

    `oldest` is when the first of them ended; `problem` says why the oldest that was tried could not be confirmed.
    """

    attempts: int
    credentials: int
    oldest: datetime | None
    problem: str | None

    def late(self, now: datetime) -> bool:
        """Whether one takes longer than usual."""
        return self.oldest is not None and now - self.oldest > USUAL


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueState:
    """The queue of runs at one moment. `now` is the time of the database."""

    now: datetime
    runs: dict[str, int]
    oldest_waiting: RunRow | None
    heartbeats: Sequence[HeartbeatRow]
    clocks: Sequence[ClockRow]
    sources: Sequence[LogSourceRow]
    alarms: int
    unconfirmed: UnconfirmedEnds

    @property
    def unread_logs(self) -> Sequence[LogSourceRow]:
        """Logs that are not read, or were last read longer ago than usual."""
        return [log for log in self.sources if log.read_until is None or self.now - log.read_until > USUAL]

    @property
    def wrong_clocks(self) -> Sequence[ClockRow]:
        """Clocks that differ too much from the database's."""
        return [clock for clock in self.clocks if abs(clock.ahead) > LARGEST_DIFFERENCE]


def state(db: Session) -> QueueState:
    """The present state."""
    return QueueState(
        now=db.execute(select(func.now())).scalar_one(),
        runs=run_list.counts(db),
        oldest_waiting=oldest_waiting(db),
        heartbeats=heartbeats(db),
        clocks=_clocks(db),
        sources=db.scalars(select(LogSourceRow).order_by(col(LogSourceRow.source))).all(),
        alarms=alarms.number(db),
        unconfirmed=unconfirmed_ends(db),
    )


#: Written out, so that PostgreSQL sees that the index is about these.
_ENDED = col(AttemptRow.state).not_in([literal_column(f"'{each}'") for each in ("dispatched", "running")])
_OF_ATTEMPT = (
    (col(CredentialRow.run_id) == col(AttemptRow.run_id))
    & (col(CredentialRow.attempt) == col(AttemptRow.number))
    & (col(CredentialRow.kind) != CredentialKind.SIGNED_TOKEN.value)
)
_PROBLEM = select(col(AttemptEndRow.problem)).order_by(col(AttemptEndRow.since)).limit(1)
_UNCONFIRMED = (
    select(
        func.count(func.distinct(tuple_(col(AttemptRow.run_id), col(AttemptRow.number)))).label("attempts"),
        func.count(col(CredentialRow.credential_id)).label("credentials"),
        func.min(col(AttemptRow.ended_at)).label("oldest"),
        _PROBLEM.scalar_subquery().label("problem"),
    )
    .select_from(AttemptRow)
    .outerjoin(CredentialRow, _OF_ATTEMPT)
    .where(col(AttemptRow.revoked_at).is_(None), col(AttemptRow.ended_at).is_not(None), _ENDED)
)


def unconfirmed_ends(db: Session) -> UnconfirmedEnds:
    """The ends that the vault has not confirmed."""
    return UnconfirmedEnds(**db.execute(_UNCONFIRMED).mappings().one())


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


def _clocks(db: Session) -> Sequence[ClockRow]:
    return db.scalars(
        select(ClockRow)
        .where(col(ClockRow.measured_at) > func.now() - MEASURED)
        .order_by(col(ClockRow.process), col(ClockRow.host), col(ClockRow.reporter))
    ).all()
