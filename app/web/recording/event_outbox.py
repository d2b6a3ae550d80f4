"""The way of security events into the database: none is lost while the database is away, and none is stored twice."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Condition, Thread

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from app.connections.compatibility import IncompatibleError
from app.review.event_records import EventOutcome, SecurityEvent
from app.web.recording.acts import FURTHER_REFUSALS
from app.web.recording.event_lines import EventLines
from app.web.recording.refusal_limit import CountedRefusals, RefusalLimit

log = logging.getLogger(__name__)

#: Events that may wait for the database. With so many, nothing more that must be recorded is allowed. Refusals, which
#: anybody can cause, take half of the room at most.
MOST = 1_000
ROOM_OF_REFUSALS = MOST // 2
#: Seconds: that an answer waits for its event to be stored, that the thread rests, and its longest pause after a failure.
PATIENCE = 2.0
_REST, _LONGEST_PAUSE = 1.0, 5.0
_AT_ONCE = 100


class EventOutbox:
    """Writes each event as a line at once, and has one thread store it. `now` is the time of events, in UTC.

    The thread starts with the first event, so that it belongs to the process that serves.
    """

    def __init__(
        self,
        store: Callable[[Sequence[SecurityEvent]], None],
        *,
        now: Callable[[], datetime],
        lines: EventLines | None = None,
    ) -> None:
        self._store = store
        self._now = now
        self._lines = lines or EventLines()
        self._limit = RefusalLimit()
        self._changed = Condition()
        self._waiting: deque[SecurityEvent] = deque()
        self._thread: Thread | None = None
        self._closed = False
        self._reported = False

    @property
    def is_full(self) -> bool:
        """Whether no further event may be caused, since it could not be kept."""
        return len(self._waiting) >= MOST

    @property
    def behind(self) -> int:
        """How many events wait for a database that took none at the last try."""
        return len(self._waiting) if self._reported else 0

    def record(self, event: SecurityEvent, *, patience: float = PATIENCE) -> None:
        """Record an event, and wait up to `patience` seconds until it is stored. It is kept if that takes longer."""
        self._lines.write(event)
        with self._changed:
            self._add(event)
            self._changed.wait_for(lambda: event not in self._waiting, timeout=patience)

    def record_refusal(self, event: SecurityEvent) -> None:
        """Record a refusal without waiting, or count it if its address causes many."""
        seconds = time.monotonic()
        if len(self._waiting) >= ROOM_OF_REFUSALS:
            self._limit.count(event.address, seconds)
        elif self._limit.admits(event.address, seconds):
            self._lines.write(event)
            with self._changed:
                self._add(event)
            return
        with self._changed:
            self._start()

    def close(self, *, seconds: float = PATIENCE) -> None:
        """Store what waits, for up to that many seconds, and end the thread."""
        self._count(self._limit.rest())
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, timeout=seconds if self._thread else 0)
            self._closed = True
            self._changed.notify_all()
            left = len(self._waiting)
        if left:
            log.error("%s security events are on standard output and not in the database", left)

    def _add(self, event: SecurityEvent) -> None:
        self._waiting.append(event)
        self._start()
        self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = Thread(target=self._work, name="security-events", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        pause = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting, timeout=_REST)
                if self._closed:
                    return
                batch = [self._waiting[place] for place in range(min(len(self._waiting), _AT_ONCE))]
            if len(self._waiting) < ROOM_OF_REFUSALS:
                self._count(self._limit.due(time.monotonic()))
            if batch and not self._stored(batch):
                pause = min(max(2 * pause, 0.1), _LONGEST_PAUSE)
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, timeout=pause)
                continue
            pause = 0.0

    def _stored(self, batch: Sequence[SecurityEvent]) -> bool:
        try:
            self._store(batch)
        except (DataError, IntegrityError) as error:
            if len(batch) > 1:
                return all(self._stored([each]) for each in batch)
            # It would hold up all others for ever, and its line is on standard output.
            log.error("security event %s cannot be stored (%s)", batch[0].event_id, type(error).__name__)  # noqa: TRY400  # the text would repeat the event
        except Exception as error:  # noqa: BLE001  # whatever one try meets, the next one must come
            self._report(error)
            return False
        with self._changed:
            for each in batch:
                self._waiting.remove(each)
            self._changed.notify_all()
        self._reported = False
        return True

    def _report(self, error: Exception) -> None:
        if not self._reported:
            known = isinstance(error, SQLAlchemyError | IncompatibleError)
            log.error(
                "security events wait for the database (%s)",
                type(error).__name__,
                exc_info=None if known else error,
            )
        self._reported = True

    def _count(self, counted: Sequence[CountedRefusals]) -> None:
        for each in counted:
            event = SecurityEvent.of(
                at=self._now(),
                action=FURTHER_REFUSALS,
                outcome=EventOutcome.REFUSED,
                address=each.address,
                times=each.times,
            )
            self._lines.write(event)
            with self._changed:
                self._add(event)
