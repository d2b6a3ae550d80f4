"""Records of the dispatcher: the queue of record.

The dispatcher's login can read and write no table; it calls functions of the database.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from app.credentials.tables import CHANNEL

_DISPATCH = text(
    "SELECT dispatch_attempt(:run, :number, :secret_id_accessor, :wrapping_accessor, :digest, :lease, :max_attempts)"
)


class DispatchRecords:
    """The queue of record."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def next_runs(self, *, window: int) -> Iterator[Sequence["ClaimedRun"]]:
        """Lock the oldest waiting runs, as many as there is room for when `window` attempts may be open.

        What the block records is committed when it ends, and undone when it raises.
        """
        with self._engine.begin() as db:
            rows = db.execute(text("SELECT * FROM next_runs(:window)"), {"window": window})
            yield [ClaimedRun(db, *row) for row in rows]

    def waiting(self, reason: str) -> None:
        """Say on every waiting run why it waits."""
        with self._engine.begin() as db:
            db.execute(text("SELECT note_waiting(:reason)"), {"reason": reason})

    def unpublished(self, run_id: UUID, attempt: int, reason: str) -> None:
        """The broker did not take the message: end the attempt, which no worker ever saw, and queue the run."""
        with self._engine.begin() as db:
            returned = {"run": run_id, "number": attempt, "reason": reason}
            db.execute(text("SELECT return_attempt(:run, :number, :reason)"), returned)


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run this dispatcher has locked, the number its next attempt gets, and what the run is for and for whom."""

    db: Connection
    run_id: UUID
    attempt: int
    job_id: str
    requested_by: str

    def dispatched(
        self,
        *,
        secret_id_accessor: str,
        wrapping_accessor: str,
        digest: bytes,
        lease: timedelta,
        max_attempts: int,
    ) -> None:
        """Record the attempt before its message is sent. `digest` is that of its proof, see `app.credentials.proof`."""
        self.db.execute(
            _DISPATCH,
            {
                "run": self.run_id,
                "number": self.attempt,
                "secret_id_accessor": secret_id_accessor,
                "wrapping_accessor": wrapping_accessor,
                "digest": digest,
                "lease": lease.total_seconds(),
                "max_attempts": max_attempts,
            },
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
