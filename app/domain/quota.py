"""How far a day's calls to SAM.gov go. All its services count against one daily quota, which starts anew at 00:00 UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from app.domain.procurement import ProcurementAction

_ENTITIES_PER_PAGE = 10


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
    def fits(self) -> bool:
        """Whether every run of the day gets an answer."""
        return self.calls <= self.quota

    @property
    def runs_that_fit(self) -> int:
        """How many such runs a day has room for."""
        return self.runs if self.calls == 0 else self.quota * self.runs // self.calls


def calls_of(*, vendors: int, names: int | None = None, order: bool = False) -> int:
    """Calls of one run: entities and exclusions of all vendors at once, one search per name, one for the contract.

    An order asks for its vehicle, too. Not counted: tries after an error, a second look for vendors that are not
    registered, further pages of a long answer.
    """
    return ceil(vendors / _ENTITIES_PER_PAGE) + 1 + (vendors if names is None else names) + 1 + order


def calls_for(action: ProcurementAction) -> int:
    """Calls of a run on this action."""
    return calls_of(
        vendors=len({vendor.uei for vendor in action.vendors}),
        names=len({vendor.name.upper() for vendor in action.vendors}),
        order=action.is_order,
    )


def day_of(runs: int, *, vendors: int = 3, quota: int) -> QuotaUse:
    """What a day of so many runs, each with so many vendors, would use."""
    return QuotaUse(runs=runs, calls=runs * calls_of(vendors=vendors), quota=quota)


def use_of(actions: Iterable[ProcurementAction], *, quota: int) -> QuotaUse:
    """What one run on each of these actions would use."""
    calls = [calls_for(action) for action in actions]
    return QuotaUse(runs=len(calls), calls=sum(calls), quota=quota)
