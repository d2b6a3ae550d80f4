"""C01: modifications are numbered without gaps, and reported when due."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.procurement.case_file import CaseFile
from app.procurement.rules import evaluate

PIID = "70ZZ0126C0001"
LONG_AGO = date(2026, 3, 2)


@pytest.fixture
def third(modification):
    """Modification P00003, effective 14 September 2026, a Monday."""
    return replace(modification, modification="P00003")


@pytest.fixture
def filed(document):
    def build(number, *, signed=LONG_AGO, **fields):
        document_id = f"DOC-{number}-{fields.get('sha256', '')}"
        return replace(
            document("SF-30", modification=number, signed=signed, document_id=document_id), **fields
        )

    return build


@pytest.fixture
def reported(report):
    def build(number, *, signed=LONG_AGO, **fields):
        return replace(report(modification=number), signed=signed, **fields)

    return build


def labels(found):
    return [each.subject.removeprefix(f"{PIID}:") for each in found]


def test_a_complete_row_is_no_finding(findings, third, filed, reported):
    row = ("P00001", "P00002")
    assert findings(third, *map(filed, row), *map(reported, row), rule="C01") == []


def test_a_signed_instrument_without_a_report_is_found_with_both_sides(findings, third, filed, reported):
    (found,) = findings(third, filed("P00001"), filed("P00002"), reported("P00001"), rule="C01")
    assert (found.severity, found.subject) == ("advisory", f"{PIID}:P00002")
    assert [value.source for value in found.values] == ["documents", "contracts"]
    assert "2026-03-02" in found.because
    assert "no report" in found.because


def test_the_award_is_reported_too(findings, third, document, reported):
    old = document(signed=LONG_AGO)
    assert labels(findings(third, old, reported("P00002"), rule="C01")) == ["0"]
    assert findings(third, old, reported("0"), reported("P00002"), rule="C01") == []
    assert findings(third, replace(old, amount=Decimal("9999.99")), rule="C01") == []


@pytest.mark.parametrize(
    ("signed", "late"),
    [
        (date(2026, 9, 10), False),  # due on Tuesday the 15th
        (date(2026, 9, 9), False),  # due on the 14th itself
        (date(2026, 9, 8), True),
        (date(2026, 9, 4), True),
    ],
)
def test_three_business_days_are_given(findings, third, filed, signed, late):  # fixtures
    assert bool(findings(third, filed("P00002", signed=signed), rule="C01")) is late


@pytest.mark.parametrize(("signed", "late"), [(date(2026, 9, 2), False), (date(2026, 9, 1), True)])
def test_a_holiday_is_no_business_day(stated, third, filed, signed, late):  # fixtures
    """Labor Day, 7 September: what was signed on Wednesday the 2nd is due on Tuesday the 8th."""
    case = CaseFile(
        action=third,
        evidence=stated(filed("P00002", signed=signed)),
        as_of=datetime(2026, 9, 8, 12, tzinfo=UTC),
    )
    assert any(each.rule == "C01" for each in evaluate(case)) is late


@pytest.mark.parametrize(("signed", "late"), [(date(2026, 8, 15), False), (date(2026, 8, 14), True)])
def test_under_urgency_thirty_days_are_given(  # noqa: PLR0917  # fixtures
    findings, third, filed, document, signed, late
):
    urgent = replace(third, urgent=True)
    assert bool(findings(urgent, filed("P00002", signed=signed), rule="C01")) is late
    cited = replace(document("JA"), authority="6.302-2")
    assert bool(findings(third, cited, filed("P00002", signed=signed), rule="C01")) is late


@pytest.mark.parametrize(("signed", "late"), [(date(2026, 6, 16), False), (date(2026, 6, 15), True)])
def test_defense_actions_are_unseen_for_ninety_days(  # noqa: PLR0917  # fixtures
    findings, third, filed, reported, signed, late
):
    defense = replace(third, defense=True)
    assert bool(findings(defense, filed("P00002", signed=signed), rule="C01")) is late
    gap = (reported("P00001"), reported("P00003", signed=signed))
    assert bool(findings(defense, *gap, rule="C01")) is late


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        (["P00001"], ["P00002"]),
        (["P00001", "P00002"], []),
        (["P00002"], []),
        ([], []),
        (["P00001", "P00007"], ["P00002", "P00004-P00006"]),
        (["P00002", "A00001", "A00003"], ["A00002"]),
        (["P00002", "A00001", "A00002"], []),
        (["P2"], []),
    ],
)
def test_gaps_are_counted_in_each_series(findings, third, reported, numbers, missing):  # fixtures
    found = findings(third, *(reported(number) for number in numbers), rule="C01")
    assert sorted(labels(found)) == sorted(missing)


@pytest.mark.parametrize("status", ["draft", "deleted"])
def test_a_number_in_use_is_no_gap_but_no_report_either(findings, third, filed, reported, status):  # fixtures
    rows = (reported("P00001"), reported("P00002", status=status))
    assert findings(third, *rows, rule="C01") == []
    (found,) = findings(third, *rows, filed("P00002"), rule="C01")
    assert f"only a report marked {status}" in found.because


@pytest.mark.parametrize("reason", ["S", "T"])
def test_after_a_transfer_or_change_of_piid_the_numbering_is_not_judged(findings, third, reported, reason):
    assert findings(third, reported("P00001", reason=reason), rule="C01") == []


def test_reports_under_the_old_piid_count(findings, third, filed, reported):
    old = replace(reported("P00001"), piid="70ZZ0120C0900")
    change = reported("P00002", old_piid="70ZZ0120C0900")
    assert findings(third, filed("P00001"), old, change, rule="C01") == []


def test_a_number_used_twice_is_found(findings, third, filed, reported):
    assert labels(findings(third, reported("P00002"), reported("P00002"), rule="C01")) == ["P00002"]
    twice = (reported("P00002"), reported("P00002", transaction="1"))
    assert findings(third, *twice, rule="C01") == []
    one, other = filed("P00002", sha256="aa"), filed("P00002", sha256="bb")
    (found,) = findings(third, one, other, reported("P00002"), rule="C01")
    assert "2 signed instruments bear the number P00002" in found.because
    same = replace(other, sha256="aa")
    assert findings(third, one, same, reported("P00002"), rule="C01") == []


def test_orders_of_the_same_number_under_another_vehicle_do_not_count(findings, third, filed, reported):
    order = replace(third, referenced_idv="70ZZ0124D0001")
    other = reported("P00002", referenced_idv="70ZZ0124D0009")
    assert labels(findings(order, filed("P00002"), other, rule="C01")) == ["P00002"]
