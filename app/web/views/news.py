"""Announces new flags to open pages of the queue, by server-sent events or polling."""

import json
import time
from collections.abc import Iterator

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.review.queries import FlagFilter, Moment, Pages
from app.web.database_clock import DatabaseClock
from app.web.queue_filter import queue_query
from app.web.services import services
from app.web.sign_in import person
from app.web.streams import Seat, seats

bp = Blueprint("news", __name__, url_prefix="/flags")

#: Seconds between two queries, before a keep-alive comment, and that a stream lasts. Then the browser reconnects, and
#: its session is checked again.
LOOK_EVERY = 2.0
SIGN_OF_LIFE = 6.0
LASTS = 120.0
#: Seconds until a browser reconnects, and until it retries if all places are taken.
_COME_AGAIN = 3
_NO_PLACE = 60


@bp.get("/events")
def events() -> ResponseReturnValue:
    """Server-sent events `news`, each with the number of matching flags since the previous event.

    `full` says that a newer page of the same person took the place. The id of an event is the moment up to which it
    counts; a stream resumes from `Last-Event-ID`, or from `since`. 503 if too many are open.
    """
    since = _moment(request.headers.get("Last-Event-ID") or request.args.get("since", ""))
    wanted = _wanted()
    places = seats()
    seat = places.take(person().subject)
    if seat is None:
        text = "Too many streams are open. Use /flags/news.json instead.\n"
        return Response(
            text, 503, content_type="text/plain; charset=utf-8", headers={"Retry-After": str(_NO_PLACE)}
        )
    stream = Response(
        _stream(services().queries, services().clock, wanted, since, seat),
        content_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )
    stream.call_on_close(lambda: places.give_back(seat))
    return stream


@bp.get("/news.json")
def since() -> ResponseReturnValue:
    """The number of matching flags since the moment `since`, and the moment up to which it counts."""
    news = services().queries.news(
        _wanted(), since=_moment(request.args.get("since", "")), now=services().clock.now()
    )
    return {"new": news.flags, "moment": str(news.moment)}


def _stream(
    pages: Pages, clock: DatabaseClock, wanted: FlagFilter, since: Moment, seat: Seat
) -> Iterator[str]:
    yield f"retry: {_COME_AGAIN * 1000}\n\n"
    ends = time.monotonic() + LASTS
    last_sent = time.monotonic()
    while time.monotonic() < ends:
        try:
            news = pages.news(wanted, since=since, now=clock.now())
        except SQLAlchemyError:
            return  # the browser reconnects and resumes
        if news.flags:
            since, last_sent = news.moment, time.monotonic()
            yield f"id: {news.moment}\nevent: news\ndata: {json.dumps({'new': news.flags})}\n\n"
        elif time.monotonic() - last_sent >= SIGN_OF_LIFE:
            last_sent = time.monotonic()
            yield ": keep-alive\n\n"
        if seat.wanted.wait(LOOK_EVERY):
            yield "event: full\ndata: {}\n\n"
            return


def _wanted() -> FlagFilter:
    return queue_query(
        request.args, me=person().subject, now=services().clock.now(), ageing=services().ageing
    ).flag_filter


def _moment(text: str) -> Moment:
    try:
        return Moment.parse(text)
    except ValueError:
        abort(400)
