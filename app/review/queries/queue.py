"""The queue of flags: its orders, and pages of it forward or back from any place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, tuple_
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from app.review.queries import flag_search
from app.review.queries.facets import Facets
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.flags import FlagLine
from app.review.queries.news import Moment
from app.review.roles import Person
from app.review.tables import SavedViewRow
from app.store.tables import ActionRow, FlagRow

#: Rows read from the database at once when every flag is wanted.
_CHUNK = 500
#: Every column except the search text, which is large and never shown.
_SHOWN: Any = defer(FlagRow.search)


class Sort(StrEnum):
    """An order of the queue. Ties are ordered by time and id."""

    SEVERITY = "severity"
    """Blocking first, then newest."""
    NEWEST = "-raised"
    OLDEST = "raised"
    ACTION = "action"
    """By action, the newest first, each with blocking first."""
    ASSIGNEE = "assignee"
    """By assignee, each with blocking first, then newest; unassigned flags last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place between two flags of the queue, where a page starts or ends. Its text is part of page addresses."""

    first: tuple[str, ...]
    raised_at: datetime
    flag_id: UUID

    @classmethod
    def of(cls, flag: FlagRow, sort: Sort) -> Self:
        """The place of this flag in that order."""
        first = tuple(getattr(flag, column.key) for column in ORDERS[sort].first)
        return cls(first=first, raised_at=flag.raised_at, flag_id=flag.flag_id)

    @classmethod
    def parse(cls, text: str, sort: Sort) -> Self:
        """The place that `str` wrote. Raises ValueError if it is not one, or belongs to another order."""
        number = len(ORDERS[sort].first)
        *first, raised_at, flag_id = text.rsplit("~", number + 1)
        time = datetime.fromisoformat(raised_at)
        if len(first) != number or time.tzinfo is None or "\x00" in text:
            raise ValueError(text)
        return cls(first=tuple(first), raised_at=time, flag_id=UUID(flag_id))

    def __str__(self) -> str:
        return "~".join((*self.first, self.raised_at.isoformat(), str(self.flag_id)))

    @property
    def values(self) -> dict[str, Any]:
        """The place's values of the columns of the order, by the name of their parameter in a statement."""
        key = (*self.first, self.raised_at, self.flag_id)
        return {f"place_{number}": value for number, value in enumerate(key)}


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuePage:
    """Some lines of the queue. `before` and `after` are the places of the pages beside it; None at either end."""

    lines: Sequence[FlagLine]
    before: Place | None
    after: Place | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagQueue:
    """A page of the queue with what is shown around it. `people` are all known people, by subject."""

    page: QueuePage
    facets: Facets
    moment: Moment
    people: Mapping[str, Person]
    views: Sequence[SavedViewRow]


@dataclass(frozen=True, slots=True)
class Order:
    """The columns before time and id, and whether all of them descend."""

    first: tuple[Any, ...]
    descending: bool

    @property
    def columns(self) -> tuple[Any, ...]:
        return (*self.first, col(FlagRow.raised_at), col(FlagRow.flag_id))

    def by(self, *, back: bool = False) -> list[Any]:
        return [each.asc() if self.descending == back else each.desc() for each in self.columns]

    def beyond(self, place: Place, *, back: bool) -> ColumnElement[bool]:
        """Whether a flag comes after a place, or before it if `back`."""
        here = tuple_(*self.columns)
        there = tuple_(
            *(
                bindparam(name, value, column.type)
                for (name, value), column in zip(place.values.items(), self.columns, strict=True)
            )
        )
        return here > there if self.descending == back else here < there


#: Alphabetically, "blocking" follows "advisory", and "" (unassigned) precedes all names.
_SEVERITY, _ASSIGNED = col(FlagRow.severity), col(FlagRow.assigned_to)
ORDERS = {
    Sort.SEVERITY: Order((_SEVERITY,), descending=True),
    Sort.NEWEST: Order((), descending=True),
    Sort.OLDEST: Order((), descending=False),
    Sort.ACTION: Order((col(FlagRow.action_id), _SEVERITY), descending=True),
    Sort.ASSIGNEE: Order((_ASSIGNED, _SEVERITY), descending=True),
}


def page(
    db: Session,
    wanted: FlagFilter,
    *,
    sort: Sort,
    after: Place | None,
    before: Place | None,
    limit: int,
    share: float,
) -> QueuePage:
    """At most `limit` lines after or before a place. `share` of the flags match the text of the filter, see `flag_search`."""
    back = before is not None
    place = before or after
    order = ORDERS[sort]
    query = select(FlagRow).options(_SHOWN).where(*wanted.all(index=share < flag_search.FULL_PAGE))
    if place is not None:
        query = query.where(order.beyond(place, back=back))
    lines = _with_actions(db, db.scalars(query.order_by(*order.by(back=back)).limit(limit + 1)).all())
    more = len(lines) > limit
    lines = lines[:limit][::-1] if back else lines[:limit]
    return QueuePage(
        lines=lines,
        before=Place.of(lines[0].flag, sort) if lines and (more if back else place is not None) else None,
        after=Place.of(lines[-1].flag, sort) if lines and (back or more) else None,
    )


def matching(db: Session, wanted: FlagFilter, *, sort: Sort) -> Iterator[FlagLine]:
    """Every flag that matches, in order, from one snapshot. Read in chunks as they are consumed."""
    index = flag_search.share(db, wanted.text) < flag_search.FULL_COUNT
    query = select(FlagRow).options(_SHOWN).where(*wanted.all(index=index)).order_by(*ORDERS[sort].by())
    for part in db.scalars(query.execution_options(yield_per=_CHUNK)).partitions():
        yield from _with_actions(db, part)


def some(db: Session, flag_ids: Sequence[UUID]) -> list[FlagLine]:
    """These flags in this order, without unknown ids."""
    query = select(FlagRow).options(_SHOWN).where(col(FlagRow.flag_id).in_(flag_ids))
    found = {line.flag.flag_id: line for line in _with_actions(db, db.scalars(query).all())}
    return [found[each] for each in flag_ids if each in found]


def _with_actions(db: Session, flags: Sequence[FlagRow]) -> list[FlagLine]:
    """The flags with their actions. A join before the limit would read all actions."""
    wanted = {flag.action_id for flag in flags}
    actions = (
        db.scalars(select(ActionRow).where(col(ActionRow.action_id).in_(wanted))).all() if wanted else []
    )
    known = {action.action_id: action for action in actions}
    return [FlagLine(flag=flag, action=known[flag.action_id]) for flag in flags]
