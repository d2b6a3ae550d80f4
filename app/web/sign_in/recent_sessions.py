"""Remembers recent sessions, for the one page that works while the database is down."""

import time
from collections import OrderedDict
from threading import Lock

from app.review.roles import Person

_MAX_AGE = 300.0
_MOST = 1_000


class RecentSessions:
    """People by session id, as last confirmed by the database: for five minutes, in memory."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[Person, float]] = OrderedDict()
        self._lock = Lock()

    def confirm(self, session_id: str, person: Person | None) -> None:
        """Remember what the database said; None for a session that has ended."""
        with self._lock:
            self._seen.pop(session_id, None)
            if person is not None:
                self._seen[session_id] = person, time.monotonic()
            while len(self._seen) > _MOST:
                self._seen.popitem(last=False)

    def person(self, session_id: str) -> Person | None:
        """The person of this session, None if not confirmed recently."""
        with self._lock:
            person, confirmed = self._seen.get(session_id, (None, float("-inf")))
        return person if time.monotonic() - confirmed < _MAX_AGE else None
