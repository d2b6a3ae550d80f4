"""The arithmetic of a day under SAM.gov's daily quota."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.procurement import ActionType, ProcurementAction, Vendor, VendorRole
from app.domain.quota import calls_for, calls_of, day_of, use_of

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


def test_three_vendors_take_six_calls():
    assert calls_of(vendors=3) == 6


def test_eleven_vendors_need_a_second_page_of_entities():
    assert calls_of(vendors=11) == calls_of(vendors=10) + 2


def test_a_firm_in_two_roles_is_asked_about_once_and_an_order_asks_for_its_vehicle():
    assert calls_for(ACTION) == 5
    assert calls_for(replace(ACTION, referenced_idv="70ZZ0124D0009")) == 6


@pytest.mark.parametrize(
    ("quota", "fits", "room"),
    [(10_000, True, 1_666), (2_400, True, 400), (2_399, False, 399), (10, False, 1)],
)
def test_a_day_of_four_hundred_runs(quota, fits, room):
    day = day_of(400, quota=quota)
    assert (day.calls, day.fits, day.runs_that_fit) == (2_400, fits, room)
    assert day.share == pytest.approx(2_400 / quota)


def test_a_day_of_known_actions():
    assert use_of([ACTION, ACTION], quota=10).share == 1.0
    assert use_of([], quota=10).runs_that_fit == 0
