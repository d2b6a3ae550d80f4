"""What is new since a page of the queue was made: told on an open stream, or whenever the page asks."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.review.queries import FlagFilter, Moment, Pages
from app.web.queue_filter import queue_query
from app.web.services import services
from app.web.sign_in import person
from app.web.streams import Seat, seats

bp = Blueprint("news", __name__, url_prefix="/flags")

#: Seconds between two looks, of silence before a sign of life, and that a stream lasts: then the browser comes again,
#: and with it the question whether its session still holds.
LOOK_EVERY = 2.0
SIGN_OF_LIFE = 6.0
LASTS = 120.0
#: Seconds until a browser comes again, and until one without a place may ask for one.
_COME_AGAIN = 3
_NO_PLACE = 60


@bp.get("/events")
def events() -> ResponseReturnValue:
    """Server-sent events `news`, each with the number of flags of this filter since the one before.

    `full` says that a newer page of the same person took the place. An event's id is the moment it tells up to; a stream
    goes on from `Last-Event-ID`, or from `since`. 503 when too many are open.
    """
    since = _moment(request.headers.get("Last-Event-ID") or request.args.get("since", ""))
    wanted = _wanted()
    places = seats()
    seat = places.take(person().subject)
    if seat is None:
        text = "Too many streams are open. Ask /flags/news.json instead.\n"
        return Response(
            text, 503, content_type="text/plain; charset=utf-8", headers={"Retry-After": str(_NO_PLACE)}
        )
    stream = Response(
        _stream(services().queries, wanted, since, seat),
        content_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )
    stream.call_on_close(lambda: places.give_back(seat))
    return stream


@bp.get("/news.json")
def since() -> ResponseReturnValue:
    """How many flags of this filter are new since the moment `since`, and the moment up to which that holds."""
    news = services().queries.news(
        _wanted(), since=_moment(request.args.get("since", "")), now=datetime.now(UTC)
    )
    return {"new": news.flags, "moment": str(news.moment)}


def _stream(pages: Pages, wanted: FlagFilter, since: Moment, seat: Seat) -> Iterator[str]:
    yield f"retry: {_COME_AGAIN * 1000}\n\n"
    ends = time.monotonic() + LASTS
    told = time.monotonic()
    while time.monotonic() < ends:
        try:
            news = pages.news(wanted, since=since, now=datetime.now(UTC))
        except SQLAlchemyError:
            return  # the browser comes again, from where it was
        if news.flags:
            since, told = news.moment, time.monotonic()
            yield f"id: {news.moment}\nevent: news\ndata: {json.dumps({'new': news.flags})}\n\n"
        elif time.monotonic() - told >= SIGN_OF_LIFE:
            told = time.monotonic()
            yield ": still here\n\n"
        if seat.wanted.wait(LOOK_EVERY):
            yield "event: full\ndata: {}\n\n"
            return


def _wanted() -> FlagFilter:
    return queue_query(request.args, me=person().subject, now=datetime.now(UTC)).flag_filter


def _moment(text: str) -> Moment:
    try:
        return Moment.parse(text)
    except ValueError:
        abort(400)
