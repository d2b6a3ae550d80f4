"""Limits the open streams and exports, since each holds one of the server's threads."""

from collections import deque
from threading import Event, Lock
from typing import cast

from flask import Flask, current_app

_KEY = "triage.streams"


class Seat:
    """One person's place. `wanted` is set when another page of this person takes it over."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.wanted = Event()


class Seats:
    """Places for requests that hold a thread for long: `total` in this process, `each` for one person.

    The server notices that a page was closed only when it sends something. So a person's newest stream takes the place
    of their oldest, if these seats `gives_way`.
    """

    def __init__(self, *, total: int, each: int, gives_way: bool = True) -> None:
        self._total = total
        self._each = each
        self._gives_way = gives_way
        self._taken: deque[Seat] = deque()
        self._lock = Lock()

    def take(self, who: str) -> Seat | None:
        """A place for this person, to be given back later; None if there is none left."""
        with self._lock:
            own = [seat for seat in self._taken if seat.who == who]
            if len(own) >= self._each:
                if not self._gives_way:
                    return None
                own[0].wanted.set()
                self._taken.remove(own[0])
            elif len(self._taken) >= self._total:
                return None
            seat = Seat(who)
            self._taken.append(seat)
            return seat

    def give_back(self, seat: Seat) -> None:
        """Release a seat; does nothing if another page has taken it over."""
        with self._lock:
            if seat in self._taken:
                self._taken.remove(seat)


def init_app(app: Flask, *, total: int, each: int) -> None:
    """Add the seats to `app`."""
    app.extensions[_KEY] = Seats(total=total, each=each)


def seats() -> Seats:
    """The seats of the current application."""
    return cast("Seats", current_app.extensions[_KEY])
