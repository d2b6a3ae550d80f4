"""Makes the security event of each request that signs somebody in or out, changes or exports something, or is refused."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request

from app.review.event_records import EventOutcome, SecurityEvent
from app.web.access import SAFE_METHODS
from app.web.recording.acts import ACCESS_REFUSED, ERROR, SIGN_IN_STARTED, TOKEN_REFUSED, act_of
from app.web.recording.event_notes import EventNotes, event_notes
from app.web.services import services
from app.web.sign_in.current_person import visitor
from app.web.sign_in.sessions import browser_session

_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
#: Carried out even while no event can be kept: leaving is always possible.
_LEAVING = frozenset({"sign_in.out", "sign_in.out_everywhere"})


class UnrecordableError(Exception):
    """So many security events wait for the database that nothing more that must be recorded is carried out."""


def init_app(app: Flask) -> None:
    """Record the security events of `app`. Call this before `access.init_app`: the guard's refusals are events."""
    app.before_request(_demand_room)
    app.after_request(_record)


def _demand_room() -> None:
    if request.endpoint not in _LEAVING and _act() and services().event_outbox.is_full:
        g.unrecordable = True
        raise UnrecordableError


def _record(response: Response) -> Response:
    notes, outbox = event_notes(), services().event_outbox
    act = _act()
    if notes.outcome is EventOutcome.REFUSED or response.status_code in _REFUSALS:
        outbox.record_refusal(_event(act or _refused_action(), EventOutcome.REFUSED, notes, response))
    elif act is not None and "unrecordable" not in g and (notes.person or visitor()):
        done = response.status_code < HTTPStatus.BAD_REQUEST
        outcome = EventOutcome.SUCCEEDED if done else EventOutcome.FAILED
        outbox.record(_event(act, notes.outcome or outcome, notes, response))
    elif act is not None or response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        outbox.record_refusal(_event(act or ERROR, EventOutcome.FAILED, notes, response))
    for action, detail in notes.also:
        outbox.record(_event(action, EventOutcome.NOTED, notes, response, detail))
    return response


def _act() -> str | None:
    return act_of(request.endpoint, writes=request.method not in SAFE_METHODS)


def _refused_action() -> str:
    if request.endpoint == "sign_in.start":
        return SIGN_IN_STARTED
    if "Authorization" in request.headers and visitor() is None:
        return TOKEN_REFUSED
    return ACCESS_REFUSED


def _event(
    action: str,
    outcome: EventOutcome,
    notes: EventNotes,
    response: Response,
    detail: Mapping[str, Any] | None = None,
) -> SecurityEvent:
    person = notes.person or visitor()
    return SecurityEvent.of(
        at=services().clock.now(),
        action=action,
        outcome=outcome,
        person=person.subject if person else None,
        address=request.remote_addr,
        fingerprint=_fingerprint() if person else None,
        object=_object(),
        detail=detail or {**notes.detail, "status": response.status_code},
        reference=notes.reference,
    )


def _object() -> str:
    """What the request was about, such as `flag 1f0c…`; otherwise its path."""
    named = [f"{name.removesuffix('_id')} {value}" for name, value in (request.view_args or {}).items()]
    return ", ".join(named) or request.path


def _fingerprint() -> str | None:
    """The SHA-256 of what the person presented, which was valid: their token or the id of their session."""
    if g.get("by_token"):
        presented: str | None = request.headers.get("Authorization", "").strip().partition(" ")[2].strip()
    else:
        presented = browser_session().session_id
    return hashlib.sha256(presented.encode()).hexdigest() if presented else None
