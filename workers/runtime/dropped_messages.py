"""Alarms about messages that are no attempt. Nothing that a sender wrote is repeated: any of it may be a secret."""

import time
from collections import Counter
from collections.abc import Callable
from threading import Lock

import structlog

log = structlog.get_logger()

#: Seconds between two alarms for the same reason: a flood of messages is no flood of rows.
_PAUSE = 60.0


class DroppedMessages:
    """Counts the messages that one worker dropped. The first is an alarm at once; the next alarm counts all since.

    One thread may note messages while another reports them.
    """

    def __init__(self, store: Callable[[str], bool]) -> None:
        """`store` stores an alarm with this detail, or returns False if there are too many; see `alarm_about_message`."""
        self._store = store
        self._lock = Lock()
        self._waiting: Counter[str] = Counter()
        self._told: dict[str, float] = {}

    def note(self, reason: str) -> None:
        """Note one. `reason` is one of a few fixed texts."""
        with self._lock:
            self._waiting[reason] += 1

    def report(self) -> None:
        """Raise the alarms that are due. Those that cannot be stored stay due. Raises what `store` raises."""
        now = time.monotonic()
        with self._lock:
            waiting = dict(self._waiting)
        for reason, number in waiting.items():
            if now - self._told.get(reason, -_PAUSE) < _PAUSE:
                continue
            log.warning("message dropped", reason=reason, number=number)
            if self._store(f"{reason}; dropped: {number}"):
                with self._lock:
                    self._waiting -= Counter({reason: number})
            self._told[reason] = now
