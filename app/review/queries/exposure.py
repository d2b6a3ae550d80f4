"""What a thief could have held during a day, by the vault's own record of what it issued and of what is dead."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import repeat
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Float, SQLColumnExpression, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.grants import MAX_TTL_SECONDS, SIGNED_TOKEN_SECONDS, SignedToken
from app.credentials.vault_tables import VaultEventRow

_LONGEST = timedelta(seconds=MAX_TTL_SECONDS)
_SIGNED = timedelta(seconds=SIGNED_TOKEN_SECONDS)
_ISSUED = col(VaultEventRow.kind) == "issued"
_IS_SIGNED = col(VaultEventRow.path).startswith(f"{SignedToken.MOUNT}/")
#: What nobody confirmed to be dead may have lived to the end of its TTL.
_ENDED = case(
    (_IS_SIGNED, col(VaultEventRow.at) + _SIGNED),
    (col(VaultEventRow.ended_at).is_(None), col(VaultEventRow.at) + _LONGEST),
    else_=func.least(
        col(VaultEventRow.at) + _LONGEST, func.greatest(col(VaultEventRow.at), col(VaultEventRow.ended_at))
    ),
)
_FIRST = select(func.min(col(VaultEventRow.at))).where(_ISSUED)
_SINCE = bindparam("since", type_=DateTime(timezone=True))
#: The credentials that were issued before a time and not dead at another. Its bounds on `at` are for the index.
_TOUCHING = (
    _ISSUED,
    col(VaultEventRow.path).in_(bindparam("paths", expanding=True)),
    col(VaultEventRow.at) > bindparam("earliest"),
    col(VaultEventRow.at) < bindparam("until"),
    _ENDED > _SINCE,
)
_LIVES = select(
    col(VaultEventRow.path),
    col(VaultEventRow.at).label("began"),
    _ENDED.label("ended"),
    (~_IS_SIGNED & col(VaultEventRow.ended_at).is_not(None)).label("is_confirmed"),
    col(VaultEventRow.run_id),
    col(VaultEventRow.request_id),
).where(*_TOUCHING)


def _seconds(time: SQLColumnExpression[datetime]) -> ColumnElement[Sequence[float]]:
    """The seconds from `since` to a time of each credential, in order of their issue: far less to read than rows."""
    seconds = func.date_part("epoch", time - _SINCE, type_=Float)
    return func.array_agg(seconds, type_=ARRAY(Float)).aggregate_order_by(col(VaultEventRow.at))


_SPANS = select(_seconds(col(VaultEventRow.at)), _seconds(_ENDED)).where(*_TOUCHING)


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialLife:
    """From the issue of a credential to its confirmed death, or else to the end of its TTL (UTC)."""

    tool: str
    began: datetime
    ended: datetime
    is_confirmed: bool
    run_id: UUID | None
    request_id: str

    @property
    def length(self) -> timedelta:
        """How long a thief could have used it at most."""
        return self.ended - self.began

    def within(self, since: datetime, until: datetime) -> float:
        """The seconds of it between two times."""
        return max(0.0, (min(self.ended, until) - max(self.began, since)).total_seconds())


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """The lives of credentials that touch the time from `since` to `until`.

    `began` and `ended` are in seconds after `since`, one of each for each credential, in order of their issue.
    `log_begins` is when the vault's record begins; None if it holds no credential.
    """

    since: datetime
    until: datetime
    log_begins: datetime | None
    began: Sequence[float]
    ended: Sequence[float]

    @property
    def issued(self) -> int:
        """The number of credentials issued in this time."""
        return len(self.began) - bisect_left(self.began, 0.0)

    @cached_property
    def seconds_at_risk(self) -> float:
        """The seconds that each credential was alive in this time, added up: credential-seconds."""
        ends = sum(map(min, self.ended, repeat(self._length)))
        return ends - sum(map(max, self.began, repeat(0.0)))

    @property
    def exposed(self) -> float:
        """The seconds of this time in which any credential was alive."""
        seconds, reached = 0.0, 0.0
        for began, ended in zip(self.began, self.ended, strict=True):
            if ended > reached:
                seconds += ended - max(began, reached)
                reached = ended
        return seconds - max(0.0, reached - self._length)

    @property
    def worst_moment(self) -> datetime | None:
        """The first moment of this time at which the most credentials were alive at once; None if there was none."""
        first = bisect_right(self.began, 0.0)
        inside = self._alive[first:]
        most = max(inside, default=0)
        at_first = self._alive_at(0.0)
        if at_first >= most:
            return self.since if at_first else None
        return self.since + timedelta(seconds=self.began[first + inside.index(most)])

    @property
    def longest(self) -> timedelta | None:
        """The longest life of a credential."""
        lengths = [ended - began for began, ended in zip(self.began, self.ended, strict=True)]
        return timedelta(seconds=max(lengths)) if lengths else None

    def most_by_part(self, length: timedelta) -> list[int]:
        """The most credentials alive at once in each part of this length."""
        most, start, whole = [], 0.0, self._length
        while start < whole:
            end = min(start + length.total_seconds(), whole)
            inside = self._alive[bisect_right(self.began, start) : bisect_left(self.began, end)]
            most.append(max([self._alive_at(start), *inside]))
            start = end
        return most

    @property
    def _length(self) -> float:
        return (self.until - self.since).total_seconds()

    @cached_property
    def _ends(self) -> list[float]:
        return sorted(self.ended)

    @cached_property
    def _alive(self) -> list[int]:
        """How many were alive when each was issued. At one time, ends come before beginnings."""
        ends, over, alive = self._ends, 0, []
        for number, began in enumerate(self.began, 1):
            while over < number and ends[over] <= began:
                over += 1
            alive.append(number - over)
        return alive

    def _alive_at(self, second: float) -> int:
        return bisect_right(self.began, second) - bisect_right(self._ends, second)


def exposure(db: Session, tools: Mapping[str, str], since: datetime, until: datetime) -> Exposure:
    """What could have been stolen between two times (UTC). `tools` names the tool of each path that issues a credential."""
    began, ended = db.execute(_SPANS, _bounds(tools, since, until)).one()
    return Exposure(
        since=since,
        until=until,
        log_begins=db.execute(_FIRST).scalar_one(),
        began=began or [],
        ended=ended or [],
    )


def lives(db: Session, tools: Mapping[str, str], since: datetime, until: datetime) -> list[CredentialLife]:
    """The credentials that were alive at any time from `since` to `until`, both included (UTC), the last to die at the end."""
    just_after = until + timedelta.resolution
    found = [
        CredentialLife(
            tool=tools[path], began=began, ended=ended, is_confirmed=confirmed, run_id=run, request_id=request
        )
        for path, began, ended, confirmed, run, request in db.execute(
            _LIVES, _bounds(tools, since, just_after)
        )
    ]
    return sorted(found, key=lambda each: each.ended)


def _bounds(tools: Mapping[str, str], since: datetime, until: datetime) -> dict[str, object]:
    return {"paths": list(tools), "since": since, "earliest": since - _LONGEST, "until": until}
