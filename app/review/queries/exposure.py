"""What a thief could have held during a day, by the vault's own record of what it issued and of what is dead."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.grants import MAX_TTL_SECONDS, SIGNED_TOKEN_SECONDS, SignedToken
from app.credentials.vault_tables import VaultEventRow

_LONGEST = timedelta(seconds=MAX_TTL_SECONDS)
_SIGNED = timedelta(seconds=SIGNED_TOKEN_SECONDS)
_SIGNED_PATHS = f"{SignedToken.MOUNT}/"
_ISSUED = col(VaultEventRow.kind) == "issued"
_FIRST = select(func.min(col(VaultEventRow.at))).where(_ISSUED)
_LIVES = (
    select(
        col(VaultEventRow.path),
        col(VaultEventRow.at),
        col(VaultEventRow.ended_at),
        col(VaultEventRow.run_id),
        col(VaultEventRow.request_id),
    )
    .where(_ISSUED, col(VaultEventRow.at) > bindparam("earliest"), col(VaultEventRow.at) < bindparam("until"))
    .order_by(col(VaultEventRow.at), col(VaultEventRow.number))
)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """The lives of credentials that touch the time from `since` to `until`, oldest first.

    `log_begins` is when the vault's record begins; None if it holds no credential.
    """

    since: datetime
    until: datetime
    log_begins: datetime | None
    lives: Sequence[CredentialLife]

    @property
    def issued(self) -> Mapping[str, int]:
        """The credentials issued in this time, by tool."""
        return Counter(each.tool for each in self.lives if each.began >= self.since)

    @property
    def seconds_at_risk(self) -> float:
        """The seconds that each credential was alive in this time, added up: credential-seconds."""
        return sum(each.within(self.since, self.until) for each in self.lives)

    @property
    def exposed(self) -> float:
        """The seconds of this time in which any credential was alive."""
        seconds, reached = 0.0, self.since
        for each in self.lives:
            if each.ended > reached:
                seconds += each.within(reached, self.until)
                reached = each.ended
        return seconds

    @property
    def worst_moment(self) -> datetime | None:
        """The first moment of this time at which the most credentials were alive at once; None if there was none."""
        times, counts = self._alive()
        moments = [self.since, *times[bisect_right(times, self.since) : bisect_left(times, self.until)]]
        worst = max(moments, key=lambda at: _at(times, counts, at))
        return worst if _at(times, counts, worst) else None

    @property
    def longest(self) -> CredentialLife | None:
        """The credential that lived longest."""
        return max(self.lives, key=lambda each: each.length, default=None)

    def held_at(self, moment: datetime) -> list[CredentialLife]:
        """What a thief of everything would have held at a moment, the one that died last at the end."""
        held = [each for each in self.lives if each.began <= moment < each.ended]
        return sorted(held, key=lambda each: each.ended)

    def most_by_part(self, length: timedelta) -> list[int]:
        """The most credentials alive at once in each part of this length."""
        times, counts = self._alive()
        most, start = [], self.since
        while start < self.until:
            end = min(start + length, self.until)
            inside = counts[bisect_right(times, start) : bisect_left(times, end)]
            most.append(max([_at(times, counts, start), *inside]))
            start = end
        return most

    def _alive(self) -> tuple[list[datetime], list[int]]:
        """When the number of credentials alive changes, and what it is then. At one time, ends come before beginnings."""
        changes = [(each.began, 1) for each in self.lives] + [(each.ended, -1) for each in self.lives]
        changes.sort()
        return [at for at, _ in changes], list(accumulate(step for _, step in changes))


def exposure(db: Session, tools: Mapping[str, str], since: datetime, until: datetime) -> Exposure:
    """What could have been stolen between two times (UTC). `tools` names the tool of each path that issues a credential."""
    rows = db.execute(_LIVES, {"earliest": since - _LONGEST, "until": until})
    lives = [_life(tools[row.path], row) for row in rows if row.path in tools]
    return Exposure(
        since=since,
        until=until,
        log_begins=db.execute(_FIRST).scalar_one(),
        lives=[each for each in lives if each.ended > since],
    )


def _life(tool: str, row: Row[str, datetime, datetime | None, UUID | None, str]) -> CredentialLife:
    signed = row.path.startswith(_SIGNED_PATHS)
    latest = row.at + (_SIGNED if signed else _LONGEST)
    return CredentialLife(
        tool=tool,
        began=row.at,
        # What nobody confirmed to be dead may have lived to the end of its TTL.
        ended=latest if signed or row.ended_at is None else min(latest, max(row.at, row.ended_at)),
        is_confirmed=not signed and row.ended_at is not None,
        run_id=row.run_id,
        request_id=row.request_id,
    )


def _at(times: Sequence[datetime], counts: Sequence[int], moment: datetime) -> int:
    place = bisect_right(times, moment)
    return counts[place - 1] if place else 0
