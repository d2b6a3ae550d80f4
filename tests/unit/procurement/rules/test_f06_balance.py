"""F06: nothing spent beyond what is obligated, nothing left long after the end."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.contract_facts import Tas
from app.procurement.systems import Source

ANNUAL = Tas(agency="070", main="0613", available_from=2026, available_to=2026)


@pytest.fixture(scope="session")
def spent(line):
    def build(expended, obligated="1000.00", **more):
        lines = {key: more.pop(key) for key in ("deobligated", "number") if key in more}
        return replace(line(obligated, **lines), expended=Decimal(expended), tas=ANNUAL, **more)

    return build


@pytest.fixture(scope="session")
def ended(report):
    def build(day, **more):
        return replace(report("1000.00"), current_completion=day, signed=date(2024, 1, 2), **more)

    return build


@pytest.fixture(scope="session")
def closing(modification):
    """A modification that moves no money."""
    return replace(modification, amount=Decimal(0))


def test_spending_within_the_obligation_is_no_finding(findings, modification, spent):
    assert findings(modification, spent("1000.00"), rule="F06") == []


def test_more_spent_than_obligated_blocks_with_both_amounts(findings, modification, spent):
    (found,) = findings(modification, spent("1000.01"), rule="F06")
    assert found.severity == "blocking"
    assert found.subject == f"{modification.piid}:070-2026/2026-0613-000"
    assert "$1,000.01 is spent and $1,000.00 obligated" in found.because


def test_a_refund_may_be_on_its_way_after_a_deobligation(findings, modification, spent):
    (found,) = findings(modification, spent("900.00", deobligated="200.00"), rule="F06")
    assert found.severity == "advisory"
    assert "refund" in found.because


def test_a_refund_posted_as_negative_spending_is_no_finding(findings, modification, spent):
    assert findings(modification, spent("-50.00"), rule="F06") == []


def test_a_deobligation_booked_as_a_line_of_its_own_is_no_finding(findings, modification, spent):
    taken_back = replace(spent("0.00", number="B"), obligated=Decimal(0), deobligated=Decimal(200))
    assert findings(modification, spent("800.00", number="A"), taken_back, rule="F06") == []


def test_one_line_above_its_own_obligation_is_timing(findings, modification, spent):
    lines = (spent("1200.00", number="A"), spent("0.00", number="B"))
    (found,) = findings(modification, *lines, rule="F06")
    assert found.severity == "advisory"
    assert "one line is above its own obligation" in found.because


def test_another_appropriation_does_not_make_up_for_it(findings, modification, spent):
    other = replace(spent("0.00", number="B"), tas=replace(ANNUAL, main="0540"))
    (found,) = findings(modification, spent("1200.00", number="A"), other, rule="F06")
    assert found.severity == "blocking"


@pytest.mark.parametrize(("day", "idle"), [(date(2026, 3, 18), False), (date(2026, 3, 17), True)])
def test_a_balance_half_a_year_after_the_end_is_advisory(findings, closing, spent, ended, day, idle):  # noqa: PLR0917  # fixtures
    found = findings(closing, spent("400.00"), ended(day), rule="F06")
    assert [each.severity for each in found] == (["advisory"] if idle else [])
    if idle:
        assert found[0].subject == f"{closing.piid}:idle"
        assert "$600.00" in found[0].because
        assert "2026-03-17" in found[0].because
        assert "final invoice may be pending" in found[0].because


@pytest.mark.parametrize("pricing", ["U", "R"])
def test_cost_reimbursement_waits_36_months_for_rates(findings, closing, spent, ended, pricing):
    action = replace(closing, pricing=pricing)
    assert findings(action, spent("400.00"), ended(date(2023, 9, 14)), rule="F06") == []
    assert findings(action, spent("400.00"), ended(date(2023, 9, 13)), rule="F06")
    assert findings(closing, spent("400.00"), ended(date(2025, 1, 1), pricing=pricing), rule="F06") == []


def test_a_zero_balance_is_not_idle(findings, closing, spent, ended):
    assert findings(closing, spent("1000.00"), ended(date(2025, 1, 1)), rule="F06") == []


def test_an_action_that_takes_the_balance_back_is_the_remedy(findings, closing, spent, ended):
    facts = (spent("400.00"), ended(date(2025, 1, 1)))
    assert findings(replace(closing, amount=Decimal("-600.00")), *facts, rule="F06") == []
    assert findings(replace(closing, amount=Decimal("-500.00")), *facts, rule="F06")


def test_an_action_that_extends_performance_leaves_nothing_idle(findings, closing, spent, ended):
    action = replace(closing, period_end=date(2026, 12, 31))
    assert findings(action, spent("400.00"), ended(date(2025, 1, 1)), rule="F06") == []


def test_without_the_contract_system_only_the_balance_is_looked_at(findings, closing, spent):
    assert findings(closing, spent("400.00"), silent=[Source.CONTRACTS], rule="F06") == []
    assert findings(closing, spent("1400.00"), silent=[Source.CONTRACTS], rule="F06")
