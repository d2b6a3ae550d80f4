"""Server-sent events: a stream that looks for something new every moment, and ends by itself."""

import time
from collections.abc import Callable, Iterator

from flask import Response
from sqlalchemy.exc import SQLAlchemyError

from app.web.sign_in import person
from app.web.streams import Seat, seats

#: Seconds before a keep-alive comment, and that a stream lasts. Then the browser reconnects, and its session is checked
#: again.
SIGN_OF_LIFE = 6.0
LASTS = 120.0
#: Seconds until a browser reconnects, and until it retries if all places are taken.
_COME_AGAIN = 3
_NO_PLACE = 60


def event_stream(look: Callable[[], str | None], *, every: float, instead: str) -> Response:
    """The events that `look` returns as text, asked `every` so many seconds; None when there is nothing new.

    An event `full` says that a newer page of the same person took the place. 503, with a hint what to use `instead`, if
    too many are open. The stream ends if the database does not answer; the browser comes again.
    """
    places = seats()
    seat = places.take(person().subject)
    if seat is None:
        text = f"Too many streams are open. Use {instead} instead.\n"
        return Response(
            text, 503, content_type="text/plain; charset=utf-8", headers={"Retry-After": str(_NO_PLACE)}
        )
    stream = Response(
        _events(look, every, seat), content_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )
    stream.call_on_close(lambda: places.give_back(seat))
    return stream


def _events(look: Callable[[], str | None], every: float, seat: Seat) -> Iterator[str]:
    yield f"retry: {_COME_AGAIN * 1000}\n\n"
    ends = time.monotonic() + LASTS
    last_sent = time.monotonic()
    while time.monotonic() < ends:
        try:
            event = look()
        except SQLAlchemyError:
            return
        if event:
            last_sent = time.monotonic()
            yield event
        elif time.monotonic() - last_sent >= SIGN_OF_LIFE:
            last_sent = time.monotonic()
            yield ": keep-alive\n\n"
        if seat.wanted.wait(every):
            yield "event: full\ndata: {}\n\n"
            return
