"""Alarms about messages that are no attempt. Nothing that a sender wrote is repeated: any of it may be a secret."""

import time
from collections import Counter
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.connections.database import trouble

log = structlog.get_logger()

#: Seconds between two alarms, or two tries to store one, for the same reason: a flood of messages is no flood of rows.
_PAUSE = 60.0


class DroppedMessages:
    """Counts the messages that one worker dropped. The first is an alarm at once; the next alarm counts all since."""

    def __init__(self, store: Callable[[str], bool]) -> None:
        """`store` stores an alarm with this detail, or returns False if there are too many; see `alarm_about_message`."""
        self._store = store
        self._waiting: Counter[str] = Counter()
        self._tried: dict[str, float] = {}

    def dropped(self, reason: str) -> None:
        """Note one. `reason` is one of a few fixed texts."""
        self._waiting[reason] += 1
        self.report()

    def report(self) -> None:
        """Raise the alarms that are due. Those that cannot be stored stay due."""
        now = time.monotonic()
        for reason, number in list(self._waiting.items()):
            if now - self._tried.get(reason, -_PAUSE) < _PAUSE:
                continue
            self._tried[reason] = now
            detail = f"{reason}; dropped: {number}"
            log.warning("message dropped", reason=reason, number=number)
            try:
                if self._store(detail):
                    del self._waiting[reason]
            except SQLAlchemyError as error:
                log.warning("alarm not stored", reason=trouble(error))
