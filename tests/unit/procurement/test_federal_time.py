"""Eastern days around midnight and clock changes; fiscal years; leap years."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.procurement.federal_time import (
    a_year_after,
    eastern,
    eastern_day,
    eastern_midnight,
    fiscal_year,
    fiscal_year_end,
)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 9, 15, 3, 59, tzinfo=UTC), date(2026, 9, 14)),
        (datetime(2026, 9, 15, 4, 0, tzinfo=UTC), date(2026, 9, 15)),
        (datetime(2026, 12, 15, 4, 59, tzinfo=UTC), date(2026, 12, 14)),
        (datetime(2026, 12, 15, 5, 0, tzinfo=UTC), date(2026, 12, 15)),
        (datetime(2026, 10, 1, 3, 59, tzinfo=UTC), date(2026, 9, 30)),
        (datetime(2026, 10, 1, 9, 0, tzinfo=timezone(timedelta(hours=9))), date(2026, 9, 30)),
    ],
)
def test_the_day_is_that_of_washington(moment, day):
    assert eastern_day(moment) == day


def test_the_clock_of_washington_names_its_zone():
    assert f"{eastern(datetime(2026, 11, 25, tzinfo=UTC)):%H:%M %Z}" == "19:00 EST"
    assert f"{eastern(datetime(2026, 7, 25, tzinfo=UTC)):%H:%M %Z}" == "20:00 EDT"


@pytest.mark.skipif("America/New_York" not in available_timezones(), reason="no time zone database here")
@given(
    moment=st.datetimes(
        min_value=datetime(2007, 1, 1),  # noqa: DTZ001  # the zone is given apart
        max_value=datetime(2036, 12, 31),  # noqa: DTZ001  # likewise
        timezones=st.just(UTC),
    )
)
def test_the_time_zone_database_agrees(moment):
    assert eastern_day(moment) == moment.astimezone(ZoneInfo("America/New_York")).date()


def test_a_fiscal_year_ends_on_30_september():
    assert (fiscal_year(date(2026, 9, 30)), fiscal_year(date(2026, 10, 1))) == (2026, 2027)
    assert fiscal_year_end(date(2026, 10, 1)) == date(2027, 9, 30)


def test_a_year_after_the_29th_of_february():
    assert a_year_after(date(2028, 2, 29)) == date(2029, 3, 1)
    assert a_year_after(date(2027, 3, 1)) == date(2028, 3, 1)


@pytest.mark.parametrize(
    ("day", "begins"),
    [
        (date(2026, 7, 1), datetime(2026, 7, 1, 4, tzinfo=UTC)),
        (date(2026, 12, 1), datetime(2026, 12, 1, 5, tzinfo=UTC)),
        (date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC)),
        (date(2026, 3, 9), datetime(2026, 3, 9, 4, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),
        (date(2026, 11, 2), datetime(2026, 11, 2, 5, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_eastern_midnight(day, begins):
    assert eastern_midnight(day) == begins
    assert eastern_day(begins) == day
    assert eastern_day(begins - timedelta(microseconds=1)) == day - timedelta(days=1)
