"""E06: integrity records are considered in the file. E07: a debt flag never blocks."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.action import Payment
from app.procurement.vendor_facts import IntegrityRecord

RECENT, OLD = date(2024, 4, 10), date(2021, 9, 13)


@pytest.fixture
def large(award):
    return replace(award, amount=Decimal("350000.01"))


@pytest.fixture
def row(registration):
    records = (IntegrityRecord(kind="Termination for Cause", recorded=RECENT),)
    return replace(registration(), integrity_count=1, integrity_records=records)


@pytest.mark.parametrize(
    ("kind", "severity"), [("award", "blocking"), ("modification", "advisory"), ("option", "advisory")]
)
def test_a_record_not_considered_weighs_by_action(findings, row, kind, severity, request):
    action = replace(request.getfixturevalue(kind), amount=Decimal(400_000))
    (found,) = findings(action, row, rule="E06")
    assert (found.severity, found.subject) == (severity, "ZZ9TESTVNDR1")
    assert "Termination for Cause of 2024-04-10" in found.because
    assert "holds no responsibility determination" in found.because


@pytest.mark.parametrize(("considers", "found"), [(True, 0), (False, 1)])
def test_a_determination_must_mention_the_records(  # noqa: PLR0917  # fixtures
    findings, large, row, document, considers, found
):
    memo = replace(document("RESP"), considers_integrity=considers)
    each = findings(large, row, memo, rule="E06")
    assert len(each) == found
    assert all("on file does not mention them" in one.because for one in each)


def test_a_combined_memo_will_do_a_draft_will_not(findings, large, row, document):
    memo = replace(document("PNM"), covers=("RESP",), considers_integrity=True)
    assert findings(large, row, memo, rule="E06") == []
    assert findings(large, row, replace(memo, status="draft"), rule="E06")


def test_a_determination_about_another_firm_will_not_do(findings, large, row, document):
    memo = replace(document("RESP"), considers_integrity=True, vendor_uei="ZZ9TESTVNDR2")
    assert findings(large, row, memo, rule="E06")


@pytest.mark.parametrize(
    ("amount", "total", "solicited", "found"),
    [
        ("350000.00", None, None, 0),
        ("350000.01", None, None, 1),
        ("100000.00", "400000.00", None, 1),
        ("300000.00", None, date(2025, 9, 30), 1),
        ("300000.00", None, date(2025, 10, 1), 0),
    ],
)
def test_the_threshold_of_the_day_decides(  # noqa: PLR0917  # fixtures
    findings, award, row, amount, total, solicited, found
):
    action = replace(
        award,
        amount=Decimal(amount),
        total_value=None if total is None else Decimal(total),
        solicitation_date=solicited,
    )
    assert len(findings(action, row, rule="E06")) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, 0),
        ({"integrity_count": 1, "integrity_records": (IntegrityRecord(kind="T4C", recorded=OLD),)}, 0),
        ({"integrity_count": 2, "integrity_records": (IntegrityRecord(kind="T4C", recorded=OLD),)}, 1),
        ({"integrity_count": 1}, 1),
        ({"integrity_count": 1, "integrity_records": (IntegrityRecord(kind="T4C"),)}, 1),
        ({"proceedings": True, "proceedings_latest": OLD}, 0),
        ({"proceedings": True, "proceedings_latest": RECENT}, 1),
        ({"proceedings": True}, 1),
    ],
)
def test_records_of_the_last_five_years_count_and_those_without_a_date(
    findings, large, registration, changes, found
):
    assert len(findings(large, replace(registration(), **changes), rule="E06")) == found


def test_five_years_before_a_leap_day(findings, large, row):
    assert findings(replace(large, effective_date=date(2028, 2, 29)), row, rule="E06")


@pytest.mark.parametrize("kind", ["award", "modification", "option"])
@pytest.mark.parametrize("payment", list(Payment))
@pytest.mark.parametrize("amount", ["15000.00", "15000.01", "9000000.00"])
def test_a_debt_flag_never_blocks(findings, registration, kind, payment, amount, request):  # noqa: PLR0917  # fixtures
    action = replace(request.getfixturevalue(kind), payment=payment, amount=Decimal(amount))
    (found,) = findings(action, replace(registration(), debt_flag="Y"), rule="E07")
    assert (found.severity, found.subject) == ("advisory", "ZZ9TESTVNDR1")
    assert "no reason to deny" in found.because
    forbidden = payment is Payment.PURCHASE_CARD and amount != "15000.00"
    assert ("not allowed above $15,000.00" in found.because) is forbidden


@pytest.mark.parametrize("flag", ["N", None])
def test_no_debt_flag_is_no_finding(findings, award, registration, flag):
    assert findings(award, replace(registration(), debt_flag=flag), rule="E07") == []
