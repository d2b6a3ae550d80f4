"""Alarms: the list, one alarm with what was done about it, and requests to handle it."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from app.credentials.alarm_kinds import AlarmSeverity, kind_of
from app.credentials.tables import AlarmRow, AlarmState
from app.procurement.free_text import REASON_LIMIT, refusal, tidied
from app.review.queries.alarms import AlarmPage
from app.web.api.shapes import Page, RequestModel, Shape, Sought, UtcTime


class AlarmQuery(RequestModel):
    """Filters for alarms, newest first."""

    state: AlarmState | None = None
    severity: AlarmSeverity | None = None
    kind: Sought | None = None
    run_id: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: UUID | None = Field(default=None, description="The last ID of the previous page; see `next`.")


class Alarm(Shape):
    """One alarm. `seen` is how often it was seen; `credential_id` names the credential it is about, if it is one."""

    alarm_id: UUID
    kind: str
    severity: AlarmSeverity
    state: AlarmState
    detail: str
    run_id: UUID | None
    attempt: int | None
    credential_id: UUID | None
    first_seen_at: UtcTime
    last_seen_at: UtcTime
    seen: int = Field(ge=1)

    @classmethod
    def of(cls, row: AlarmRow) -> Self:
        """Make the shape from a row."""
        return cls(**_fields(row))


class Alarms(Page[Alarm]):
    """One page of alarms."""


class AlarmEvent(Shape):
    """What a person did about an alarm: `state` is what it became."""

    state: AlarmState
    by: str
    by_name: str
    at: UtcTime
    reason: str


class AlarmDelivery(Shape):
    """The delivery of an alarm by one channel. `problem` is why the last try failed."""

    channel: str
    sent_at: UtcTime | None
    tries: int
    problem: str | None


class AlarmDetail(Alarm):
    """One alarm with its meaning, the first thing to do, what was done, and whether it was sent.

    `runbook` is a heading of the runbook.
    """

    meaning: str
    action: str
    runbook: str
    events: list[AlarmEvent]
    deliveries: list[AlarmDelivery]

    @classmethod
    def of_page(cls, page: AlarmPage) -> Self:
        """Make the shape from the read model."""
        known = page.known
        return cls(
            **_fields(page.alarm),
            meaning=known.meaning,
            action=known.action,
            runbook=known.play,
            events=[AlarmEvent.model_validate(each) for each in page.events],
            deliveries=[AlarmDelivery.model_validate(each) for each in page.deliveries],
        )


def reason(text: str) -> str:
    """The reason that a person gives. Raises `ValueError`."""
    written = tidied(text)
    if not written:
        raise ValueError("is empty; a reason is needed")
    if problem := refusal(written, limit=REASON_LIMIT, lines=True):
        raise ValueError(f"is not valid: {problem}")
    return written


class Closing(RequestModel):
    """Closes an alarm."""

    reason: Annotated[str, Field(description="What caused it, and what was done."), AfterValidator(reason)]


def _fields(row: AlarmRow) -> dict[str, object]:
    return {
        "alarm_id": row.alarm_id,
        "kind": row.kind,
        "severity": kind_of(row.kind).severity,
        "state": AlarmState(row.state),
        "detail": row.detail,
        "run_id": row.run_id,
        "attempt": row.attempt,
        "credential_id": row.credential_id,
        "first_seen_at": row.raised_at,
        "last_seen_at": row.last_seen_at,
        "seen": row.seen,
    }
