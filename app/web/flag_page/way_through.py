"""The way from flag to flag: the queue a page was opened from, what is beside the flag there, and what follows a decision.

The queue is the parameter `queue` of the page, a query string of the list. Without it, it is the whole queue.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from app.review.queries import Left, Way
from app.web.list_queries import ignore
from app.web.queue_filter import QueueQuery, query_of_text
from app.web.services import services
from app.web.sign_in.current_person import person

#: The parameter that carries the queue.
QUEUE = "queue"


@dataclass(frozen=True, kw_only=True, slots=True)
class WayThrough:
    """Links from a flag to those beside it, None at either end, and to the queue they are from."""

    back: str
    before: str | None
    after: str | None
    left: str


def queue_of_request() -> QueueQuery:
    """The queue that this page was opened from."""
    found = services()
    return query_of_text(
        request.args.get(QUEUE, ""), me=person().subject, now=found.clock.now(), ageing=found.ageing
    )


def way_through(query: QueueQuery, found: Way) -> WayThrough:
    """The way on in this queue. Parts of the address that are no filter are noted as ignored."""
    for part in query.ignored:
        ignore(part.name, part.value)
    return WayThrough(
        back=query.link(),
        before=_address(found.before, query) if found.before else None,
        after=_address(found.after, query) if found.after else None,
        left=words_for(found.left),
    )


def go_on(flag_id: UUID, done: str) -> Response:
    """Lead to the next flag of the queue, or back to the queue at its end, and confirm what was recorded."""
    query = queue_of_request()
    found = services().queries.next_open(query.flag_filter, sort=query.sort, flag_id=flag_id) or abort(404)
    flag = found.done
    rest = words_for(found.left) if found.flag_id else "Nothing left here"
    confirmation: Any = {
        "text": f"Recorded: {done[0].lower()}{done[1:]} on {flag.rule} {flag.title}, {flag.action_id}.",
        "url": stay(flag_id, anchor="deciding"),
        "link": "View or undo",
        "rest": f"{rest}.",
    }
    flash(confirmation, "success")
    return redirect(_address(found.flag_id, query) if found.flag_id else query.link(), HTTPStatus.SEE_OTHER)


def stay(flag_id: UUID, *, anchor: str | None = None) -> str:
    """The address of a flag in the queue that this page was opened from."""
    queue = queue_of_request().query_string
    return url_for("flags.show", flag_id=flag_id, queue=queue or None, _anchor=anchor)


def words_for(left: Left) -> str:
    """How many flags are left, in words: "37 left, 12 blocking"."""
    if left.flags is None:
        return "Too many left to count"
    return f"{left.flags:,} left, {left.blocking or 0:,} blocking"


def carry_queue(_endpoint: str, values: dict[str, Any]) -> None:
    """Add the queue of this page to the addresses of its forms."""
    if QUEUE in request.args and (queue := queue_of_request().query_string):
        values[QUEUE] = queue


def _address(flag_id: UUID, query: QueueQuery) -> str:
    return url_for("flags.show", flag_id=flag_id, queue=query.query_string or None)
