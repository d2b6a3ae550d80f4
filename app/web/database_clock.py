"""The time of the database, in a process whose own clock may be wrong."""

import time
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

#: Seconds after which the database is asked again, and after it did not answer.
_FRESH, _PAUSE = 60.0, 5.0


class DatabaseClock:
    """What the database's clock shows: asked once a minute, and counted on from there. Safe for threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asking = Lock()
        self._due = 0.0
        self._known: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The time in UTC. Until the database has answered once, it is this process's."""
        # One thread asks. The others do not wait for a database that hangs.
        if time.monotonic() >= self._due and self._asking.acquire(blocking=False):
            try:
                self._ask()
            finally:
                self._asking.release()
        if self._known is None:
            return datetime.now(UTC)
        at, counted_from = self._known
        return at + timedelta(seconds=time.monotonic() - counted_from)

    def seconds(self) -> float:
        """The same in seconds since 1970."""
        return self.now().timestamp()

    def _ask(self) -> None:
        self._due = time.monotonic() + _PAUSE
        try:
            with self._engine.connect() as db:
                began = time.monotonic()
                at: datetime = db.execute(text("SELECT clock_timestamp()")).scalar_one()
        except SQLAlchemyError:
            return  # pages that need the time need the database too, and report its silence
        ended = time.monotonic()
        self._known = at, (began + ended) / 2
        self._due = ended + _FRESH
