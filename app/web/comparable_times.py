"""The time that a page compares: an Eastern day, or one hour of it."""

from datetime import date, datetime, timedelta

from flask import request

from app.procurement.federal_time import eastern, eastern_day, eastern_midnight
from app.web.list_queries import MOST_DAYS, choice, ignore

#: The hours of a day, as the query and the page write them.
HOURS = tuple(f"{hour:02}" for hour in range(24))
_HOUR = timedelta(hours=1)


def day_of_query(now: datetime) -> date | None:
    """The Eastern day in `day`; None if it is not set, is not one, lies ahead or more than ten years back."""
    value = request.args.get("day")
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = date.max
    if 0 <= (eastern_day(now) - day).days <= MOST_DAYS:
        return day
    ignore("day", value)
    return None


def hour_of_query(day: date | None) -> str | None:
    """The Eastern hour in `hour`; None if it is not set, or is none of this day."""
    hour = choice("hour", HOURS)
    if hour is not None and (day is None or not starts_of_hour(day, hour)):
        ignore("hour", hour)
        return None
    return hour


def bounds(day: date, hour: str | None) -> tuple[datetime, datetime]:
    """When a day or one of its hours begins and ends, in universal time. One that the clock shows twice lasts two hours."""
    if hour is None:
        return eastern_midnight(day), eastern_midnight(day + timedelta(days=1))
    starts = starts_of_hour(day, hour)
    return starts[0], starts[-1] + _HOUR


def starts_of_hour(day: date, hour: str) -> list[datetime]:
    """The moments at which this hour begins: none or two of them on the days on which the clock changes."""
    moments = (eastern_midnight(day) + number * _HOUR for number in range(25))
    return [each for each in moments if eastern_day(each) == day and eastern(each).hour == int(hour)]


def moments_of(local: datetime) -> list[datetime]:
    """The moments at which Washington's clock shows this: none or two of them in an hour that is left out or shown twice."""
    after_the_hour = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return [start + after_the_hour for start in starts_of_hour(local.date(), f"{local:%H}")]
