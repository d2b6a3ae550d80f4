"""Days and years as the Government counts them: Eastern days, and fiscal years that begin on 1 October."""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

_EDT, _EST = timezone(timedelta(hours=-4), "EDT"), timezone(timedelta(hours=-5), "EST")
_SUNDAY = 6
_OCTOBER = 10


def eastern(moment: datetime) -> datetime:
    """The clock in Washington, D.C., at a moment that carries its offset.

    Worked out from the rule in force since 2007 (15 U.S.C. 260a), so that it needs no time zone database: summer time
    from 2 a.m. on the second Sunday of March to 2 a.m. on the first Sunday of November.
    """
    utc = moment.astimezone(UTC)
    begins, ends = _summer_time(utc.year)
    return utc.astimezone(_EDT if begins <= utc < ends else _EST)


def eastern_day(moment: datetime) -> date:
    """The calendar day in Washington, D.C., at a moment that carries its offset."""
    return eastern(moment).date()


def eastern_midnight(day: date) -> datetime:
    """The moment a calendar day begins in Washington, D.C., in universal time."""
    summer = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    return summer if eastern_day(summer) == day else summer + timedelta(hours=1)


@lru_cache(maxsize=64)
def _summer_time(year: int) -> tuple[datetime, datetime]:
    """When it begins and ends, in universal time."""
    begins = datetime(year, 3, _first_sunday(year, 3) + 7, 7, tzinfo=UTC)
    return begins, datetime(year, 11, _first_sunday(year, 11), 6, tzinfo=UTC)


def fiscal_year(day: date) -> int:
    """The fiscal year a day belongs to: 30 September 2026 is the last day of 2026."""
    return day.year + (day.month >= _OCTOBER)


def fiscal_year_end(day: date) -> date:
    """The last day of the fiscal year a day belongs to."""
    return date(fiscal_year(day), 9, 30)


def a_year_after(day: date) -> date:
    """The same day of the next year; for 29 February, 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def _first_sunday(year: int, month: int) -> int:
    return 1 + (_SUNDAY - date(year, month, 1).weekday()) % 7
