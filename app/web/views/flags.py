"""Flagged items: the queue, and one item with the lineage of its values."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.procurement.labels import DECISIONS
from app.review.queries import Facets, Left, Sort
from app.review.queries.facets import COUNTED
from app.web.flag_page.page import flag_page
from app.web.flag_page.way_through import words_for
from app.web.list_queries import PAGE, ignore
from app.web.queue_choices import groups, in_use
from app.web.queue_filter import QueueQuery, queue_query
from app.web.queue_lines import queue_lines
from app.web.services import services
from app.web.sign_in import person

bp = Blueprint("flags", __name__, url_prefix="/flags")

SORTS = (
    ("severity", "Blocking first, then newest"),
    ("action", "By action, blocking first"),
    ("-raised", "Newest first"),
    ("raised", "Oldest first"),
    ("assignee", "By assignee"),
)


#: Bulk actions: an assignment, or one of the decisions.
ACTIONS = (
    ("assign", "Assign"),
    *((value, f"Decide: {text.lower()}") for value, text in DECISIONS.items()),
)


@bp.get("")
def queue() -> ResponseReturnValue:
    """Flags of each action's latest completed run that match the query, one page at a time."""
    query = queue_query(
        request.args, me=person().subject, now=services().clock.now(), ageing=services().ageing
    )
    for part in query.ignored:
        ignore(part.name, part.value)
    return page(query)


def page(
    query: QueueQuery, *, errors: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None
) -> str:
    """The page of the queue; `errors` and `typed` belong to a rejected form about saved views."""
    me = person().subject
    found = services().queries.flag_queue(
        query.flag_filter, sort=query.sort, after=query.after, before=query.before, limit=PAGE, owner=me
    )
    return render_template(
        "flags/queue.html",
        query=query,
        page=found,
        lines=list(
            queue_lines(
                found.page.lines,
                query,
                found.people,
                now=services().clock.now(),
                ageing=services().ageing,
            )
        ),
        left=_left(query, found.facets),
        grouped=query.sort is Sort.ACTION,
        groups=groups(query, found.facets, found.people, me=me),
        filters=list(in_use(query, found.facets, found.people, me=me)),
        sorts=SORTS,
        actions=ACTIONS,
        named=dict(SORTS)[query.sort],
        counted=COUNTED,
        newer=query.link(before=str(found.page.before)) if found.page.before else None,
        older=query.link(after=str(found.page.after)) if found.page.after else None,
        errors=errors or {},
        typed=typed or {},
    )


def _left(query: QueueQuery, facets: Facets) -> str | None:
    """How many flags match, in words; None if they were not counted."""
    found = Left.of(facets, query.flag_filter)
    if query.flag_filter.settled and found.flags is not None:
        return f"{found.flags:,} {'flag' if found.flags == 1 else 'flags'}"
    return None if found.flags is None else words_for(found)


@bp.get("/<uuid:flag_id>")
def show(flag_id: UUID) -> ResponseReturnValue:
    """One flagged item, its values side by side, and the credential behind each."""
    return flag_page(flag_id)
