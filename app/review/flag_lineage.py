"""The flags of one fact, run after run: what a flag carries over from the one before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.review.event_chain import first_broken
from app.review.flag_history import START, Event, EventKind, State, Status, state_of

#: A decision that leaves the flag in need of action stays in force when a later run finds the same again.
CARRIED = frozenset({Status.CONFIRMED, Status.REFERRED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """One flag of a fact, with its events and their stored digests, oldest first.

    `version` is the flag's own count of events, `carried` the number of them that the next flag builds on.
    """

    flag_id: UUID
    run_id: UUID
    raised_at: datetime
    version: int
    carried: int
    events: Sequence[tuple[Event, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """The first event of a fact that was changed or is missing: its flag, and its number there."""

    flag_id: UUID
    number: int


def begins(earlier: Sequence[Stretch]) -> tuple[State, str]:
    """The state in which a flag begins after these earlier ones, oldest first, and the digest its chain continues."""
    state, digest = START, ""
    for stretch in earlier:
        history = stretch.events[: stretch.carried]
        # With or without a second officer: what is closed or awaits one is not carried.
        state = carried(state_of([event for event, _ in history], needs_second=False, start=state))
        digest = history[-1][1] if history else digest
    return state, digest


def carried(state: State) -> State:
    """The state in which the next flag of the fact begins."""
    if state.status in CARRIED:
        return State(status=state.status, decided=state.decided, assignee=state.assignee)
    return State(assignee=state.assignee)


def broken(earlier: Sequence[Stretch], own: Stretch) -> Broken | None:
    """The first event of a flag or of those before it that was changed or is missing; None if all are intact."""
    digest = ""
    for stretch in (*earlier, own):
        if any(event.flag_id != stretch.flag_id for event, _ in stretch.events):
            return Broken(flag_id=stretch.flag_id, number=1)
        number = first_broken(stretch.events, version=max(stretch.version, stretch.carried), start=digest)
        if number is not None:
            return Broken(flag_id=stretch.flag_id, number=number)
        digest = stretch.events[stretch.carried - 1][1] if stretch.carried else digest
    return None


def follows(
    earlier: Sequence[Stretch],
    own: Stretch,
    *,
    status: str,
    decision: str | None,
    assignee: str | None,
    office: str | None,
    due_on: date | None,
) -> bool:
    """Whether a flag's stored state follows from its own events and from what it carried over."""
    start, _ = begins(earlier)
    return state_follows(
        [event for event, _ in own.events],
        status=status,
        decision=decision,
        assignee=assignee,
        office=office,
        due_on=due_on,
        start=start,
    )


def comments(stretches: Sequence[Stretch]) -> Iterator[tuple[Stretch, Event]]:
    """The comments on these flags, oldest first, each with the flag it was made on."""
    for stretch in stretches:
        for event, _ in stretch.events:
            if event.kind is EventKind.COMMENTED:
                yield stretch, event


def state_follows(
    history: Sequence[Event],
    *,
    status: str,
    decision: str | None,
    assignee: str | None,
    office: str | None = None,
    due_on: date | None = None,
    start: State = START,
) -> bool:
    """Whether a flag's stored state follows from its history, which began in the state `start`.

    It may follow with or without a second officer: which rules need one may have changed since.
    """
    states = (state_of(history, needs_second=needs_second, start=start) for needs_second in (False, True))
    return (status, decision, assignee, office, due_on) in {
        (
            str(each.status),
            str(each.decision) if each.decision else None,
            each.assignee,
            each.office,
            each.due_on,
        )
        for each in states
    }
