"""Reads the stored history of flags. `app.review.reviews` adds to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, or_, select
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from app.review.flag_history import Event, EventKind, State, Status, state_of
from app.review.flag_lineage import Broken, Stretch, begins, broken, follows
from app.review.lineage_rows import event_of, lineages_with_flags
from app.review.tables import ReviewEventRow
from app.store.tables import FlagRow


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagHistory:
    """The history of a flag, oldest event first, and those of the earlier flags of its fact that have events.

    `break_in` is the first event that was tampered with or removed, here or before; None if the histories are intact.
    `state_holds` is False if the flag's stored state does not follow from them.
    """

    history: Sequence[Event]
    earlier: Sequence[Stretch]
    break_in: Broken | None
    state_holds: bool

    @property
    def broken(self) -> int | None:
        """The number of the first event that was tampered with or removed, in the flag of `break_in`."""
        return self.break_in.number if self.break_in else None


def record(db: Session, flag_id: UUID) -> FlagHistory:
    """The history of a flag."""
    # One query: an event added between two queries would look like a truncated history.
    found = lineages_with_flags(db, [flag_id]).get(flag_id)
    if found is None:
        return FlagHistory(history=(), earlier=(), break_in=None, state_holds=True)
    flag, (*earlier, own) = found
    return FlagHistory(
        history=[event for event, _ in own.events],
        earlier=earlier,
        break_in=broken(earlier, own),
        state_holds=follows(
            earlier,
            own,
            status=flag.status,
            decision=flag.decision,
            assignee=flag.assignee,
            office=flag.office,
            due_on=flag.due_on,
        ),
    )


def state_of_flag(flag: FlagRow, history: Sequence[Event], earlier: Sequence[Stretch]) -> State:
    """The state of a flag after its history, which began after these earlier flags of its fact.

    Whether a decision needs a second officer was settled when it was made; the setting may have changed since.
    """
    start, _ = begins(earlier)
    return state_of(history, needs_second=flag.status == Status.AWAITING_CONCURRENCE, start=start)


def decided_before(db: Session, flag: FlagRow, earlier: Sequence[Stretch]) -> list[tuple[FlagRow, Event]]:
    """Other flags on the same fact that have a decision in force, with that decision, newest first.

    They are the flags before this one, whatever their values, and the one that answers it; then those with the same
    values in any action.
    """
    before = [*(stretch.flag_id for stretch in earlier), *((flag.answered_by,) if flag.answered_by else ())]
    rows = db.execute(_DECIDED_BEFORE, {"fact": flag.fact_key, "but": flag.flag_id, "before": before}).all()
    return [(same, event_of(decided)) for same, decided in rows]


def histories(db: Session, flag_ids: Sequence[UUID]) -> dict[UUID, list[tuple[Event, str]]]:
    """The events of several flags, oldest first, each with its stored digest; flags without events are left out."""
    found: dict[UUID, list[tuple[Event, str]]] = {}
    for row in db.scalars(_HISTORIES, {"flags": list(flag_ids)}):
        found.setdefault(row.flag_id, []).append((event_of(row), row.digest))
    return found


def newest(db: Session, *, limit: int) -> list[Event]:
    """The latest events of all flags, newest first."""
    rows = db.scalars(
        select(ReviewEventRow)
        .order_by(col(ReviewEventRow.at).desc(), col(ReviewEventRow.event_id))
        .limit(limit)
    )
    return [event_of(row) for row in rows]


# Built once: building a statement takes longer than running it.
_HISTORIES = (
    select(ReviewEventRow)
    .where(col(ReviewEventRow.flag_id) == any_(bindparam("flags", type_=ARRAY(Uuid()))))
    .order_by(col(ReviewEventRow.flag_id), col(ReviewEventRow.number))
)
# Flags on the fact `fact` and the flags `before`, with a decision in force, each with that decision; not the flag `but`.
_IS_BEFORE = col(FlagRow.flag_id).in_(bindparam("before", expanding=True))
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
        or_(
            col(FlagRow.fact_key) == bindparam("fact"),
            _IS_BEFORE,
        ),
        col(FlagRow.flag_id) != bindparam("but"),
        col(FlagRow.decision).is_not(None),
        col(FlagRow.status) != Status.OPEN.value,
    )
    .order_by(_IS_BEFORE.desc(), col(FlagRow.decided_at).desc())
    .limit(10)
)
