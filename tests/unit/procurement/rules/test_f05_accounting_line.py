"""F05: instrument, ledger and contract system name the same accounting data."""

from dataclasses import replace

import pytest

from app.procurement.contract_facts import AccountingLine, Tas
from app.procurement.systems import Source

ANNUAL = Tas(agency="070", main="0613", available_from=2026, available_to=2026)


@pytest.fixture(scope="session")
def printed(document):
    def build(tas=ANNUAL, *, acrn="AA", object_class=None, **more):
        lines = (AccountingLine(acrn=acrn, tas=tas, object_class=object_class),)
        return replace(document(**more), accounting=lines)

    return build


@pytest.fixture(scope="session")
def booked(line):
    def build(tas=ANNUAL, *, acrn="AA", **more):
        return replace(line(), tas=tas, acrn=acrn, **more)

    return build


def test_equal_accounting_data_is_no_finding(findings, award, printed, booked, report):
    facts = (printed(object_class="252"), booked(object_class="252"), replace(report(), tas=ANNUAL))
    assert findings(award, *facts, rule="F05") == []


def test_another_federal_account_blocks_with_both_symbols(findings, award, printed, booked):
    (found,) = findings(award, printed(), booked(replace(ANNUAL, main="0540")), rule="F05")
    assert (found.severity, found.subject) == ("blocking", f"{award.piid}:AA")
    assert "070-2026/2026-0613-000" in found.because
    assert "070-2026/2026-0540-000" in found.because
    assert {value.source for value in found.values} == {"documents", "ledger"}


@pytest.mark.parametrize("change", [{"available_to": 2027}, {"sub": "001"}, {"allocation_transfer": "097"}])
def test_years_sub_account_or_transfer_are_advisory(findings, award, printed, booked, change):
    (found,) = findings(award, printed(), booked(replace(ANNUAL, **change)), rule="F05")
    assert found.severity == "advisory"


def test_another_object_class_is_advisory(findings, award, printed, booked):
    (found,) = findings(award, printed(object_class="252"), booked(object_class="310"), rule="F05")
    assert found.severity == "advisory"
    assert "object class 252" in found.because
    assert "object class 31" in found.because


def test_an_acrn_that_the_ledger_does_not_have(findings, award, printed, booked):
    (found,) = findings(award, printed(acrn="AB"), booked(), rule="F05")
    assert found.severity == "advisory"
    assert "no line of that ACRN" in found.because


def test_no_ledger_line_yet_is_no_mismatch(findings, award, printed):
    assert findings(award, printed(), rule="F05") == []


@pytest.mark.parametrize(
    "same",
    [
        replace(ANNUAL, agency="70", main="613"),
        replace(ANNUAL, sub=""),
        replace(ANNUAL, sub="0"),
        replace(ANNUAL, allocation_transfer="070"),
        replace(ANNUAL, allocation_transfer="70"),
        replace(ANNUAL, allocation_transfer=""),
    ],
)
def test_one_symbol_can_be_written_in_many_ways(findings, award, printed, booked, same):
    assert findings(award, printed(same), booked(), rule="F05") == []
    assert findings(award, printed(), booked(same), rule="F05") == []


def test_object_classes_and_acrns_are_written_in_many_ways(findings, award, printed, booked):
    facts = (printed(object_class="25.2", acrn="aa"), booked(object_class="2520"))
    assert findings(award, *facts, rule="F05") == []


def test_each_modification_uses_acrns_anew(findings, modification, document, booked, line):
    accounting = (AccountingLine(acrn="AA", tas=replace(ANNUAL, main="0540")),)
    filed = replace(document("SF-30", modification="P00001"), accounting=accounting)
    own = booked(replace(ANNUAL, main="0540"), modification="P00001")
    assert findings(modification, filed, own, booked(), rule="F05") == []


def test_a_line_without_acrn_is_held_against_all(findings, award, printed, booked):
    two = (booked(), booked(replace(ANNUAL, main="0540"), acrn="AB", document_number="B"))
    assert findings(award, printed(acrn=None), *two, rule="F05") == []
    (found,) = findings(award, printed(replace(ANNUAL, main="0999"), acrn=None), *two, rule="F05")
    assert (found.severity, found.subject) == ("blocking", f"{award.piid}:no ACRN")


def test_a_report_is_compared_without_years(findings, award, booked, report):
    yearless = Tas(agency="70", main="0613")
    assert findings(award, booked(), replace(report(), tas=yearless), rule="F05") == []
    (found,) = findings(award, booked(), replace(report(), tas=replace(yearless, main="0540")), rule="F05")
    assert (found.severity, found.subject) == ("blocking", f"{award.piid}:report")
    (found,) = findings(award, booked(), replace(report(), tas=replace(yearless, sub="002")), rule="F05")
    assert found.severity == "advisory"


def test_another_vendor_in_the_ledger_is_advisory(findings, award, booked):
    (found,) = findings(award, booked(vendor_uei="ZZ9TESTVNDR8"), rule="F05")
    assert (found.severity, found.subject) == ("advisory", f"{award.piid}:vendor")
    assert "ZZ9TESTVNDR8" in found.because
    assert "ZZ9TESTVNDR1" in found.because


def test_an_appended_suffix_or_another_case_is_the_same_vendor(findings, award, booked):
    assert findings(award, booked(vendor_uei="zz9testvndr10042"), rule="F05") == []


@pytest.mark.parametrize("reason", ["J", "V"])
def test_a_novation_or_change_of_name_explains_another_vendor(findings, modification, booked, reason):
    facts = booked(vendor_uei="ZZ9TESTVNDR8", modification="P00001")
    assert findings(replace(modification, reason=reason), facts, rule="F05") == []
    assert findings(modification, facts, rule="F05")


def test_without_the_contract_file_the_report_is_still_compared(findings, award, booked, report):
    reported = replace(report(), tas=replace(ANNUAL, main="0540"))
    assert findings(award, booked(), reported, silent=[Source.DOCUMENTS], rule="F05")
