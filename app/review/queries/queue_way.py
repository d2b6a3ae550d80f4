"""The way through the queue: the flags beside one of them, and how many are left."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from app.review.flag_history import Status
from app.review.queries import flag_search
from app.review.queries.facets import COUNTED, Facets, total_and_blocking
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.queue import ORDERS, Place, Sort
from app.store.tables import FlagRow

#: Flags beside a place whose texts are read before a search looks everywhere.
_NEAR = 500
#: The statement for each form of a queue: building it takes longer than running it.
_STATEMENTS: dict[tuple[Any, ...], Any] = {}
_KEPT = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """How many flags of a queue are left, and how many of these block; None if too many match a search to be counted."""

    flags: int | None
    blocking: int | None

    @classmethod
    def of(cls, counted: Facets, wanted: FlagFilter) -> "Left":
        """The same from the counts beside a page of the queue."""
        total = counted.total
        if wanted.severity is None:
            return cls(flags=total, blocking=counted.of("severity", "blocking"))
        return cls(flags=total, blocking=total if wanted.severity == "blocking" else 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """The flags before and after one in a queue, by id; None at either end."""

    before: UUID | None
    after: UUID | None
    left: Left


@dataclass(frozen=True, kw_only=True, slots=True)
class Next:
    """What follows a decision on the flag `done`: the next flag, None if there is none, and how many are left."""

    done: FlagRow
    flag_id: UUID | None
    left: Left


def way(db: Session, wanted: FlagFilter, *, sort: Sort, flag: FlagRow) -> Way:
    """The flags beside this one, which need not be in the queue itself."""
    share = flag_search.share(db, wanted.text)
    place = Place.of(flag, sort)
    values = wanted.values
    shape = (
        frozenset(values),
        # The only field that is written into the statement.
        wanted.action,
        wanted.text is None,
        wanted.settled,
        wanted.earlier,
        sort,
        share < flag_search.FULL_PAGE,
        share < flag_search.FULL_COUNT,
        COUNTED,
    )
    statement = _STATEMENTS.get(shape)
    if statement is None:
        if len(_STATEMENTS) >= _KEPT:
            _STATEMENTS.clear()
        statement = _STATEMENTS[shape] = _way(wanted, sort, place, share)
    before, after, *left = db.execute(statement, values | place.values).one()
    return Way(before=before, after=after, left=_left(wanted, *left))


def _way(wanted: FlagFilter, sort: Sort, place: Place, share: float) -> Any:
    left = total_and_blocking(wanted, share=share).subquery()
    beside = (_beside(wanted, sort=sort, place=place, share=share, back=back) for back in (True, False))
    return select(*beside, left.c.flags, left.c.blocking)


def _beside(wanted: FlagFilter, *, sort: Sort, place: Place, share: float, back: bool) -> Any:
    """The first flag after a place, or before it if `back`. What a search finds is often among the nearest."""
    first = _first(wanted, sort=sort, place=place, share=share, back=back).scalar_subquery()
    if wanted.text is None:
        return first
    order = ORDERS[sort]
    by = order.by(back=back)
    nearest = select(
        col(FlagRow.search), func.row_number().over(order_by=by).label("number"), col(FlagRow.flag_id)
    )
    near = nearest.where(*replace(wanted, text=None).all(), order.beyond(place, back=back))
    some = near.order_by(*by).limit(_NEAR).subquery()
    found = flag_search.search_of(wanted.text).condition(index=False, text=some.c.search)
    one = select(some.c.flag_id).where(found).order_by(some.c.number).limit(1)
    return func.coalesce(one.scalar_subquery(), first)


def next_open(db: Session, wanted: FlagFilter, *, sort: Sort, flag_id: UUID) -> Next | None:
    """Where to go on after this flag, which was just decided; None if there is no such flag.

    Where the queue holds all that is not closed, only flags that nobody decided are left to work on.
    """
    flag = db.get(FlagRow, flag_id, options=[defer(FlagRow.search)])
    if flag is None:
        return None
    if wanted.status is None and not wanted.settled:
        wanted = replace(wanted, status=Status.OPEN, settled=True)
    share = flag_search.share(db, wanted.text)
    # After the last one, those that were passed over.
    places = (Place.of(flag, sort), None)
    tried = (_first(wanted, sort=sort, place=place, share=share, but=flag_id) for place in places)
    found = next((each for query in tried if (each := db.scalars(query).first())), None)
    left = db.execute(total_and_blocking(wanted, share=share)).one()
    return Next(done=flag, flag_id=found, left=_left(wanted, *left))


def _first(
    wanted: FlagFilter,
    *,
    sort: Sort,
    place: Place | None,
    share: float,
    back: bool = False,
    but: UUID | None = None,
) -> Select[UUID]:
    """Statement for the first flag after a place, or before it if `back`; of all flags if `place` is None. `but` is passed over."""
    order = ORDERS[sort]
    query = select(col(FlagRow.flag_id)).where(*wanted.all(index=share < flag_search.FULL_PAGE))
    if place is not None:
        query = query.where(order.beyond(place, back=back))
    if but is not None:
        query = query.where(col(FlagRow.flag_id) != but)
    return query.order_by(*order.by(back=back)).limit(1)


def _left(wanted: FlagFilter, flags: int, blocking: int) -> Left:
    if wanted.sought() and flags > COUNTED:
        return Left(flags=None, blocking=None)
    return Left(flags=int(flags), blocking=int(blocking))
