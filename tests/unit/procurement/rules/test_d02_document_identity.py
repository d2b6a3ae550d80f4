"""D02: what is printed and signed is what the file says it is."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

SIGNED = date(2026, 9, 12)


@pytest.fixture
def change(modification):
    return replace(modification, reason="B")


@pytest.fixture
def form(document):
    """The signed SF-30 of modification P00001."""

    def build(**fields):
        filed = document("SF-30", modification="P00001")
        return replace(filed, **{"contractor_signed": SIGNED, **fields})

    return build


def severities(found):
    return [each.severity.value for each in found]


def test_a_sound_instrument_is_no_finding(findings, change, form):
    printed = {
        "printed_piid": "70ZZ01-26-C-0001",
        "printed_modification": "P00001",
        "printed_uei": "zz9testvndr1",
        "sha256": "AB12",
        "signed_sha256": "ab12",
        "effective": date(2026, 11, 1),
    }
    assert findings(change, form(**printed), rule="D02") == []


@pytest.mark.parametrize(
    ("fields", "severity", "words"),
    [
        (
            {"printed_piid": "70ZZ0126C0002"},
            "blocking",
            "names contract 70ZZ0126C0002, the file 70ZZ0126C0001",
        ),
        ({"printed_piid": "7OZZO126COOO1"}, "advisory", "misread"),
        ({"printed_modification": "P00002"}, "blocking", "names modification P00002, the file P00001"),
        ({"printed_modification": "POOOO1"}, "advisory", "misread"),
        ({"printed_modification": "P1"}, None, ""),
        ({"printed_uei": "ZZ9TESTVNDR9"}, "blocking", "names vendor ZZ9TESTVNDR9, the action ZZ9TESTVNDR1"),
        ({"printed_uei": "ZZ9TESTVNDRI"}, "advisory", "misread"),
        ({"printed_uei": "123456789"}, None, ""),
        ({"printed_uei": "ZZ9TESTVNDR10002"}, None, ""),
        ({"sha256": "ab12", "signed_sha256": "cd34"}, "blocking", "digests differ"),
        ({"sha256": "ab12"}, None, ""),
        ({"contractor_signed": None}, "blocking", "the contractor has not signed"),
    ],
)
def test_defects_of_the_instrument_are_found(findings, change, form, fields, severity, words):  # noqa: PLR0917  # fixtures
    found = findings(change, form(**fields), rule="D02")
    assert severities(found) == ([severity] if severity else [])
    for each in found:
        assert words in each.because
        assert each.subject == "70ZZ0126C0001:SF-30"
        assert len(each.values) == 2


@pytest.mark.parametrize(
    "relief", [{"unilateral": True}, {"reason": "C"}, {"reason": "G"}, {"reason": "M"}, {"reason": None}]
)
def test_a_unilateral_modification_needs_no_contractors_signature(findings, change, form, relief):
    assert findings(replace(change, **relief), form(contractor_signed=None), rule="D02") == []


def test_other_documents_are_advisory(findings, award, document):
    memo = replace(document("PNM"), printed_piid="70ZZ0126C0002")
    assert severities(findings(award, memo, rule="D02")) == ["advisory"]
    assert severities(findings(award, document("RESP", signed=None), rule="D02")) == ["advisory"]
    assert findings(award, document("AVFUNDS", signed=None), rule="D02") == []


@pytest.mark.parametrize("status", ["draft", "superseded"])
def test_only_what_is_final_is_judged(findings, change, form, status):
    assert findings(change, form(status=status, printed_piid="70ZZ0126C0002"), rule="D02") == []


def test_a_document_about_another_vendor_of_the_action_is_no_finding(findings, award, document):
    check = replace(document("SAMCHK"), printed_uei="ZZ9TESTVNDR2")
    assert findings(award, check, rule="D02") == []
    assert severities(findings(award, replace(check, printed_uei="ZZ9TESTVNDR9"), rule="D02")) == ["advisory"]
    award_form = replace(document(), printed_uei="ZZ9TESTVNDR2")
    assert severities(findings(award, award_form, rule="D02")) == ["blocking"]


@pytest.mark.parametrize("reason", ["J", "V"])
def test_a_novation_prints_another_vendor(findings, change, form, reason):
    action = replace(change, reason=reason)
    assert findings(action, form(printed_uei="ZZ9TESTVNDR9"), rule="D02") == []


def test_an_unsigned_instrument_is_for_d01_unless_another_is_signed(findings, change, form):
    unsigned = form(co_signed=None, document_id="DOC-2")
    assert findings(change, unsigned, rule="D02") == []
    (found,) = findings(change, unsigned, form(), rule="D02")
    assert "not signed by the contracting officer" in found.because


@pytest.mark.parametrize(("day", "found"), [(date(2026, 9, 12), []), (date(2026, 9, 13), ["blocking"])])
def test_funds_are_certified_before_signature(findings, change, form, commitment, day, found):  # noqa: PLR0917  # fixtures
    first = commitment("100000.00", number="A")
    last = replace(commitment("150000.00", number="B"), certified_at=day)
    assert severities(findings(change, form(), last, first, rule="D02")) == found
    later = replace(change, clauses=frozenset({"52.232-18"}))
    assert findings(later, form(), last, first, rule="D02") == []
    assert findings(replace(change, amount=Decimal(0)), form(), last, first, rule="D02") == []


def test_the_certificate_on_file_stands_in_for_the_ledger(findings, change, form, document):
    certificate = document("AVFUNDS", modification="P00001", signed=date(2026, 9, 13))
    (found,) = findings(change, form(), certificate, rule="D02")
    assert "funds were certified on 2026-09-13" in found.because
    assert findings(change, form(), replace(certificate, checked=SIGNED), rule="D02") == []


def test_funds_never_certified_in_full_are_for_f01(findings, change, form, commitment):
    assert findings(change, form(), commitment("1.00"), rule="D02") == []


def test_two_defects_of_one_type_are_one_finding(findings, change, form):
    one = form(printed_piid="70ZZ0126C0002")
    other = form(printed_modification="P00009", document_id="DOC-2")
    (found,) = findings(change, one, other, rule="D02")
    assert len(found.values) == 4
