"""Flags that became visible since a page was made. A moment is a PostgreSQL snapshot, so that no flag is missed."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Self

from sqlalchemy import BigInteger, String, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlmodel import col

from app.review.queries.flag_filter import FlagFilter
from app.store.tables import FlagRow

_WRITTEN = re.compile(r"(\d{1,18}):(\d{1,18}):((?:\d{1,18}(?:,\d{1,18})*)?)", re.ASCII)
_LONGEST = 4_000
#: Pages older than this get no news. A database restored from a backup starts its transaction ids over.
_RECENT = timedelta(days=1)


_NOW = cast(func.pg_current_snapshot(), String)
_MOMENT = select(_NOW)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """Visible transactions: all before `ended`, and those before `begun` that were not `under_way`."""

    ended: int
    begun: int
    under_way: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse PostgreSQL's text form of a snapshot. Raises ValueError for anything else."""
        known = _WRITTEN.fullmatch(text) if len(text) <= _LONGEST else None
        if known is None:
            raise ValueError(f"no moment: {text!r}")
        ended, begun = int(known[1]), int(known[2])
        under_way = tuple(int(each) for each in known[3].split(",") if each)
        if not 0 < ended <= begun or any(
            low >= high for low, high in pairwise((ended - 1, *under_way, begun))
        ):
            raise ValueError(f"no moment: {text!r}")
        return cls(ended=ended, begun=begun, under_way=under_way)

    def __str__(self) -> str:
        return f"{self.ended}:{self.begun}:{','.join(map(str, self.under_way))}"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFlags:
    """The number of flags that became visible up to `moment`."""

    flags: int
    moment: Moment


def moment(db: Session) -> Moment:
    """The present moment, as the transaction sees it."""
    return Moment.parse(db.execute(_MOMENT).scalar_one())


def news(db: Session, wanted: FlagFilter, *, since: Moment, now: datetime) -> NewFlags:
    """How many flags that match became visible since then."""
    arrived = col(FlagRow.arrived)
    new = (
        select(func.count())
        .select_from(FlagRow)
        .where(
            arrived >= since.ended,
            (arrived >= since.begun) | (arrived == func.any(cast(list(since.under_way), ARRAY(BigInteger)))),
            col(FlagRow.raised_at) > now - _RECENT,
            *wanted.all(index=False),
        )
    )
    flags, at = db.execute(select(new.scalar_subquery(), _NOW)).one()
    return NewFlags(flags=flags, moment=Moment.parse(at))
