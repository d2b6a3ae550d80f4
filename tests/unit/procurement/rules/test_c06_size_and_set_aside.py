"""C06: a set-aside goes to a firm that is small, or certified, for it."""

from dataclasses import replace
from datetime import date

import pytest

from app.procurement.vendor_facts import Certification

NAICS = "336611"


@pytest.fixture
def set_aside(award):
    return replace(award, set_aside="SBA", naics=NAICS)


@pytest.fixture
def large(registration):
    return replace(registration(), not_small_for=frozenset({NAICS}))


def severities(found):
    return [each.severity.value for each in found]


def test_a_firm_that_is_not_small_is_found(findings, set_aside, large):
    (found,) = findings(set_aside, large, rule="C06")
    assert (found.severity, found.subject) == ("blocking", set_aside.piid)
    assert "SBA" in found.because
    assert NAICS in found.because
    assert [value.source for value in found.values] == ["action", "sam-gov"]


def test_a_small_firm_is_no_finding(findings, set_aside, registration):
    small = replace(registration(), small_for=frozenset({NAICS}))
    assert findings(set_aside, small, rule="C06") == []


@pytest.mark.parametrize("code", [None, "NONE"])
def test_without_a_set_aside_size_does_not_matter(findings, set_aside, large, code):
    assert findings(replace(set_aside, set_aside=code), large, rule="C06") == []


def test_codes_of_the_award_stand_in(findings, award, large, report):
    reported = replace(report(), set_aside="SBA", naics=NAICS)
    assert severities(findings(award, large, reported, rule="C06")) == ["blocking"]


def test_size_is_fixed_at_the_offer(findings, set_aside, option, modification, large):
    for action in (option, modification):
        (found,) = findings(replace(action, set_aside="SBA", naics=NAICS), large, rule="C06")
        assert found.severity == "advisory"
        assert "fixed as of the offer" in found.because
    order = replace(set_aside, referenced_idv="70ZZ0124D0001")
    assert severities(findings(order, large, rule="C06")) == ["advisory"]


@pytest.mark.parametrize("reason", ["J", "P", "R"])
def test_a_novation_calls_for_a_rerepresentation(findings, modification, large, document, reason):
    action = replace(modification, set_aside="SBA", naics=NAICS, reason=reason)
    (found,) = findings(action, large, rule="C06")
    assert "rerepresentation" in found.because
    assert findings(action, large, document("REREP", modification="P00001"), rule="C06") == []


def test_a_code_of_another_vintage_says_nothing(findings, set_aside, large):
    assert findings(replace(set_aside, naics="336612"), large, rule="C06") == []


def test_of_several_rows_the_best_counts(findings, set_aside, large, registration):
    small = replace(registration(), small_for=frozenset({NAICS}), eft_indicator="0002")
    assert findings(set_aside, large, small, rule="C06") == []


def test_another_firms_size_does_not_matter(findings, set_aside, large):
    assert findings(set_aside, replace(large, uei="ZZ9TESTVNDR2"), rule="C06") == []


@pytest.mark.parametrize(
    ("code", "ends", "found"),
    [
        ("A6", date(2026, 9, 13), ["blocking"]),
        ("A6", date(2026, 9, 14), []),
        ("A6", None, []),
        ("XX", date(2020, 1, 1), []),
        (None, None, []),
    ],
)
def test_an_expired_certification_is_found(findings, award, registration, code, ends, found):  # noqa: PLR0917  # fixtures
    """One that is not listed may be pending."""
    held = (Certification(code=code, ends=ends),) if code else ()
    action = replace(award, set_aside="8A")
    assert severities(findings(action, replace(registration(), certifications=held), rule="C06")) == found


def test_a_renewed_certification_is_no_finding(findings, award, registration):
    held = (Certification(code="XX", ends=date(2026, 1, 1)), Certification(code="XX", ends=date(2029, 1, 1)))
    action = replace(award, set_aside="HZC")
    assert findings(action, replace(registration(), certifications=held), rule="C06") == []
