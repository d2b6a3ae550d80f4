"""Reads the stored history of flags. `app.review.reviews` adds to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from app.review.flag_history import (
    Decision,
    Event,
    EventKind,
    State,
    Status,
    first_broken,
    state_follows,
    state_of,
)
from app.review.tables import ReviewEventRow
from app.store.tables import FlagRow


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagHistory:
    """The history of a flag, oldest event first.

    `broken` is the number of the first event that was tampered with or removed; None if the history is intact.
    `state_holds` is False if the flag's stored state does not follow from its history.
    """

    history: Sequence[Event]
    broken: int | None
    state_holds: bool


def record(db: Session, flag_id: UUID) -> FlagHistory:
    """The history of a flag."""
    # One query: an event added between two queries would look like a truncated history.
    rows = db.execute(_RECORD, {"flag": flag_id}).all()
    stored = [
        (_event(row.ReviewEventRow), row.ReviewEventRow.digest)
        for row in rows
        if row.ReviewEventRow is not None
    ]
    history, flag = [event for event, _ in stored], next(iter(rows), None)
    return FlagHistory(
        history=history,
        broken=first_broken(stored, version=flag.version if flag else 0),
        state_holds=flag is None
        or state_follows(history, status=flag.status, decision=flag.decision, assignee=flag.assignee),
    )


def state_of_flag(flag: FlagRow, history: Sequence[Event]) -> State:
    """The state of a flag after its history.

    Whether a decision needs a second officer was settled when it was made; the setting may have changed since.
    """
    return state_of(history, needs_second=flag.status == Status.AWAITING_CONCURRENCE)


def decided_before(db: Session, flag: FlagRow) -> list[tuple[FlagRow, Event]]:
    """Earlier flags on the same fact that have a decision in force, with that decision, newest first."""
    if flag.fact_key is None:
        return []
    rows = db.execute(_DECIDED_BEFORE, {"fact": flag.fact_key, "but": flag.flag_id}).all()
    return [(same, _event(decided)) for same, decided in rows]


def histories(db: Session, flag_ids: Sequence[UUID]) -> dict[UUID, list[tuple[Event, str]]]:
    """The events of several flags, oldest first, each with its stored digest; flags without events are left out."""
    rows = db.scalars(
        select(ReviewEventRow)
        .where(col(ReviewEventRow.flag_id).in_(flag_ids))
        .order_by(col(ReviewEventRow.flag_id), col(ReviewEventRow.number))
    )
    found: dict[UUID, list[tuple[Event, str]]] = {}
    for row in rows:
        found.setdefault(row.flag_id, []).append((_event(row), row.digest))
    return found


def newest(db: Session, *, limit: int) -> list[Event]:
    """The latest events of all flags, newest first."""
    rows = db.scalars(
        select(ReviewEventRow)
        .order_by(col(ReviewEventRow.at).desc(), col(ReviewEventRow.event_id))
        .limit(limit)
    )
    return [_event(row) for row in rows]


def _event(row: ReviewEventRow) -> Event:
    fields = row.model_dump(exclude={"digest"})
    decision = Decision(row.decision) if row.decision else None
    return Event(
        **{**fields, "kind": EventKind(row.kind), "decision": decision, "at": row.at.astimezone(UTC)}
    )


# Built once: building a statement takes longer than running it.
# The flag `flag` beside each event of its history; one row without an event if it has none.
_RECORD = (
    select(
        col(FlagRow.version),
        col(FlagRow.status),
        col(FlagRow.decision),
        col(FlagRow.assignee),
        ReviewEventRow,
    )
    .outerjoin(ReviewEventRow, col(ReviewEventRow.flag_id) == col(FlagRow.flag_id))
    .where(col(FlagRow.flag_id) == bindparam("flag"))
    .order_by(col(ReviewEventRow.number))
)
# Flags on the fact `fact` with a decision in force, each with that decision, without the flag `but`.
_DECIDED_BEFORE = (
    select(FlagRow, ReviewEventRow)
    .options(defer(FlagRow.search))
    .join(
        ReviewEventRow,
        and_(
            col(ReviewEventRow.flag_id) == col(FlagRow.flag_id),
            col(ReviewEventRow.kind) == EventKind.DECIDED.value,
            # Of several, the one in force.
            col(ReviewEventRow.at) == col(FlagRow.decided_at),
        ),
    )
    .where(
        col(FlagRow.fact_key) == bindparam("fact"),
        col(FlagRow.flag_id) != bindparam("but"),
        col(FlagRow.decision).is_not(None),
        col(FlagRow.status) != Status.OPEN.value,
    )
    .order_by(col(FlagRow.decided_at).desc())
    .limit(10)
)
