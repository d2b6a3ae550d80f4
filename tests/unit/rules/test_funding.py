"""F01: funds are certified for what the action obligates."""

from dataclasses import replace
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


def test_no_commitment_at_all(findings, award):
    (found,) = findings(award, rule="F01")
    assert "no funds are certified" in found.because


@pytest.mark.parametrize("amount", ["0.00", "-250000.00"])
def test_an_action_without_new_money_needs_no_funds(findings, modification, amount):
    assert findings(replace(modification, amount=Decimal(amount)), rule="F01") == []
