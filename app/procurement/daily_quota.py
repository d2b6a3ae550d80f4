"""How far a day's calls to SAM.gov go. All its services count against one daily quota, which starts anew at 00:00 UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from app.procurement.federal_time import eastern
from app.procurement.systems import SYSTEMS, Source

#: The tools whose services share the quota.
COUNTED = tuple(system.source for system in SYSTEMS if system.counts_against_quota)
#: Runs of a full day.
FULL_DAY = 400
_ENTITIES_PER_PAGE = 10
_WORDS_OF_A_NAME = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaUse:
    """Calls of a day against the quota of its key."""

    runs: int
    calls: int
    quota: int

    @property
    def share(self) -> float:
        """Part of the quota, 1.0 for all of it."""
        return self.calls / self.quota

    @property
    def per_run(self) -> float | None:
        """Calls of a run on average; None without a run."""
        return self.calls / self.runs if self.runs else None

    @property
    def over(self) -> int:
        """Calls beyond the quota, 0 while it holds."""
        return max(self.calls - self.quota, 0)

    @property
    def runs_that_fit(self) -> int:
        """How many such runs a day has room for."""
        return self.runs if self.calls == 0 else self.quota * self.runs // self.calls


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaDay:
    """What runs have used of the quota of one day so far, as recorded call by call.

    `began` is the day's 00:00 UTC; `runs` are those that made a call on it; `calls` has the number of calls by tool.
    """

    began: datetime
    runs: int
    calls: Mapping[Source, int]
    quota: int

    @property
    def resets_at(self) -> datetime:
        """When the count starts anew, UTC."""
        return self.began + timedelta(days=1)

    @property
    def used(self) -> QuotaUse:
        """The calls so far against the quota."""
        return QuotaUse(runs=self.runs, calls=sum(self.calls.values()), quota=self.quota)

    @property
    def full_day(self) -> QuotaUse | None:
        """What a full day would use at the present average, repeated tries included; None before the first call."""
        if not self.runs:
            return None
        return QuotaUse(runs=FULL_DAY, calls=ceil(self.used.calls * FULL_DAY / self.runs), quota=self.quota)

    @property
    def planned_day(self) -> QuotaUse:
        """What a full day of runs with three vendors each is planned to use."""
        return day_of(FULL_DAY, quota=self.quota)

    def as_json(self) -> dict[str, Any]:
        """The day as plain JSON values; times in ISO 8601."""
        return {
            "day_began": self.began.isoformat(),
            "resets_at": self.resets_at.isoformat(),
            "resets_at_eastern": eastern(self.resets_at).isoformat(),
            "budget": self.quota,
            "used_by_tool": {tool.value: number for tool, number in self.calls.items()},
            "used": _use_json(self.used),
            "full_day_at_this_average": self.full_day and _use_json(self.full_day),
            "full_day_as_planned_for_three_vendors": _use_json(self.planned_day),
        }


def _use_json(use: QuotaUse) -> dict[str, Any]:
    return {
        "runs": use.runs,
        "calls": use.calls,
        "calls_per_run": None if use.per_run is None else round(use.per_run, 2),
        "share": round(use.share, 4),
        "over_budget_by": use.over,
    }


def quota_day_of(moment: datetime) -> datetime:
    """The 00:00 UTC at which the quota day of this moment began."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def calls_of(vendors: int) -> int:
    """Calls of a run on an action with so many vendors, each with a CAGE code.

    One for the entities of ten vendors, one for exclusions by UEI and one by CAGE code, one for each of two words of each
    name, one for the contract. Not counted: names and codes that SAM.gov and the contract file add, words that are too
    common, the vehicle of an order, tries after an error, a second look for vendors that are not registered or numbers
    that are left out, further pages of a long answer.
    """
    return ceil(vendors / _ENTITIES_PER_PAGE) + 2 + _WORDS_OF_A_NAME * vendors + 1


def day_of(runs: int, *, vendors: int = 3, quota: int) -> QuotaUse:
    """What a day of so many runs, each with so many vendors, would use."""
    return QuotaUse(runs=runs, calls=runs * calls_of(vendors), quota=quota)
