"""Reads flags with the earlier flags of their facts, and all their events."""

from collections.abc import Sequence
from datetime import UTC
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, bindparam, literal, or_, select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.review.flag_history import Decision, Event, EventKind
from app.review.flag_lineage import Stretch
from app.review.tables import ReviewEventRow
from app.store.tables import FlagRow


def lineages(db: Session, flag_ids: Sequence[UUID]) -> dict[UUID, list[Stretch]]:
    """Each of these flags after the earlier flags of its fact that have events, oldest first."""
    return {flag_id: stretches for flag_id, (_, stretches) in lineages_with_flags(db, flag_ids).items()}


def lineages_with_flags(db: Session, flag_ids: Sequence[UUID]) -> dict[UUID, tuple[Row[Any], list[Stretch]]]:
    """As `lineages`, each with the row of the flag: `status`, `decision`, `assignee`, `office` and `due_on`."""
    found: dict[UUID, tuple[Row[Any], list[Stretch]]] = {}
    rows = db.execute(_LINEAGES, {"flags": list(flag_ids)}).all()
    for (head, _), its in groupby(rows, key=lambda row: (row.head, row.flag_id)):
        first, *more = its
        stretch = Stretch(
            flag_id=first.flag_id,
            run_id=first.run_id,
            raised_at=first.raised_at,
            version=first.version,
            carried=first.carried,
            events=[
                (event_of(each.ReviewEventRow), each.ReviewEventRow.digest)
                for each in (first, *more)
                if each.ReviewEventRow is not None
            ],
        )
        _, before = found.get(head, (None, []))
        found[head] = first, [*before, stretch]
    return found


def event_of(row: ReviewEventRow) -> Event:
    """The event that a row stores."""
    fields = row.model_dump(exclude={"digest"})
    decision = Decision(row.decision) if row.decision else None
    return Event(
        **{**fields, "kind": EventKind(row.kind), "decision": decision, "at": row.at.astimezone(UTC)}
    )


# Built once: building a statement takes longer than running it.
# The flags `flags`, each with those before it in `back` steps, and how many events the next one builds on.
_HEAD = (
    select(
        col(FlagRow.flag_id).label("head"),
        col(FlagRow.flag_id).label("flag_id"),
        col(FlagRow.previous).label("previous"),
        col(FlagRow.carried_version).label("builds_on"),
        literal(0, Integer).label("carried"),
        literal(0, Integer).label("back"),
    )
    .where(col(FlagRow.flag_id).in_(bindparam("flags", expanding=True)))
    .cte("way", recursive=True)
)
_BEFORE = aliased(FlagRow)
_WAY = _HEAD.union_all(
    select(
        _HEAD.c.head,
        col(_BEFORE.flag_id),
        col(_BEFORE.previous),
        col(_BEFORE.carried_version),
        _HEAD.c.builds_on,
        _HEAD.c.back + 1,
    ).join(_HEAD, col(_BEFORE.flag_id) == _HEAD.c.previous)
)
_LINEAGES = (
    select(
        _WAY.c.head,
        _WAY.c.carried,
        col(FlagRow.flag_id),
        col(FlagRow.run_id),
        col(FlagRow.raised_at),
        col(FlagRow.version),
        col(FlagRow.status),
        col(FlagRow.decision),
        col(FlagRow.assignee),
        col(FlagRow.office),
        col(FlagRow.due_on),
        ReviewEventRow,
    )
    .join(FlagRow, col(FlagRow.flag_id) == _WAY.c.flag_id)
    .outerjoin(ReviewEventRow, col(ReviewEventRow.flag_id) == _WAY.c.flag_id)
    .where(
        or_(
            _WAY.c.back == 0,
            col(FlagRow.version) != 0,
            _WAY.c.carried != 0,
            col(ReviewEventRow.event_id).is_not(None),
        )
    )
    .order_by(_WAY.c.head, _WAY.c.back.desc(), col(ReviewEventRow.number))
)
