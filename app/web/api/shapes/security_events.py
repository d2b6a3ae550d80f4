"""Security events."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.review.event_records import EventOutcome
from app.web.api.shapes import Days, OneOf, Page, RequestModel, Shape, Sought, UtcTime
from app.web.recording.acts import ACTIONS


class EventQuery(RequestModel):
    """Filters for security events, newest first."""

    person: Sought | None = Field(default=None, description="A subject.")
    address: Sought | None = None
    action: Annotated[str, OneOf(tuple(ACTIONS))] | None = None
    outcome: EventOutcome | None = None
    within: Days | None = Field(default=None, description="In the last N days.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Annotated[int, Field(ge=0, lt=10**18)] | None = Field(
        default=None, description="The last number of the previous page; see `next`."
    )


class RecordedEvent(Shape):
    """One security event. `fingerprint` is the SHA-256 of the session's id or of the access token.

    `times` is more than 1 where refusals of one address are counted together.
    """

    number: int
    event_id: UUID
    at: UtcTime
    recorded_at: UtcTime
    action: str
    outcome: EventOutcome
    person: str | None
    address: str | None
    fingerprint: str | None
    object: str | None
    detail: dict[str, Any]
    reference: str | None
    times: int


class SecurityEvents(Page[RecordedEvent]):
    """One page of security events."""
