"""Who was signed in a moment ago, for the one page that must be shown while the database is away."""

import time
from collections import OrderedDict
from threading import Lock

from app.review.roles import Person

_MAX_AGE = 300.0
_MOST = 1_000


class RecentSessions:
    """People by session id, as the database last confirmed them: for five minutes, in the memory of this process."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[Person, float]] = OrderedDict()
        self._lock = Lock()

    def confirm(self, session_id: str, person: Person | None) -> None:
        """Remember what the database said; None stands for a session that has ended."""
        with self._lock:
            self._seen.pop(session_id, None)
            if person is not None:
                self._seen[session_id] = person, time.monotonic()
            while len(self._seen) > _MOST:
                self._seen.popitem(last=False)

    def person(self, session_id: str) -> Person | None:
        """Who it was, if that is recent enough."""
        with self._lock:
            person, confirmed = self._seen.get(session_id, (None, float("-inf")))
        return person if time.monotonic() - confirmed < _MAX_AGE else None
