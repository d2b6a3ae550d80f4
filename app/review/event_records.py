"""The record of security events: who did what from where, and whether it was allowed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import text

from app.connections.database import Sessions
from app.connections.redaction import redact

#: Characters of a value that are kept, and items of a list.
_LONGEST, _MOST = 500, 200
_STORE = text("SELECT record_security_events(CAST(:events AS jsonb))")


class EventOutcome(StrEnum):
    """What became of an action. What nobody asked for, such as a start, is only noted."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"
    NOTED = "noted"


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityEvent:
    """One security event. Make it with `of`, which removes secrets and what the database cannot store.

    `person` is a subject; `fingerprint` the SHA-256 (hex) of the session's id or of the access token; `reference` finds
    the error in the log. `times` is more than 1 where several refusals are counted as one event.
    """

    at: datetime
    action: str
    outcome: EventOutcome
    person: str | None = None
    address: str | None = None
    fingerprint: str | None = None
    object: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    times: int = 1
    event_id: UUID = field(default_factory=uuid4)

    @classmethod
    def of(cls, **values: Any) -> Self:
        """An event with these fields: no value holds a secret, and none is longer than 500 characters."""
        event = cls(**values)
        return replace(
            event,
            action=_clean(event.action),
            person=_clean(event.person),
            address=_clean(event.address),
            object=_clean(event.object),
            detail=_clean(event.detail),
        )

    def as_json(self) -> dict[str, Any]:
        """The event with values that JSON has. Times are in UTC."""
        return {
            "event_id": str(self.event_id),
            "at": self.at.isoformat(),
            "action": self.action,
            "outcome": self.outcome.value,
            "person": self.person,
            "address": self.address,
            "fingerprint": self.fingerprint,
            "object": self.object,
            "detail": dict(self.detail),
            "reference": self.reference,
            "times": self.times,
        }


class EventRecords:
    """Stores security events."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def add(self, events: Sequence[SecurityEvent]) -> None:
        """Store all of them or none. An event that was stored before is left as it is."""
        sent = json.dumps([event.as_json() for event in events])
        with self._sessions.begin() as db:
            db.execute(_STORE, {"events": sent})


def _clean(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_text(name): _clean(each) for name, each in list(value.items())[:_MOST]}
        case list() | tuple() | set() | frozenset():
            return [_clean(each) for each in list(value)[:_MOST]]
        case _:
            return _text(value)


def _text(value: object) -> str:
    # PostgreSQL stores neither NUL nor lone surrogates.
    storable = str(value).encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return redact(storable)[:_LONGEST]
