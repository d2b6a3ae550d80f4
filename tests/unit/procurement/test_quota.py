"""The arithmetic of a day under SAM.gov's daily quota."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.procurement.daily_quota import COUNTED, QuotaDay, calls_of, day_of, quota_day_of
from app.procurement.systems import Source


def test_three_vendors_take_ten_calls():
    assert calls_of(3) == 10


def test_eleven_vendors_need_a_second_page_of_entities():
    assert calls_of(11) == calls_of(10) + 3


@pytest.mark.parametrize(
    ("quota", "over", "room"),
    [(10_000, 0, 1_000), (4_000, 0, 400), (3_999, 1, 399), (10, 3_990, 1)],
)
def test_a_day_of_four_hundred_runs(quota, over, room):
    day = day_of(400, quota=quota)
    assert (day.calls, day.over, day.runs_that_fit) == (4_000, over, room)
    assert day.share == pytest.approx(4_000 / quota)


def day(runs, *calls, quota=10_000):
    return QuotaDay(
        began=datetime(2026, 11, 24, tzinfo=UTC),
        runs=runs,
        calls=dict(zip(COUNTED, calls or (0, 0, 0), strict=True)),
        quota=quota,
    )


def test_a_day_counts_all_services_and_looks_ahead_at_its_own_average():
    seven = day(7, 7, 27, 7)
    assert (seven.used.calls, seven.used.over) == (41, 0)
    assert seven.used.per_run == pytest.approx(41 / 7)
    assert (seven.full_day.runs, seven.full_day.calls) == (400, 2_343)
    assert seven.planned_day == day_of(400, quota=10_000)


def test_before_the_first_call_there_is_no_average():
    none = day(0)
    assert (none.used.calls, none.used.per_run, none.full_day) == (0, None, None)
    assert none.as_json()["full_day_at_this_average"] is None


@pytest.mark.parametrize(("quota", "over"), [(42, 0), (41, 0), (40, 1)])
def test_a_day_over_the_quota_is_stated_in_calls(quota, over):
    figures = day(7, 7, 27, 7, quota=quota).as_json()
    assert figures["used"]["over_budget_by"] == over
    assert figures["budget"] == quota
    assert figures["used_by_tool"] == {Source.SAM_GOV: 7, Source.DEBARMENT: 27, Source.CONTRACTS: 7}
    assert figures["full_day_at_this_average"]["over_budget_by"] == 2_343 - quota


def test_the_count_starts_anew_at_midnight_utc_which_is_evening_in_washington():
    figures = day(1, 1, 1, 1).as_json()
    assert figures["resets_at"] == "2026-11-25T00:00:00+00:00"
    assert figures["resets_at_eastern"] == "2026-11-24T19:00:00-05:00"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 24, tzinfo=UTC),
        datetime(2026, 11, 24, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 11, 24, 18, 59, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_the_quota_day_is_that_of_universal_time(moment):
    assert quota_day_of(moment) == datetime(2026, 11, 24, tzinfo=UTC)
