"""C02: instrument, contract system and ledger name the same amount."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.procurement.contract_facts import AccountingLine, Tas


def test_equal_amounts_are_no_finding(findings, award, document, report, line):
    assert findings(award, document(), report(), line(), rule="C02") == []


@pytest.mark.parametrize(
    ("reported", "differs"), [("250000.99", False), ("250001.00", True), ("249999.00", True)]
)
def test_less_than_a_dollar_is_agreement(  # noqa: PLR0917  # fixtures
    findings, award, document, report, line, reported, differs
):
    assert bool(findings(award, document(), report(reported), line(), rule="C02")) is differs


def test_a_report_that_differs_is_advisory_with_all_values_side_by_side(
    findings, award, document, report, line
):
    (found,) = findings(award, document(), report("205000.00"), line(), rule="C02")
    assert (found.severity, found.subject) == ("advisory", "70ZZ0126C0001")
    assert [(value.source, value.value) for value in found.values] == [
        ("documents", "$250,000.00"),
        ("contracts", "$205,000.00"),
        ("ledger", "$250,000.00"),
    ]
    assert all(value.evidence_id and value.record_key for value in found.values)
    assert "$205,000.00" in found.because
    assert "$250,000.00" in found.because


def test_an_instrument_that_disagrees_with_its_funding_lines_blocks(findings, award, document, line):
    (found,) = findings(award, document(amount="260000.00"), line(), rule="C02")
    assert found.severity == "blocking"


def test_funding_lines_are_summed_net_of_deobligations(findings, award, document, line):
    lines = (line("300000.00", number="A"), line("0.00", deobligated="50000.00", number="B"))
    assert findings(award, document(), *lines, rule="C02") == []
    (found,) = findings(award, document(amount="300000.00"), *lines, rule="C02")
    assert [value.value for value in found.values] == ["$300,000.00", "$300,000.00", "-$50,000.00"]
    assert "the ledger says $250,000.00" in found.because


def test_lines_and_reports_of_other_modifications_are_not_compared(findings, award, document, report, line):
    strangers = (report("1.00", modification="P00001"), line("2.00", modification="P00001"))
    assert findings(award, document(), *strangers, rule="C02") == []


def test_an_instrument_of_another_contract_is_not_compared(findings, award, document, line):
    stranger = document(amount="1.00", piid="70ZZ0126C9999", document_id="DOC-X")
    assert findings(award, document(), stranger, line(), rule="C02") == []


def test_a_missing_report_or_ledger_line_is_no_difference(findings, award, document, report, line):
    assert findings(award, document(), line(), rule="C02") == []
    assert findings(award, document(), report(), rule="C02") == []
    assert findings(award, document(), rule="C02") == []


def test_a_draft_is_not_compared_and_an_unsigned_instrument_is(findings, award, document, line):
    assert findings(award, document(amount="1.00", status="draft"), line(), rule="C02") == []
    assert findings(award, document(amount="1.00", signed=None), line(), rule="C02")


def test_the_proposed_amount_is_shown_when_no_source_has_it(findings, award, document, report, line):
    proposed = replace(award, amount=Decimal("240000.00"))
    (found,) = findings(proposed, document(), report("205000.00"), line(), rule="C02")
    assert (found.values[0].source, found.values[0].value) == ("action", "$240,000.00")
    assert found.values[0].evidence_id is None


def test_two_instruments_block_when_either_disagrees_with_the_ledger(findings, award, document, line):
    one, other = document(document_id="DOC-1"), document(amount="1.00", document_id="DOC-2")
    for pair in ((one, other), (other, one)):
        (found,) = findings(award, *pair, line(), rule="C02")
        assert found.severity == "blocking"


def test_a_deobligation_keeps_its_sign(findings, modification, document, report, line):
    action = replace(modification, amount=Decimal("-5000.00"))
    filed = document("SF-30", amount="-5000.00", modification="P00001")
    booked = line("0.00", deobligated="5000.00", modification="P00001")
    assert findings(action, filed, booked, report("-5000.00", modification="P00001"), rule="C02") == []
    (found,) = findings(action, filed, booked, report("5000.00", modification="P00001"), rule="C02")
    assert found.severity == "advisory"
    assert "-$5,000.00" in found.because


def test_the_wrong_sign_of_a_deobligation_is_a_lesser_difference(
    findings, modification, document, report, line
):
    action = replace(modification, amount=Decimal("-5000.00"))
    filed = document("SF-30", amount="5000.00", modification="P00001")
    booked = line("0.00", deobligated="5000.00", modification="P00001")
    (found,) = findings(action, filed, booked, report("-5000.00", modification="P00001"), rule="C02")
    assert found.severity == "advisory"
    assert "but for the sign" in found.because


def test_a_gross_amount_is_a_lesser_difference(findings, award, document, line):
    lines = (line("300000.00", number="A"), line("0.00", deobligated="50000.00", number="B"))
    (found,) = findings(award, document(amount="300000.00"), *lines, rule="C02")
    assert found.severity == "advisory"
    assert "before de-obligations" in found.because


@pytest.mark.parametrize(
    ("parts", "severity"), [(("200000", "50000"), None), (("200000", "40000"), "blocking")]
)
def test_an_instrument_agrees_with_its_own_accounting_data(
    findings, award, document, parts, severity
):  # fixtures
    tas = Tas(agency="070", main="0613", available_from=2026, available_to=2026)
    lines = tuple(AccountingLine(acrn="AA", tas=tas, amount=Decimal(part)) for part in parts)
    found = findings(award, replace(document(), accounting=lines), rule="C02")
    assert [each.severity.value for each in found] == ([severity] if severity else [])


def test_transactions_of_one_modification_add_up(findings, award, document, report):
    parts = (report("150000.00"), replace(report("100000.00"), transaction="1"))
    assert findings(award, document(), *parts, rule="C02") == []
    (found,) = findings(award, document(), parts[0], rule="C02")
    assert "the contract system says $150,000.00" in found.because


def test_an_administrative_modification_without_money_has_no_funding_lines(
    findings, modification, document, report
):
    action = replace(modification, amount=Decimal(0), reason="M")
    filed = document("SF-30", amount="0.00", modification="P00001")
    assert findings(action, filed, report("0.00", modification="P00001"), rule="C02") == []
    assert (
        findings(action, replace(filed, amount=None), report("0.00", modification="P00001"), rule="C02") == []
    )


def test_foreign_currency_is_not_compared(findings, award, document, report, line):
    euros = replace(document(amount="230000.00"), currency="EUR")
    assert findings(award, euros, report(), line(), rule="C02") == []


def test_an_order_of_the_same_number_under_another_vehicle_is_not_compared(findings, award, document, report):
    order = replace(award, referenced_idv="70ZZ0124D0001")
    other = replace(report("1.00"), referenced_idv="70ZZ0124D0009")
    assert findings(order, document(), other, rule="C02") == []
