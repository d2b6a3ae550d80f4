"""Federal business days: Monday to Friday but for the legal public holidays, worked out by rule (5 U.S.C. 6103)."""

from datetime import date, timedelta
from functools import lru_cache

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_DAY = timedelta(days=1)
#: The year in which Juneteenth became a legal public holiday.
_JUNETEENTH_SINCE = 2021
_FIXED = ((1, 1), (7, 4), (11, 11), (12, 25))


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """The days in this year on which federal offices rest for a holiday, as observed.

    A holiday on a Saturday is observed on the Friday before, one on a Sunday on the Monday after: New Year's Day of
    the next year can therefore fall into this one.
    """
    fixed = [date(year, month, day) for month, day in _FIXED]
    fixed.append(date(year + 1, 1, 1))
    if year >= _JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    moving = (
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _nth(year, 6, _MONDAY, 1) - timedelta(weeks=1),  # the last Monday of May
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 10, _MONDAY, 2),
        _nth(year, 11, _THURSDAY, 4),
    )
    return frozenset(day for day in (*map(_observed, fixed), *moving) if day.year == year)


def is_business_day(day: date) -> bool:
    """Whether federal offices work on this day."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def on_or_after(day: date) -> date:
    """The first business day that is not before this one."""
    while not is_business_day(day):
        day += _DAY
    return day


@lru_cache(maxsize=1024)
def business_days_after(day: date, count: int) -> date:
    """The `count`-th business day after this one, which itself is not counted."""
    for _ in range(count):
        day = on_or_after(day + _DAY)
    return day


def months_after(day: date, months: int) -> date:
    """The same day of a later month; where that month is too short, the first day of the one after it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year, month + 2, 1)


def _observed(day: date) -> date:
    return day + {_SATURDAY: -_DAY, _SUNDAY: _DAY}.get(day.weekday(), timedelta())


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7, weeks=nth - 1)
