"""F01: funds are certified for what the action obligates."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest


def test_enough_certified_funds_are_no_finding(findings, award, commitment):
    assert findings(award, commitment(), rule="F01") == []
    parts = (commitment("100000.00", number="A"), commitment("150000.00", number="B"))
    assert findings(award, *parts, rule="F01") == []


def test_a_dollar_short_is_found_with_both_amounts(findings, award, commitment):
    (found,) = findings(award, commitment("249999.00"), rule="F01")
    assert (found.severity, found.subject) == ("blocking", award.piid)
    assert "$250,000.00" in found.because
    assert "$249,999.00" in found.because
    assert [value.source for value in found.values] == ["action", "ledger"]


def test_only_certified_commitments_count_but_all_are_shown(findings, award, commitment):
    pending = commitment("250000.00", status="pending", number="B")
    (found,) = findings(award, commitment("1.00", number="A"), pending, rule="F01")
    assert "certified funds come to $1.00" in found.because
    assert [value.label for value in found.values[1:]] == ["commitment, certified", "commitment, pending"]


def test_a_missing_commitment_is_found(findings, award):
    (found,) = findings(award, rule="F01")
    assert "no funds are certified" in found.because


@pytest.mark.parametrize("amount", ["0.00", "-250000.00"])
def test_an_action_without_new_money_needs_no_funds(findings, modification, amount):
    assert findings(replace(modification, amount=Decimal(amount)), rule="F01") == []


@pytest.mark.parametrize(
    ("clauses", "period_end", "severity"),
    [
        ({"52.232-18"}, None, "advisory"),
        ({"52.232-19"}, date(2027, 3, 31), "advisory"),
        ({"52.232-19"}, date(2026, 9, 30), "blocking"),
        ({"52.232-20"}, None, "blocking"),
        ({"52.232-22"}, None, "blocking"),
        ({"52.232-33"}, None, "blocking"),
    ],
)
def test_a_clause_makes_an_award_subject_to_funds(findings, award, clauses, period_end, severity):
    action = replace(award, clauses=frozenset(clauses), period_end=period_end)
    (found,) = findings(action, rule="F01")
    assert found.severity == severity
    assert (next(iter(clauses)) in found.because) is (severity == "advisory")


@pytest.mark.parametrize("clause", ["52.232-20", "52.232-22"])
def test_a_limitation_of_cost_or_funds_makes_a_modification_advisory(findings, modification, clause):
    (found,) = findings(replace(modification, clauses=frozenset({clause})), rule="F01")
    assert found.severity == "advisory"
    assert clause in found.because


def test_an_award_funded_in_part_under_a_limitation_of_funds_is_advisory(findings, award, commitment):
    (found,) = findings(replace(award, clauses=frozenset({"52.232-22"})), commitment("90000.00"), rule="F01")
    assert found.severity == "advisory"
    assert "does not exceed $90,000.00" in found.because


def test_a_request_may_allow_an_overage(findings, award, commitment):
    within = replace(commitment("245000.00"), overage=Decimal("5000.00"))
    assert findings(award, within, rule="F01") == []
    (found,) = findings(award, replace(within, overage=Decimal("4000.00")), rule="F01")
    assert "$4,000.00 over allowed" in found.values[1].label


def test_less_than_a_dollar_short_may_be_rounding(findings, award, commitment):
    (found,) = findings(award, commitment("249999.01"), rule="F01")
    assert found.severity == "advisory"
    assert "rounding" in found.because


def test_funds_certified_up_to_a_day_count_on_that_day(findings, award, commitment):
    assert findings(award, replace(commitment(), expires=award.effective_date), rule="F01") == []
    ended = replace(commitment(), expires=award.effective_date - timedelta(days=1))
    (found,) = findings(award, ended, rule="F01")
    assert found.severity == "blocking"
    assert "until 2026-09-13" in found.values[1].label
