"""Streams that stay open while a page is read: how many there may be, since each holds one of the server's threads."""

from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import cast

from flask import Flask, current_app

_KEY = "triage.streams"


class Seats:
    """Places for open streams: `total` in this process, `each` for one person."""

    def __init__(self, *, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, who: str) -> Callable[[], None] | None:
        """A place for this person, as what gives it back (once, however often called); None when there is none."""
        with self._lock:
            if self._taken.total() >= self._total or self._taken[who] >= self._each:
                return None
            self._taken[who] += 1
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            with self._lock:
                if not given_back:
                    given_back = True
                    self._taken[who] -= 1

        return give_back


def join(app: Flask, *, total: int, each: int) -> None:
    """Give `app` its seats."""
    app.extensions[_KEY] = Seats(total=total, each=each)


def seats() -> Seats:
    """The seats of the current application."""
    return cast("Seats", current_app.extensions[_KEY])
