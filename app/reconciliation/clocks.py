"""How far the clocks of vault and tools are from the database's, by which records are dated. Pure.

The vault's clock is measured by the sweeper, and shows in each attempt: its login follows its claim, which the database
dates. A tool's clock shows in the first use of each credential, which follows its issue within seconds.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

#: How far clocks may differ before an alarm says so, with what a line takes.
LEEWAY = timedelta(seconds=6)
#: So many credentials around a time say what a tool's clock showed; with fewer than the least it is taken to be right.
_AROUND, _LEAST = 7, 3
_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much a clock may be behind and ahead: right, as measured, or anything between if it was set meanwhile."""

    behind: timedelta = _NONE
    ahead: timedelta = _NONE

    @classmethod
    def of(cls, *measured: timedelta) -> "Shift":
        """From measurements, positive where the clock is ahead."""
        return cls(min(_NONE, *measured), max(_NONE, *measured))

    def fits(self, difference: timedelta) -> bool:
        """Whether a time by this clock minus one by the database's may be those of one moment."""
        return self.behind - LEEWAY <= difference <= self.ahead + LEEWAY


_RIGHT = Shift()


@dataclass(frozen=True, slots=True)
class FirstUse:
    """When a credential of an attempt was issued, by its record, and first used, by its tool."""

    system: str
    run_id: UUID
    attempt: int
    issued_at: datetime
    used_at: datetime


class ToolClocks:
    """What first uses say of the tools' clocks. One credential says nothing: its first use may be a thief's."""

    def __init__(self, uses: Iterable[FirstUse]) -> None:
        offsets: defaultdict[str, list[tuple[datetime, timedelta]]] = defaultdict(list)
        for use in frozenset(uses):
            offsets[use.system].append((use.issued_at, use.used_at - use.issued_at))
        #: Of the tools whose clock was ever off: the median of small offsets is small.
        self._offsets = {
            system: sorted(known)
            for system, known in offsets.items()
            if any(abs(offset) > LEEWAY for _, offset in known)
        }

    def shift(self, system: str, at: datetime) -> Shift:
        """That of a tool when credentials were issued around `at`."""
        known = self._offsets.get(system, [])
        if len(known) < _LEAST:
            return _RIGHT
        place = bisect(known, (at, _NONE))
        nearest = known[max(0, place - _AROUND) : place + _AROUND]
        around = sorted(nearest, key=lambda each: abs(each[0] - at))[:_AROUND]
        offset = timedelta(seconds=median(each.total_seconds() for _, each in around))
        return _RIGHT if abs(offset) <= LEEWAY else Shift.of(offset)
