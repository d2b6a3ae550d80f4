"""Read security events."""

from datetime import timedelta

from flask import Response

from app.review.queries import EventFilter
from app.web.api.operations import following, operation, reply
from app.web.api.shapes.security_events import EventQuery, RecordedEvent, SecurityEvents
from app.web.services import services


@operation("GET", "/security-events", query=EventQuery, answers={200: SecurityEvents})
def security_events(query: EventQuery) -> Response:
    """Who signed in, changed, exported or was refused what, from where; newest first."""
    wanted = EventFilter(
        person=query.person,
        address=query.address,
        action=query.action,
        outcome=query.outcome,
        since=services().clock.now() - timedelta(days=query.within) if query.within else None,
    )
    lines = services().queries.security_events(wanted, before=query.before, limit=query.limit + 1)
    shown, more = lines[: query.limit], len(lines) > query.limit
    return reply(
        SecurityEvents(
            items=[RecordedEvent.model_validate(line) for line in shown],
            next=following(shown[-1].number if more else None, name="before"),
        )
    )
