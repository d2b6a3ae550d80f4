"""Announces new flags to open pages of the queue, by server-sent events or polling."""

import json

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from app.review.queries import FlagFilter, Moment
from app.web.event_streams import event_stream
from app.web.queue_filter import queue_query
from app.web.services import services
from app.web.sign_in import person

bp = Blueprint("news", __name__, url_prefix="/flags")

#: Seconds between two queries.
LOOK_EVERY = 2.0


@bp.get("/events")
def events() -> ResponseReturnValue:
    """Server-sent events `news`, each with the number of matching flags since the previous event.

    The id of an event is the moment up to which it counts; a stream resumes from `Last-Event-ID`, or from `since`.
    """
    since = _moment(request.headers.get("Last-Event-ID") or request.args.get("since", ""))
    wanted, pages, clock = _wanted(), services().queries, services().clock

    def look() -> str | None:
        nonlocal since
        news = pages.news(wanted, since=since, now=clock.now())
        if not news.flags:
            return None
        since = news.moment
        return f"id: {news.moment}\nevent: news\ndata: {json.dumps({'new': news.flags})}\n\n"

    return event_stream(look, every=LOOK_EVERY, instead="/flags/news.json")


@bp.get("/news.json")
def since() -> ResponseReturnValue:
    """The number of matching flags since the moment `since`, and the moment up to which it counts."""
    news = services().queries.news(
        _wanted(), since=_moment(request.args.get("since", "")), now=services().clock.now()
    )
    return {"new": news.flags, "moment": str(news.moment)}


def _wanted() -> FlagFilter:
    return queue_query(
        request.args, me=person().subject, now=services().clock.now(), ageing=services().ageing
    ).flag_filter


def _moment(text: str) -> Moment:
    try:
        return Moment.parse(text)
    except ValueError:
        abort(400)
