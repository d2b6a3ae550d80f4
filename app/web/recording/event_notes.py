"""What views say about the security event of their request."""

from dataclasses import dataclass, field
from typing import Any

from flask import g

from app.review.event_records import EventOutcome
from app.review.flag_history import Decision, EventKind
from app.review.roles import Person


@dataclass(kw_only=True, slots=True)
class EventNotes:
    """Notes about the event of one request. `also` are actions that the same request showed, with their details."""

    outcome: EventOutcome | None = None
    person: Person | None = None
    reference: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    also: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def event_notes() -> EventNotes:
    """The notes of the current request."""
    if "event_notes" not in g:
        g.event_notes = EventNotes()
    known: EventNotes = g.event_notes
    return known


def note(**detail: Any) -> None:
    """Add details to the event of this request. None may be a secret."""
    event_notes().detail.update(detail)


def note_review(
    kind: EventKind, decision: Decision | None, assignee: str | None, office: str | None = None
) -> None:
    """Add what an officer does with a flag. The reasons are in its history."""
    stated = {
        "review": kind.value,
        "decision": decision.value if decision else None,
        "assignee": assignee,
        "office": office,
    }
    note(**{name: value for name, value in stated.items() if value is not None})


def note_refusal(reason: str) -> None:
    """Have the event of this request say that it was refused, and why."""
    event_notes().outcome = EventOutcome.REFUSED
    note(reason=reason)
