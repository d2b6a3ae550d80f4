"""The age of flags: by when an officer should have decided one, by its severity, in calendar days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Self

from app.procurement.federal_time import eastern_day
from app.procurement.finding import Severity
from app.procurement.labels import plural
from app.review.flag_history import Status
from app.review.settings import ReviewSettings

#: The statuses in which a flag still waits for a decision or for a second officer.
UNDECIDED = (Status.OPEN, Status.AWAITING_CONCURRENCE)


class Aging(Protocol):
    """What the age of a flag is read from."""

    severity: str
    status: str
    open_since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Age:
    """The age of a flag that is not decided: when a decision is due, and whether that has passed."""

    open_for: timedelta
    due_at: datetime
    limit: int
    severity: str
    late: bool

    @property
    def words(self) -> str:
        """The age in words, as "open 6 days, 1 day past the limit of 5 for blocking flags"."""
        days = self.open_for.days
        opened = f"open {plural(days, 'day')}" if days else "open since today"
        if not self.late:
            return f"{opened}, to be decided by {eastern_day(self.due_at)}"
        past = plural(days - self.limit, "day") if days > self.limit else "less than a day"
        return f"{opened}, {past} past the limit of {self.limit} for {self.severity} flags"

    @property
    def sentence(self) -> str:
        """The words as a sentence."""
        return f"{self.words[:1].upper()}{self.words[1:]}."


@dataclass(frozen=True, kw_only=True, slots=True)
class AgeingPolicy:
    """The calendar days after which a flag that is not decided is late, by its severity."""

    days: Mapping[str, int]

    @classmethod
    def of_settings(cls, settings: ReviewSettings) -> Self:
        """The policy of an installation."""
        return cls(
            days={
                Severity.BLOCKING.value: settings.blocking_days,
                Severity.ADVISORY.value: settings.advisory_days,
            }
        )

    def age(self, flag: Aging, now: datetime) -> Age | None:
        """The age of a flag; None if it is decided."""
        limit = self.days.get(flag.severity)
        if limit is None or flag.status not in UNDECIDED:
            return None
        due_at = flag.open_since + timedelta(days=limit)
        return Age(
            open_for=max(now - flag.open_since, timedelta()),
            due_at=due_at,
            limit=limit,
            severity=flag.severity,
            late=due_at <= now,
        )

    def late_before(self, now: datetime) -> Mapping[str, datetime]:
        """By severity, the time since which a flag must have been open to be late."""
        return {severity: now - timedelta(days=days) for severity, days in self.days.items()}
