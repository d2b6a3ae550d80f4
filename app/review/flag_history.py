"""The history of a flag: an append-only list of officers' events, and the state that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.procurement.free_text import REASON_LIMIT, REFERENCE_LIMIT, refusal


class Decision(StrEnum):
    """What an officer decides about a flag."""

    CONFIRMED = "confirmed"
    NOT_A_DISCREPANCY = "not_a_discrepancy"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"
    REFERRED = "referred"


class Status(StrEnum):
    """The status of a flag. Confirmed and referred flags still need action; only `closed` ones are settled."""

    OPEN = "open"
    AWAITING_CONCURRENCE = "awaiting_concurrence"
    CONFIRMED = "confirmed"
    REFERRED = "referred"
    CLOSED = "closed"


class EventKind(StrEnum):
    """The kind of an event. Events are never changed or removed: undoing a decision adds `undone`."""

    ASSIGNED = "assigned"
    DECIDED = "decided"
    CONCURRED = "concurred"
    DECLINED = "declined"
    UNDONE = "undone"
    COMMENTED = "commented"


#: Decisions that settle a flag, at once or when a second officer concurs.
CLOSING = frozenset({Decision.NOT_A_DISCREPANCY, Decision.RESOLVED, Decision.ACCEPTED})
#: Decisions that must cite a document, modification or determination.
NEED_REFERENCE = frozenset({Decision.RESOLVED, Decision.ACCEPTED})
#: The highest version of a flag: the database stores it in four bytes.
HIGHEST_VERSION = 2_147_483_647


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event of a flag's history. `number` counts from 1; `by` is the person's subject at the identity provider.

    `rationale` is the text of a comment, and mandatory except for assignments. `reference` is the document that a decision cites. `assignee` is
    None if an assignment was withdrawn. `office` and `due_on` belong to a referral: who must act, and by which Eastern day;
    None in referrals of earlier versions.
    """

    event_id: UUID
    flag_id: UUID
    number: int
    kind: EventKind
    by: str
    by_name: str
    at: datetime
    decision: Decision | None = None
    rationale: str = ""
    reference: str | None = None
    assignee: str | None = None
    office: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The state of a flag. `version` is the number of events; `decided` is the decision in force, if any."""

    version: int = 0
    status: Status = Status.OPEN
    decided: Event | None = None
    concurred: Event | None = None
    assignee: str | None = None

    @property
    def decision(self) -> Decision | None:
        """The decision in force."""
        return self.decided.decision if self.decided else None

    @property
    def office(self) -> str | None:
        """The office of the referral in force."""
        return self.decided.office if self.decided else None

    @property
    def due_on(self) -> date | None:
        """The day by which that office must act."""
        return self.decided.due_on if self.decided else None


#: The state of a flag that nobody has dealt with.
START = State()


class ReviewError(Exception):
    """An event that the flag's state does not allow. The text is shown to the officer."""


def state_of(history: Sequence[Event], *, needs_second: bool, start: State = State()) -> State:
    """The state after all events, in the order of their numbers; `start` is the one before the first.

    `needs_second` says whether a closing decision on this flag waits for a second person.
    """
    state = start
    for event in history:
        state = _after(state, event, needs_second=needs_second)
    return state


def check(state: State, event: Event, *, needs_second: bool) -> State:
    """The state after `event`. Raises `ReviewError` if the event is not allowed now."""
    if fault := _fault(event):
        raise ReviewError(fault)
    decided = state.decided
    if event.kind is EventKind.DECIDED:
        if event.decision is None:
            raise ReviewError("Choose a decision.")
        if state.status in {Status.CLOSED, Status.AWAITING_CONCURRENCE}:
            raise ReviewError("This flag is already decided. Undo that decision first.")
    if event.kind in {EventKind.CONCURRED, EventKind.DECLINED}:
        if state.status is not Status.AWAITING_CONCURRENCE or decided is None:
            raise ReviewError("No decision on this flag is waiting for a second person.")
        if decided.by == event.by:
            raise ReviewError("A second person must concur: you made this decision yourself.")
    if event.kind is EventKind.UNDONE and decided is None:
        raise ReviewError("There is no decision to undo.")
    return _after(state, event, needs_second=needs_second)


def _fault(event: Event) -> str | None:
    """What is wrong with an event, whatever state it meets."""
    fault = reason_fault(event.rationale) if event.rationale or event.kind is not EventKind.ASSIGNED else None
    if event.kind is EventKind.COMMENTED:
        fault = comment_fault(event.rationale)
    if fault := fault or reference_fault(event.decision, event.reference or ""):
        return fault
    refers = event.kind is EventKind.DECIDED and event.decision is Decision.REFERRED
    if (refers, refers) != (bool(event.office), event.due_on is not None):
        return "A referral names an office and the day by which it must act; nothing else does."
    return None


def reason_fault(text: str) -> str | None:
    """Why this reason is refused, in words for the officer; None if it is acceptable."""
    if not text.strip():
        return "Give your reason: it becomes part of the contract file."
    problem = refusal(text, limit=REASON_LIMIT, lines=True)
    return f"Your reason was not accepted. {problem}" if problem else None


def comment_fault(text: str) -> str | None:
    """Why this comment is refused, in words for the officer; None if it is acceptable."""
    if not text.strip():
        return "Write your comment: it becomes part of the contract file."
    problem = refusal(text, limit=REASON_LIMIT, lines=True)
    return f"Your comment was not accepted. {problem}" if problem else None


def reference_fault(decision: Decision | None, text: str) -> str | None:
    """Why this reference is refused, in words for the officer; None if it is acceptable."""
    if decision in NEED_REFERENCE and not text.strip():
        return "Name the document or determination it rests on."
    problem = refusal(text, limit=REFERENCE_LIMIT, lines=False)
    return f"The reference was not accepted. {problem}" if problem else None


def _after(state: State, event: Event, *, needs_second: bool) -> State:
    status, decided, concurred, assignee = state.status, state.decided, state.concurred, state.assignee
    if event.kind is EventKind.ASSIGNED:
        assignee = event.assignee
    elif event.kind is EventKind.COMMENTED:
        pass
    elif event.kind is EventKind.DECIDED and event.decision is not None:
        status, decided, concurred = _status_of(event.decision, needs_second=needs_second), event, None
    elif event.kind is EventKind.CONCURRED:
        status, concurred = Status.CLOSED, event
    else:
        status, decided, concurred = Status.OPEN, None, None
    return State(version=event.number, status=status, decided=decided, concurred=concurred, assignee=assignee)


def _status_of(decision: Decision, *, needs_second: bool) -> Status:
    if decision in CLOSING:
        return Status.AWAITING_CONCURRENCE if needs_second else Status.CLOSED
    return Status.CONFIRMED if decision is Decision.CONFIRMED else Status.REFERRED
