"""Streams that stay open while a page is read: how many there may be, since each holds one of the server's threads."""

from collections import deque
from threading import Event, Lock
from typing import cast

from flask import Flask, current_app

_KEY = "triage.streams"


class Seat:
    """A place of one person. `wanted` is set when another page of this person needs it."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.wanted = Event()


class Seats:
    """Places for what holds a thread for long: `total` in this process, `each` for one person.

    A page that was left is noticed only when something is sent to it, so that the newest stream of a person takes the
    place of their oldest; unless nothing here `gives_way`.
    """

    def __init__(self, *, total: int, each: int, gives_way: bool = True) -> None:
        self._total = total
        self._each = each
        self._gives_way = gives_way
        self._taken: deque[Seat] = deque()
        self._lock = Lock()

    def take(self, who: str) -> Seat | None:
        """A place for this person, to be given back; None when all are taken, by others where streams give way."""
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
        """Let somebody else have it; one that another page took is not given back twice."""
        with self._lock:
            if seat in self._taken:
                self._taken.remove(seat)


def init_app(app: Flask, *, total: int, each: int) -> None:
    """Give `app` its seats."""
    app.extensions[_KEY] = Seats(total=total, each=each)


def seats() -> Seats:
    """The seats of the current application."""
    return cast("Seats", current_app.extensions[_KEY])
