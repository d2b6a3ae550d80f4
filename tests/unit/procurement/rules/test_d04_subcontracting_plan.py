"""D04: a large award to a firm that is not small comes with a subcontracting plan."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest


@pytest.fixture
def large(award):
    return replace(award, amount=Decimal(900_001))


@pytest.fixture
def reported(report):
    """A report of the award to a firm that is other than small."""

    def build(**fields):
        return replace(report(), **{"size": "O", "signed": date(2025, 10, 6), **fields})

    return build


def severities(found):
    return [each.severity.value for each in found]


def test_a_missing_plan_is_found(findings, large, reported):
    (found,) = findings(large, reported(), rule="D04")
    assert (found.severity, found.subject) == ("blocking", large.piid)
    assert "$900,001.00" in found.because
    assert "$900,000.00" in found.because
    assert [value.source for value in found.values] == ["action", "action"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ["blocking"]),
        ({"amount": Decimal(900_000)}, []),
        ({"amount": Decimal(1), "total_value": Decimal(950_000)}, ["blocking"]),
        ({"construction": True}, []),
        ({"construction": True, "amount": Decimal(2_000_001)}, ["blocking"]),
        ({"performed_abroad": True}, []),
        ({"amount": Decimal(750_001), "solicitation_date": date(2025, 9, 30)}, ["blocking"]),
        ({"amount": Decimal(750_001), "solicitation_date": date(2025, 10, 1)}, []),
        ({"referenced_idv": "70ZZ0124D0001"}, ["advisory"]),
    ],
)
def test_value_place_and_day_decide_whether_a_plan_is_needed(findings, large, reported, change, found):
    assert severities(findings(replace(large, **change), reported(), rule="D04")) == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("A", []),
        ("B", ["blocking"]),
        ("C", ["blocking"]),
        ("F", ["blocking"]),
        ("G", []),
        ("H", []),
        (None, ["blocking"]),
    ],
)
def test_the_plan_code_of_the_report_counts(findings, large, reported, code, found):
    assert severities(findings(large, reported(subcontract_plan=code), rule="D04")) == found


def test_a_plan_on_file_is_no_finding(findings, large, reported, document):
    assert findings(large, reported(), document("SBSP"), rule="D04") == []
    assert findings(large, reported(), replace(document("MEMO"), covers=("SBSP",)), rule="D04") == []
    assert findings(large, reported(), document("SBSP", status="draft"), rule="D04")
    (found,) = findings(large, reported(subcontract_plan="B"), document("SBSP"), rule="D04")
    assert found.severity == "advisory"
    assert "code B" in found.because


def test_the_plan_of_the_vehicle_counts_for_its_orders(findings, large, reported, document):
    order = replace(large, referenced_idv="70ZZ0124D0001")
    assert findings(order, reported(), document("SBSP", piid="70ZZ0124D0001"), rule="D04") == []


@pytest.mark.parametrize("size", ["S", None])
def test_small_firms_are_exempt_and_unknown_ones_not_judged(findings, large, reported, size):
    assert findings(large, reported(size=size), rule="D04") == []


def test_sam_stands_in_for_a_size_not_reported(findings, large, registration):
    action = replace(large, naics="336611")
    other = replace(registration(), not_small_for=frozenset({"336611"}))
    assert severities(findings(action, other, rule="D04")) == ["blocking"]
    small = replace(registration(), small_for=frozenset({"336611"}))
    assert findings(action, small, rule="D04") == []


@pytest.mark.parametrize(
    ("before", "reason", "found"),
    [
        ("700000", "B", ["blocking"]),  # crosses the line
        ("600000", "B", []),
        ("950000", "B", ["advisory"]),
        ("700000", "C", []),  # funding is part of the value
        ("950000", "C", ["advisory"]),
    ],
)
def test_a_modification_blocks_when_it_crosses_the_line(  # noqa: PLR0917  # fixtures
    findings, modification, reported, before, reason, found
):
    action = replace(modification, reason=reason)
    base = reported(total_all_options=Decimal(before))
    assert severities(findings(action, base, rule="D04")) == found


def test_an_option_is_advisory(findings, option, reported):
    base = reported(total_all_options=Decimal(950_000))
    assert severities(findings(option, base, rule="D04")) == ["advisory"]
    assert findings(option, reported(total_all_options=Decimal(850_000)), rule="D04") == []
