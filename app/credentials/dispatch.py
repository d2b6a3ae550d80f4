"""Records of the dispatcher and the sweeper: the queue of record, and attempts that were lost."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError

from app.credentials.lineage import CredentialKind
from app.credentials.run_ends import end_stopped, requeue
from app.credentials.tables import (
    CHANNEL,
    OPEN_ATTEMPTS,
    AttemptRow,
    AttemptState,
    CredentialRow,
    EndedBy,
    HeartbeatRow,
    RunRow,
    RunState,
    table_of,
)

ATTEMPT, RUN, CREDENTIAL = table_of(AttemptRow), table_of(RunRow), table_of(CredentialRow)
HEARTBEAT = table_of(HeartbeatRow)
ENDED = (AttemptState.FINISHED, AttemptState.FAILED, AttemptState.POSTPONED, AttemptState.LOST)


@dataclass(frozen=True, slots=True)
class Held:
    """What an attempt may still hold in the vault, by accessor."""

    run_id: UUID
    attempt: int
    secret_id_accessor: str
    token_accessor: str | None


class DispatchRecords:
    """The queue of record, for the dispatcher and the sweeper."""

    def __init__(self, engine: Engine, *, max_attempts: int) -> None:
        self._engine = engine
        self._max_attempts = max_attempts

    @contextmanager
    def next_runs(self, *, window: int) -> Iterator[Sequence["ClaimedRun"]]:
        """Lock the oldest waiting runs, as many as there is room for when `window` attempts may be open.

        What the block records is committed when it ends, and undone when it raises.
        """
        now = datetime.now(UTC)
        with self._engine.begin() as db:
            open_attempts = db.execute(
                select(func.count()).select_from(ATTEMPT).where(ATTEMPT.c.state.in_(OPEN_ATTEMPTS))
            ).scalar_one()
            waiting = (
                select(RUN.c.run_id, RUN.c.attempt, RUN.c.job_id, RUN.c.requested_by)
                .where(
                    RUN.c.state == RunState.REQUESTED,
                    RUN.c.stop_requested_at.is_(None),
                    or_(RUN.c.not_before.is_(None), RUN.c.not_before <= now),
                )
                .order_by(RUN.c.requested_at)
                .limit(max(0, window - open_attempts))
                .with_for_update(skip_locked=True)
            )
            yield [
                ClaimedRun(db, row.run_id, row.attempt + 1, row.job_id, row.requested_by)
                for row in db.execute(waiting)
            ]

    def waiting(self, reason: str) -> None:
        """Say on every waiting run why it waits."""
        with self._engine.begin() as db:
            db.execute(
                update(RUN)
                .where(RUN.c.state == RunState.REQUESTED, RUN.c.waiting_reason.is_distinct_from(reason))
                .values(waiting_reason=reason)
            )

    def unpublished(self, run_id: UUID, attempt: int, reason: str) -> None:
        """The broker did not take the message: end the attempt, which no worker ever saw, and queue the run."""
        with self._engine.begin() as db:
            ended = db.execute(
                update(ATTEMPT)
                .where(
                    ATTEMPT.c.run_id == run_id,
                    ATTEMPT.c.number == attempt,
                    ATTEMPT.c.state == AttemptState.DISPATCHED,
                )
                .values(state=AttemptState.POSTPONED, ended_at=datetime.now(UTC), failure=reason)
            )
            if ended.rowcount:
                requeue(db, run_id, reason=reason, max_attempts=self._max_attempts)

    def end_stopped(self) -> UUID | None:
        """Let one run fail that is to be stopped; its id, None if there is none. See `app.credentials.run_ends`."""
        with self._engine.begin() as db:
            return end_stopped(db)

    @contextmanager
    def lost_attempt(self) -> Iterator[Held | None]:
        """Lock an attempt whose lease ran out. When the block has ended what it held, the run is queued again."""
        now = datetime.now(UTC)
        with self._engine.begin() as db:
            held = _held(db, ATTEMPT.c.state.in_(OPEN_ATTEMPTS), ATTEMPT.c.lease_until < now)
            yield held
            if held is None:
                return
            reason = "the worker did not report in time"
            db.execute(
                update(ATTEMPT)
                .where(ATTEMPT.c.run_id == held.run_id, ATTEMPT.c.number == held.attempt)
                .values(state=AttemptState.LOST, ended_at=now, failure=reason)
            )
            _revoked(db, held)
            requeue(db, held.run_id, reason=reason, max_attempts=self._max_attempts)

    @contextmanager
    def unrevoked_attempt(self) -> Iterator[Held | None]:
        """Lock an ended attempt whose revocation was never confirmed; the end of the block confirms it."""
        with self._engine.begin() as db:
            held = _held(db, ATTEMPT.c.state.in_(ENDED), ATTEMPT.c.revoked_at.is_(None))
            yield held
            if held is not None:
                _revoked(db, held)

    def beat(self, process: str, problem: str | None) -> None:
        """Leave a sign of life, and what is wrong if anything is."""
        seen = {"seen_at": datetime.now(UTC), "problem": problem}
        with self._engine.begin() as db:
            db.execute(
                upsert(HEARTBEAT)
                .values({"process": process, **seen})
                .on_conflict_do_update(index_elements=["process"], set_=seen)
            )


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run this dispatcher has locked, and the number its next attempt gets."""

    db: Connection
    run_id: UUID
    attempt: int
    job_id: str
    requested_by: str

    def dispatched(self, *, secret_id_accessor: str, wrapping_accessor: str, lease: timedelta) -> None:
        """Record the attempt before its message is sent."""
        now = datetime.now(UTC)
        self.db.execute(
            insert(ATTEMPT),
            {
                "run_id": self.run_id,
                "number": self.attempt,
                "state": AttemptState.DISPATCHED,
                "dispatched_at": now,
                "lease_until": now + lease,
                "secret_id_accessor": secret_id_accessor,
                "wrapping_accessor": wrapping_accessor,
            },
        )
        self.db.execute(
            update(RUN)
            .where(RUN.c.run_id == self.run_id)
            .values(state=RunState.DISPATCHED, attempt=self.attempt, waiting_reason=None, not_before=None)
        )


@contextmanager
def listen(engine: Engine) -> Iterator["RunNotices"]:
    """Listen for new runs, on a connection that is open as long as the block lasts."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"LISTEN {CHANNEL}"))
        yield RunNotices(connection)
        connection.execute(text(f"UNLISTEN {CHANNEL}"))


@dataclass(frozen=True, slots=True)
class RunNotices:
    """Wakes up when a run is requested."""

    connection: Connection

    def wait(self, *, seconds: float) -> None:
        """Return when something was requested, or after `seconds`. Raises SQLAlchemy's `OperationalError`."""
        driver: Any = self.connection.connection.driver_connection
        try:
            for _ in driver.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.OperationalError as lost:
            # This call bypasses SQLAlchemy, so that the driver raises its own error.
            raise OperationalError(f"LISTEN {CHANNEL}", None, lost) from None


def _held(db: Connection, *conditions: object) -> Held | None:
    row = db.execute(
        select(ATTEMPT.c.run_id, ATTEMPT.c.number, ATTEMPT.c.secret_id_accessor, ATTEMPT.c.token_accessor)
        .where(*conditions)  # type: ignore[arg-type]  # SQL expressions, whatever their exact type
        .order_by(ATTEMPT.c.lease_until)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    return Held(*row) if row else None


def _revoked(db: Connection, held: Held) -> None:
    now = datetime.now(UTC)
    db.execute(
        update(ATTEMPT)
        .where(ATTEMPT.c.run_id == held.run_id, ATTEMPT.c.number == held.attempt)
        .values(revoked_at=now, revoked_by=EndedBy.SWEEPER)
    )
    db.execute(
        update(CREDENTIAL)
        .where(
            CREDENTIAL.c.run_id == held.run_id,
            CREDENTIAL.c.attempt == held.attempt,
            CREDENTIAL.c.kind != CredentialKind.SIGNED_TOKEN,
        )
        .values(revoked_at=now, ended_by=EndedBy.SWEEPER)
    )
