"""C07: instrument, justification and report classify the action alike."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest


@pytest.fixture
def sole(award):
    """Above the simplified acquisition threshold, and not competed."""
    return replace(award, amount=Decimal(400_000), competition="C")


def severities(found):
    return [each.severity.value for each in found]


@pytest.mark.parametrize("code", ["naics", "psc", "pricing", "competition"])
def test_a_code_that_differs_is_named_with_its_sources(findings, award, document, report, code):
    written, reported = replace(document(), **{code: "AAA"}), replace(report(), **{code: "BBB"})
    (found,) = findings(award, written, reported, rule="C07")
    assert (found.severity, found.subject) == ("advisory", award.piid)
    assert "documents AAA" in found.because
    assert "contracts BBB" in found.because
    assert [value.source for value in found.values] == ["documents", "contracts"]


@pytest.mark.parametrize("other", ["336611", " 336611 ", None])
def test_equal_or_missing_codes_are_no_difference(findings, award, document, report, other):
    action = replace(award, naics="336611")
    assert (
        findings(action, replace(document(), naics=other), replace(report(), naics=other), rule="C07") == []
    )


def test_codes_of_a_draft_or_a_later_modification_are_not_compared(findings, award, document, report):
    draft = replace(document(status="draft"), naics="336612")
    later = replace(report(modification="P00001"), naics="336613")
    assert findings(replace(award, naics="336611"), draft, later, rule="C07") == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ["blocking"]),
        ({"competition": "G"}, ["blocking"]),
        ({"competition": "A"}, []),
        ({"competition": "A", "set_aside": "SDVOSBS"}, ["blocking"]),
        ({"amount": Decimal(350_000)}, []),
        ({"amount": Decimal(300_000), "effective_date": date(2025, 9, 30)}, ["blocking"]),
        ({"referenced_idv": "70ZZ0124D0001"}, []),
        ({"competition": "B", "set_aside": "8AN"}, []),
        ({"set_aside": "8AN", "amount": Decimal(30_000_000)}, []),
        ({"set_aside": "8AN", "amount": Decimal(30_000_001)}, ["blocking"]),
    ],
)
def test_without_competition_a_new_award_needs_a_justification(findings, sole, change, found):
    result = findings(replace(sole, **change), rule="C07")
    assert severities(result) == found
    assert all("not competed" in each.because for each in result)


def test_a_justification_or_another_authority_is_enough(findings, sole, document):
    assert findings(sole, document("JA"), rule="C07") == []
    assert findings(sole, replace(document(), authority="6.302-5"), rule="C07") == []
    assert findings(sole, replace(document("PNM"), covers=("JA",)), rule="C07") == []
    assert severities(findings(sole, document("JA", status="draft"), rule="C07")) == ["blocking"]


def test_codes_of_the_report_stand_in(findings, sole, report):
    action = replace(sole, competition=None)
    assert severities(findings(action, replace(report(), competition="C"), rule="C07")) == ["blocking"]


def test_an_order_takes_its_competition_from_the_vehicle(findings, award, document, report):
    order = replace(award, referenced_idv="70ZZ0124D0001")
    written, reported = replace(document(), competition="A"), replace(report(), competition="C")
    assert findings(order, written, reported, rule="C07") == []


def test_only_a_new_award_blocks(findings, modification, option):
    for action in (modification, option):
        sole = replace(action, amount=Decimal(400_000), competition="C")
        assert findings(sole, rule="C07") == []
