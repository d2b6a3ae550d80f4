"""C04: the contract is open on the day of the action, and its vehicle takes orders."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

DAY = date(2026, 9, 14)
YESTERDAY = DAY - timedelta(days=1)


@pytest.fixture
def reported(report):
    def build(modification="0", *, signed=date(2025, 9, 1), **fields):
        return replace(report(modification=modification), signed=signed, **fields)

    return build


@pytest.fixture
def order(award):
    return replace(award, piid="70ZZ0126F0001", referenced_idv="70ZZ0124D0001")


@pytest.fixture
def vehicle(reported):
    def build(**fields):
        return replace(reported(**fields), piid="70ZZ0124D0001", is_vehicle=True)

    return build


@pytest.fixture
def third(modification):
    return replace(modification, modification="P00003")


def severities(found):
    return [each.severity.value for each in found]


@pytest.mark.parametrize(("end", "found"), [(DAY, []), (YESTERDAY, ["blocking"]), (None, [])])
def test_an_action_within_the_period_is_no_finding(findings, third, reported, end, found):
    assert severities(findings(third, reported(current_completion=end), rule="C04")) == found


def test_the_finding_names_both_dates(findings, third, reported):
    (found,) = findings(third, reported(current_completion=YESTERDAY), rule="C04")
    assert "2026-09-14" in found.because
    assert "2026-09-13" in found.because
    assert [value.source for value in found.values] == ["action", "contracts"]


def test_the_newest_completion_date_counts_in_any_order(findings, third, reported):
    old = reported(current_completion=YESTERDAY)
    new = reported("P00002", signed=date(2026, 8, 1), current_completion=date(2027, 1, 1))
    assert findings(third, old, new, rule="C04") == findings(third, new, old, rule="C04") == []


def test_the_report_of_the_action_does_not_open_what_has_ended(findings, third, reported):
    own = reported("P00003", signed=DAY, current_completion=date(2027, 9, 1))
    assert severities(findings(third, reported(current_completion=YESTERDAY), own, rule="C04")) == [
        "blocking"
    ]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"reason": "K"}, []),
        ({"reason": "F"}, []),
        ({"reason": "B"}, ["blocking"]),
        ({"reason": "C", "amount": Decimal(-500)}, ["advisory"]),
        ({"psc": "1905"}, ["advisory"]),
        ({"psc": "R425"}, ["blocking"]),
    ],
)
def test_close_out_settlement_and_supplies_may_follow_the_end(
    findings, third, reported, change, found
):  # fixtures
    action = replace(third, **change)
    assert severities(findings(action, reported(current_completion=YESTERDAY), rule="C04")) == found


def test_a_closed_contract_is_found(findings, third, reported):
    assert severities(findings(third, reported(closed=True), rule="C04")) == ["blocking"]
    assert findings(replace(third, reason="K"), reported(closed=True), rule="C04") == []


@pytest.mark.parametrize("reason", ["E", "F", "N", "X"])
def test_a_terminated_contract_is_found(findings, third, reported, reason):
    base, ended = reported(), reported("P00001", signed=date(2026, 1, 5), reason=reason)
    (found,) = findings(third, base, ended, rule="C04")
    assert found.severity == "blocking"
    assert "modification P00001" in found.because
    went_on = reported("P00002", signed=date(2026, 3, 1), reason="C")
    assert severities(findings(third, base, ended, went_on, rule="C04")) == ["advisory"]
    settled = replace(went_on, reason="M")
    assert severities(findings(third, base, ended, settled, rule="C04")) == ["blocking"]
    assert findings(replace(third, reason=reason), base, ended, rule="C04") == []


def test_an_extension_not_yet_reported_counts(findings, third, reported, document):
    base = reported(current_completion=YESTERDAY)
    extension = document("SF-30", modification="P00002", signed=date(2026, 9, 10))
    (found,) = findings(third, base, extension, rule="C04")
    assert found.severity == "advisory"
    assert "not yet reported" in found.because
    dated = replace(extension, period_end=date(2027, 3, 1))
    assert findings(third, base, dated, rule="C04") == []


def test_an_action_signed_in_time_may_take_effect_later(findings, third, reported, document):
    own = document("SF-30", modification="P00003", signed=YESTERDAY)
    assert findings(third, reported(current_completion=YESTERDAY), own, rule="C04") == []


@pytest.mark.parametrize(("end", "found"), [(YESTERDAY, []), (YESTERDAY - timedelta(days=1), ["blocking"])])
def test_an_option_may_begin_the_day_after(findings, option, reported, end, found):
    assert severities(findings(option, reported(current_completion=end), rule="C04")) == found


@pytest.mark.parametrize(("until", "found"), [(DAY, []), (YESTERDAY, ["blocking"]), (None, [])])
def test_a_vehicle_takes_orders(findings, order, vehicle, until, found):
    result = findings(order, vehicle(last_date_to_order=until), rule="C04")
    assert severities(result) == found
    assert {each.subject for each in result} <= {"70ZZ0126F0001:vehicle"}


def test_an_order_signed_in_time_counts(findings, order, vehicle, document):
    instrument = replace(document("OF-347", signed=YESTERDAY), piid=order.piid)
    assert findings(order, vehicle(last_date_to_order=YESTERDAY), instrument, rule="C04") == []


def test_modifications_of_live_orders_outlive_the_vehicle(findings, order, third, vehicle, reported):
    action = replace(third, piid=order.piid, referenced_idv=order.referenced_idv)
    live = replace(reported(current_completion=date(2027, 1, 1)), piid=order.piid)
    ended = vehicle(last_date_to_order=YESTERDAY, closed=True)
    assert findings(action, live, ended, rule="C04") == []


def test_a_closed_or_terminated_vehicle_is_found(findings, order, vehicle):
    assert severities(findings(order, vehicle(closed=True), rule="C04")) == ["blocking"]
    assert severities(findings(order, vehicle(reason="F"), rule="C04")) == ["blocking"]


def test_a_new_contract_needs_no_earlier_one(findings, award, reported):
    assert findings(award, reported(current_completion=YESTERDAY), rule="C04") == []
