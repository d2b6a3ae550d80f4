"""R01: every prime and subcontractor is actively registered on the day of the action."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.procurement import Vendor, VendorRole

DAY = date(2026, 9, 14)


@pytest.fixture
def about_prime(award):
    return replace(award, vendors=award.vendors[:1])


@pytest.mark.parametrize("expires", [DAY, date(2027, 1, 31), None])
def test_an_active_registration_is_no_finding_also_on_its_last_day(
    findings, about_prime, registration, expires
):
    assert findings(about_prime, registration(expires=expires), rule="R01") == []


@pytest.mark.parametrize(
    ("status", "expires", "words"),
    [
        ("Active", date(2026, 9, 13), "active until 2026-09-13"),
        ("Expired", date(2026, 8, 1), "Expired, with an expiration date of 2026-08-01"),
        ("Expired", date(2027, 8, 1), "Expired, with an expiration date of 2027-08-01"),
        ("ID Assigned", None, "as ID Assigned;"),
    ],
)
def test_a_lapsed_registration_is_found_with_both_dates(  # noqa: PLR0917  # fixtures
    findings, about_prime, registration, status, expires, words
):
    (found,) = findings(about_prime, registration(status=status, expires=expires), rule="R01")
    assert (found.severity, found.subject) == ("blocking", "ZZ9TESTVNDR1")
    assert words in found.because
    assert "2026-09-14" in found.because
    assert [value.source for value in found.values] == ["action", "sam-gov"]
    assert found.values[1].evidence_id
    assert found.values[1].record_key == "ZZ9TESTVNDR1"


def test_no_row_is_a_finding_and_not_an_error(findings, about_prime):
    (found,) = findings(about_prime, rule="R01")
    assert found.severity == "blocking"
    assert "returned no registration" in found.because


def test_an_active_row_wins_whatever_its_place(findings, about_prime, registration):
    rows = (registration(status="Expired", expires=date(2025, 1, 1)), registration())
    assert findings(about_prime, *rows, rule="R01") == []
    assert findings(about_prime, *reversed(rows), rule="R01") == []


def test_of_two_active_rows_the_longer_one_counts(findings, about_prime, registration):
    rows = (registration(expires=date(2026, 9, 1)), registration(expires=date(2027, 9, 1)))
    assert findings(about_prime, *rows, rule="R01") == []


def test_an_owner_needs_no_registration_but_a_subcontractor_does(findings, award, registration):
    found = findings(award, registration("ZZ9TESTVNDR1"), rule="R01")
    assert [each.subject for each in found] == ["ZZ9TESTVNDR2"]


def test_a_modification_is_advisory_an_option_is_not(findings, modification, option):
    assert {each.severity for each in findings(modification, rule="R01")} == {"advisory"}
    assert {each.severity for each in findings(option, rule="R01")} == {"blocking"}


def test_a_firm_in_two_roles_is_reported_once(findings, award):
    """A finding is unique by rule and subject; two would not be stored."""
    twice = replace(
        award,
        vendors=(award.vendors[0], Vendor(uei="ZZ9TESTVNDR1", name="EXAMPLE MARINE", role=VendorRole.OWNER)),
    )
    assert len(findings(twice, rule="R01")) == 1


def test_another_vendors_registration_does_not_help(findings, about_prime, registration):
    assert len(findings(about_prime, registration("ZZ9TESTVNDR9"), rule="R01")) == 1
