"""Days and hours to compare, as the clock in Washington shows them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from app.web.comparable_times import bounds, day_of_query, hour_of_query
from app.web.list_queries import ignored

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "begins", "hours"),
    [
        (date(2026, 7, 1), None, "2026-07-01T04:00", 24),
        (date(2026, 7, 1), "23", "2026-07-02T03:00", 1),
        (date(2026, 3, 8), None, "2026-03-08T05:00", 23),
        (date(2026, 3, 8), "03", "2026-03-08T07:00", 1),
        (date(2026, 11, 1), None, "2026-11-01T04:00", 25),
        (date(2026, 11, 1), "01", "2026-11-01T05:00", 2),
    ],
)
def test_a_day_or_hour_lasts_as_long_as_the_clock_shows_it(day, hour, begins, hours):
    since, until = bounds(day, hour)
    assert since == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert until - since == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("query", "day", "hour", "not_taken"),
    [
        ("", None, None, []),
        ("day=2026-11-28&hour=21", date(2026, 11, 28), "21", []),
        ("day=2026-11-29", None, None, ["day"]),
        ("day=0001-01-01", None, None, ["day"]),
        ("day=9999-12-31", None, None, ["day"]),
        ("day=today&hour=07", None, None, ["day", "hour"]),
        ("day=2026-03-08&hour=02", date(2026, 3, 8), None, ["hour"]),
        ("day=2026-03-08&hour=7", date(2026, 3, 8), None, ["hour"]),
        ("hour=07", None, None, ["hour"]),
    ],
)
def test_what_is_no_day_or_hour_is_ignored_and_named(query, day, hour, not_taken):
    with Flask(__name__).test_request_context(f"/?{query}"):
        found = day_of_query(NOW)
        assert (found, hour_of_query(found)) == (day, hour)
        assert [each.name for each in ignored()] == not_taken
