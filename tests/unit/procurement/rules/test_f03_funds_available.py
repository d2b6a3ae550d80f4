"""F03: the appropriation is open on the day of the action."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.contract_facts import AccountingLine, Tas


def symbol(first=2026, last=2026, **more):
    return Tas(agency="070", main="0613", available_from=first, available_to=last, **more)


def test_funds_of_the_year_are_no_finding(findings, award, commitment, line):
    facts = (replace(commitment(), tas=symbol()), replace(line(), tas=symbol(), fund_status="current"))
    assert findings(award, *facts, rule="F03") == []


@pytest.mark.parametrize("kind", ["award", "option"])
def test_funds_of_a_past_year_block_a_new_obligation(request, findings, commitment, kind):
    action = request.getfixturevalue(kind)
    (found,) = findings(action, replace(commitment(), tas=symbol(2025, 2025)), rule="F03")
    assert found.severity == "blocking"
    assert found.subject == f"{action.piid}:070-2025/2025-0613-000"
    assert "in fiscal year 2026" in found.because
    assert "through fiscal year 2025" in found.because


def test_ledger_and_instrument_are_looked_at_too(findings, award, document, line):
    old = symbol(2025, 2025)
    booked = replace(line(), tas=old, fund_status="expired")
    printed = replace(document(), accounting=(AccountingLine(acrn="AA", tas=old),))
    (found,) = findings(award, booked, printed, rule="F03")
    assert [value.source for value in found.values] == ["action", "ledger", "documents"]


def test_lines_of_other_modifications_do_not_concern_this_one(findings, modification, line):
    assert findings(modification, replace(line(), tas=symbol(2024, 2024)), rule="F03") == []


@pytest.mark.parametrize(
    ("reason", "severity"),
    [("A", "blocking"), ("G", "blocking"), ("B", "advisory"), ("D", "advisory"), (None, "advisory")],
)
def test_an_adjustment_within_scope_relates_back(findings, modification, commitment, reason, severity):
    action = replace(modification, reason=reason)
    (found,) = findings(action, replace(commitment(), tas=symbol(2025, 2025)), rule="F03")
    assert found.severity == severity
    assert ("within the scope" in found.because) is (severity == "advisory")


def test_a_justification_says_that_the_scope_is_new(findings, modification, commitment, document):
    action = replace(modification, reason="D")
    justified = document("JA", modification="P00001")
    (found,) = findings(action, replace(commitment(), tas=symbol(2025, 2025)), justified, rule="F03")
    assert found.severity == "blocking"


def test_no_year_funds_never_expire(findings, award, commitment, line):
    tas = symbol(None, None)
    booked = replace(line(), tas=tas, fund_type="no-year", fund_status="expired")
    assert findings(award, replace(commitment(), tas=tas), booked, rule="F03") == []


def test_cancelled_funds_pay_for_nothing(findings, modification, line):
    booked = replace(line(modification="P00001"), tas=symbol(2019, 2019), fund_status="cancelled")
    (found,) = findings(replace(modification, reason="B"), booked, rule="F03")
    assert found.severity == "blocking"
    assert "cancelled" in found.because


def test_multi_year_funds_are_open_in_all_their_years(findings, award, commitment):
    assert findings(award, replace(commitment(), tas=symbol(2025, 2027)), rule="F03") == []


@pytest.mark.parametrize(("day", "found"), [(date(2026, 9, 30), False), (date(2026, 10, 1), True)])
def test_30_september_belongs_to_the_year_that_ends(findings, award, commitment, day, found):
    action = replace(award, effective_date=day)
    assert bool(findings(action, replace(commitment(), tas=symbol()), rule="F03")) is found


def test_a_replacement_contract_may_use_the_old_funds(findings, award, commitment):
    action = replace(award, replaces="70ZZ0125C0009")
    (found,) = findings(action, replace(commitment(), tas=symbol(2025, 2025)), rule="F03")
    assert found.severity == "advisory"
    assert "70ZZ0125C0009" in found.because


def test_next_years_funds_need_the_clause(findings, award, commitment):
    early = replace(commitment(), tas=symbol(2027, 2027))
    (found,) = findings(award, early, rule="F03")
    assert found.severity == "blocking"
    assert "opens for obligations with fiscal year 2027" in found.because
    assert findings(replace(award, clauses=frozenset({"52.232-18"})), early, rule="F03") == []


@pytest.mark.parametrize("amount", ["0.00", "-100.00"])
def test_a_deobligation_is_no_new_obligation(findings, modification, line, amount):
    booked = replace(line(modification="P00001"), tas=symbol(2024, 2024), fund_status="expired")
    assert findings(replace(modification, amount=Decimal(amount)), booked, rule="F03") == []


def test_the_ledgers_word_counts_where_the_years_are_not_stated(findings, award, line):
    (found,) = findings(award, replace(line(), fund_type="annual", fund_status="expired"), rule="F03")
    assert "is expired in the ledger" in found.because
    assert findings(award, replace(line(), fund_status="current"), rule="F03") == []
