"""C03: obligations stay under the value of the contract."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.action import OptionExercise


def dollars(amount):
    return None if amount is None else Decimal(amount)


@pytest.fixture
def totals(report):
    """A report with the contract's totals after it."""

    def build(obligated, exercised, everything, *, modification="0", **fields):
        return replace(
            report(modification=modification),
            total_obligated=dollars(obligated),
            total_exercised=dollars(exercised),
            total_all_options=dollars(everything),
            **{"signed": date(2026, 1, 5), **fields},
        )

    return build


@pytest.fixture
def funding(modification):
    """Adds $250,000.00 and nothing else."""
    return replace(modification, reason="C")


@pytest.mark.parametrize(
    ("obligated", "exercised", "everything", "found"),
    [
        ("500000", "750000", "900000", False),
        ("500000.99", "750000", "900000", False),
        ("500001", "750000", "900000", True),
        ("500000", "900000", "800000", True),
        ("500000", "0", "0", False),
        ("500000", None, None, False),
        (None, "1", "2", False),
        ("500000", "0", "700000", True),
    ],
)
def test_funding_stays_under_the_values(  # noqa: PLR0917  # fixtures
    findings, funding, totals, obligated, exercised, everything, found
):
    result = findings(funding, totals(obligated, exercised, everything), rule="C03")
    assert [each.severity.value for each in result] == ["blocking"] * found


def test_the_finding_names_both_values(findings, funding, totals):
    (found,) = findings(funding, totals("500000", "700000", "900000"), rule="C03")
    assert "$750,000.00 with this action" in found.because
    assert "$700,000.00" in found.because
    assert [value.source for value in found.values] == ["action", "contracts", "contracts", "contracts"]


def test_the_report_of_the_action_itself_decides(findings, modification, totals):
    base = totals("500000", "500000", "500000")
    own = totals("750000", "750000", "750000", modification="P00001")
    assert findings(modification, base, own, rule="C03") == []
    over = totals("750000", "700000", "750000", modification="P00001")
    assert findings(modification, base, over, rule="C03")


@pytest.mark.parametrize("reason", ["A", "B", "D", None])
def test_new_work_raises_the_value(findings, modification, totals, reason):
    base = totals("500000", "500000", "500000")
    action = replace(modification, reason=reason)
    assert findings(action, base, rule="C03") == []
    assert findings(replace(action, total_value=Decimal(750_000)), base, rule="C03") == []
    assert findings(replace(action, total_value=Decimal(740_000)), base, rule="C03")


@pytest.mark.parametrize(("everything", "found"), [("1000000", False), ("740000", True)])
def test_an_option_raises_the_exercised_value(findings, option, totals, everything, found):
    exercise = replace(option, option=OptionExercise(number=1, price=Decimal(250_000)))
    assert bool(findings(exercise, totals("500000", "500000", everything), rule="C03")) is found


def test_a_new_award_stays_under_its_own_value(findings, award):
    assert findings(replace(award, total_value=Decimal(250_000)), rule="C03") == []
    (found,) = findings(replace(award, total_value=Decimal(200_000)), rule="C03")
    assert found.severity == "blocking"


def test_vehicles_carry_estimates(findings, funding, totals):
    assert findings(funding, totals("500000", "1", "1", is_vehicle=True), rule="C03") == []


@pytest.mark.parametrize(("everything", "severity"), [("900000", "advisory"), ("740000", "blocking")])
def test_incremental_funding_is_advisory_up_to_the_whole_value(
    findings, funding, totals, everything, severity
):
    action = replace(funding, clauses=frozenset({"52.232-22"}))
    (found,) = findings(action, totals("500000", "500000", everything), rule="C03")
    assert found.severity == severity


def test_award_fee_comes_on_top(findings, funding, totals):
    (found,) = findings(funding, totals("500000", "700000", "900000", pricing="R"), rule="C03")
    assert found.severity == "advisory"
    assert "Award fee" in found.because


def test_totals_older_than_a_signed_modification_are_stale(findings, funding, totals, document):
    action = replace(funding, modification="P00003")
    base = totals("500000", "700000", "900000")
    later = document("SF-30", modification="P00002", signed=date(2026, 2, 2))
    (found,) = findings(action, base, later, rule="C03")
    assert found.severity == "advisory"
    assert "P00002" in found.because
    earlier = replace(later, co_signed=date(2025, 12, 1))
    assert findings(action, base, earlier, rule="C03")[0].severity == "blocking"


def test_the_newest_totals_count_in_any_order(findings, funding, totals):
    action = replace(funding, modification="P00003")
    old = totals("500000", "500000", "900000")
    new = totals("500000", "800000", "900000", modification="P00002", signed=date(2026, 5, 1))
    assert findings(action, old, new, rule="C03") == findings(action, new, old, rule="C03") == []
