"""The way through the queue: the flags beside one of them, and how many are left."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session, defer

from app.review.flag_history import Status
from app.review.queries import flag_search
from app.review.queries.facets import Facets, total_and_blocking
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.queue import Place, Sort, neighbour
from app.store.tables import FlagRow


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
    return Way(
        before=neighbour(db, wanted, sort=sort, place=place, share=share, back=True),
        after=neighbour(db, wanted, sort=sort, place=place, share=share),
        left=_left(db, wanted, share),
    )


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
    found = neighbour(
        db, wanted, sort=sort, place=Place.of(flag, sort), share=share, but=flag_id
    ) or neighbour(db, wanted, sort=sort, place=None, share=share, but=flag_id)
    return Next(done=flag, flag_id=found, left=_left(db, wanted, share))


def _left(db: Session, wanted: FlagFilter, share: float) -> Left:
    flags, blocking = total_and_blocking(db, wanted, share=share) or (None, None)
    return Left(flags=flags, blocking=blocking)
