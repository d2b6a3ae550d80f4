"""Records of the dispatcher: the queue of record.

The dispatcher's login can read and write no table; it calls functions of the database.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.connections.database import one_by_one
from app.credentials.tables import CHANNEL

_DISPATCH = text(
    "SELECT dispatch_attempt(:run, :number, :secret_id_accessor, :wrapping_accessor, :digest, :lease, :max_attempts)"
)


class DispatchRecords:
    """The queue of record. Each method is one statement, and a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = one_by_one(engine)

    def agent_is_off(self) -> str | None:
        """Who switched the agent off, and when; None while it is on."""
        with self._engine.connect() as db:
            found: str | None = db.scalar(text("SELECT agent_is_off()"))
            return found

    def reserve(self, *, window: int, seconds: float) -> list["ReservedRun"]:
        """Reserve the oldest waiting runs, as many as there is room for when `window` attempts may be open.

        No other dispatcher takes them for so many seconds by the database's clock, 60 at most.
        """
        with self._engine.connect() as db:
            wanted = {"window": window, "seconds": seconds}
            rows = db.execute(text("SELECT * FROM reserve_runs(:window, :seconds)"), wanted)
            return [ReservedRun(*row) for row in rows]

    def release(self, runs: Iterable["ReservedRun"]) -> None:
        """Let these runs wait again, for any dispatcher."""
        if run_ids := [run.run_id for run in runs]:
            with self._engine.connect() as db:
                db.execute(text("SELECT release_runs(:runs)"), {"runs": run_ids})

    def dispatched(
        self,
        run: "ReservedRun",
        *,
        secret_id_accessor: str,
        wrapping_accessor: str,
        digest: bytes,
        lease: timedelta,
        max_attempts: int,
    ) -> bool:
        """Record an attempt before its message is sent; False if the run does not wait any more.

        `digest` is that of its proof, see `app.credentials.proof`.
        """
        recorded = {
            "run": run.run_id,
            "number": run.attempt,
            "secret_id_accessor": secret_id_accessor,
            "wrapping_accessor": wrapping_accessor,
            "digest": digest,
            "lease": lease.total_seconds(),
            "max_attempts": max_attempts,
        }
        try:
            with self._engine.connect() as db:
                db.execute(_DISPATCH, recorded)
        except ProgrammingError as error:
            if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                return False
            raise
        return True

    def unpublished(self, run_id: UUID, attempt: int, reason: str) -> None:
        """The broker did not take the message: end the attempt, which no worker ever saw, and queue the run."""
        with self._engine.connect() as db:
            returned = {"run": run_id, "number": attempt, "reason": reason}
            db.execute(text("SELECT return_attempt(:run, :number, :reason)"), returned)


@dataclass(frozen=True, slots=True)
class ReservedRun:
    """A run that this dispatcher has reserved, the number its next attempt gets, what it is for and for whom."""

    run_id: UUID
    attempt: int
    job_id: str
    requested_by: str


@contextmanager
def listen(engine: Engine, channel: str = CHANNEL) -> Iterator["Notices"]:
    """Listen for new runs, or on another channel, on a connection that is open as long as the block lasts."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"LISTEN {channel}"))
        yield Notices(connection)
        connection.execute(text(f"UNLISTEN {channel}"))


@dataclass(frozen=True, slots=True)
class Notices:
    """Wakes up when something is requested."""

    connection: Connection

    def wait(self, *, seconds: float) -> bool:
        """Return when something was requested, or after `seconds`; whether it was. Raises SQLAlchemy's `OperationalError`.

        All notices that have come are taken: one round answers them all.
        """
        driver: Any = self.connection.connection.driver_connection
        try:
            came = sum(1 for _ in driver.notifies(timeout=seconds, stop_after=1))
            for _ in driver.notifies(timeout=0):
                pass
            return bool(came)
        except psycopg.OperationalError as lost:
            # This call bypasses SQLAlchemy, so that the driver raises its own error.
            raise OperationalError("LISTEN", None, lost) from None
