"""The arithmetic of a day under SAM.gov's daily quota."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from app.domain.casefile import Source
from app.domain.procurement import ActionType, ProcurementAction, Vendor, VendorRole
from app.domain.quota import COUNTED, QuotaDay, calls_for, calls_of, day_of, quota_day_of, use_of

ACTION = ProcurementAction(
    action_id="ACT-1",
    action_type=ActionType.NEW_AWARD,
    piid="70ZZ0126C0001",
    modification=None,
    amount=Decimal(1),
    effective_date=date(2026, 9, 14),
    description="",
    vendors=(
        Vendor(uei="ZZ9TESTVNDR1", name="ONE", role=VendorRole.PRIME),
        Vendor(uei="ZZ9TESTVNDR1", name="one", role=VendorRole.OWNER),
        Vendor(uei="ZZ9TESTVNDR2", name="TWO", role=VendorRole.SUBCONTRACTOR),
    ),
)


def test_three_vendors_take_seven_calls_and_six_without_a_cage_code():
    assert calls_of(vendors=3) == 7
    assert calls_of(vendors=3, cages=False) == 6


def test_eleven_vendors_need_a_second_page_of_entities():
    assert calls_of(vendors=11) == calls_of(vendors=10) + 2


def test_a_firm_in_two_roles_is_asked_about_once_and_an_order_asks_for_its_vehicle():
    assert calls_for(ACTION) == 5
    assert calls_for(replace(ACTION, referenced_idv="70ZZ0124D0009")) == 6


@pytest.mark.parametrize(("cage", "calls"), [(None, 5), ("9ZZ91", 6), ("00000", 5)])
def test_cage_codes_are_asked_about_all_at_once_where_there_are_any(cage, calls):
    prime, *others = ACTION.vendors
    assert calls_for(replace(ACTION, vendors=(replace(prime, cage=cage), *others))) == calls


@pytest.mark.parametrize(
    ("quota", "fits", "room"),
    [(10_000, True, 1_428), (2_800, True, 400), (2_799, False, 399), (10, False, 1)],
)
def test_a_day_of_four_hundred_runs(quota, fits, room):
    day = day_of(400, quota=quota)
    assert (day.calls, day.fits, day.runs_that_fit) == (2_800, fits, room)
    assert day.share == pytest.approx(2_800 / quota)


def test_a_day_of_known_actions():
    assert use_of([ACTION, ACTION], quota=10).share == 1.0
    assert use_of([], quota=10).runs_that_fit == 0


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
def test_passing_the_budget_is_told_in_calls(quota, over):
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
