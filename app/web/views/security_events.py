"""Security events, for auditors and security operators."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.review.event_records import EventOutcome
from app.review.queries import EventFilter
from app.web.list_queries import PAGE, choice, days, number_cursor, text
from app.web.recording.acts import ACTIONS
from app.web.services import services

bp = Blueprint("security_events", __name__, url_prefix="/security-events")


@bp.get("")
def trail() -> ResponseReturnValue:
    """Security events that match the query, newest first."""
    before = number_cursor()
    query = {
        "person": text("person"),
        "address": text("address"),
        "action": choice("action", ACTIONS),
        "outcome": choice("outcome", list(EventOutcome)),
        "within": days(),
    }
    chosen = {name: value for name, value in query.items() if value}
    within = query.pop("within")
    since = services().clock.now() - timedelta(days=int(within)) if within else None
    lines = services().queries.security_events(
        EventFilter(**query, since=since), before=before, limit=PAGE + 1
    )
    return render_template(
        "security_events.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].number if len(lines) > PAGE else None,
        before=before,
        chosen=chosen,
        actions=ACTIONS,
        outcomes=list(EventOutcome),
    )
