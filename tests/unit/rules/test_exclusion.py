"""E01: no vendor, in whatever role, is on an exclusion record active on the day of the action."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.facts import Exclusion
from app.domain.procurement import Vendor, VendorRole


def record(uei="ZZ9TESTVNDR1", *, since=date(2026, 3, 13), until=None, agency="DEPT OF THE AIR FORCE"):
    return Exclusion(
        uei=uei,
        name="Example Marine",
        exclusion_type="Ineligible (Proceedings Completed)",
        program="Reciprocal",
        agency=agency,
        activated=since,
        terminated=until,
    )


@pytest.mark.parametrize("uei", ["ZZ9TESTVNDR1", "ZZ9TESTVNDR2", "ZZ9TESTVNDR3"])
def test_every_role_is_checked(findings, award, uei):
    (found,) = findings(award, record(uei), rule="E01")
    assert (found.severity, found.subject) == ("blocking", uei)
    assert [value.source for value in found.values] == ["action", "debarment"]
    assert "DEPT OF THE AIR FORCE" in found.because
    assert uei in found.because


@pytest.mark.parametrize(
    ("since", "until", "active"),
    [
        (date(2026, 9, 14), None, True),
        (date(2026, 9, 15), None, False),
        (date(2026, 1, 1), date(2026, 9, 14), True),
        (date(2026, 1, 1), date(2026, 9, 13), False),
        (date(2026, 1, 1), date(2027, 1, 1), True),
    ],
)
def test_the_record_counts_only_while_it_is_active(findings, award, since, until, active):
    assert bool(findings(award, record(since=since, until=until), rule="E01")) is active


@pytest.mark.parametrize(
    ("amount", "severity"), [("0.01", "blocking"), ("0.00", "advisory"), ("-5000.00", "advisory")]
)
def test_a_modification_blocks_only_when_it_adds_money(findings, modification, amount, severity):
    (found,) = findings(replace(modification, amount=Decimal(amount)), record(), rule="E01")
    assert found.severity == severity


def test_an_option_without_money_still_blocks(findings, option):
    (found,) = findings(replace(option, amount=Decimal(0)), record(), rule="E01")
    assert found.severity == "blocking"


def test_a_record_of_another_firm_is_no_finding_even_with_the_same_name(findings, award):
    assert findings(award, record("ZZ9TESTVNDR9"), rule="E01") == []


def test_two_records_of_one_firm_are_one_finding_showing_both(findings, award):
    (found,) = findings(award, record(agency="NAVY"), record(agency="ARMY"), rule="E01")
    assert len(found.values) == 3
    assert "NAVY" in found.because
    assert "ARMY" in found.because


def test_a_firm_in_two_roles_is_one_finding_naming_both(findings, award):
    owner = Vendor(uei="ZZ9TESTVNDR1", name="EXAMPLE MARINE", role=VendorRole.OWNER)
    (found,) = findings(replace(award, vendors=(award.vendors[0], owner)), record(), rule="E01")
    assert "owner and prime" in found.because


def test_letter_case_of_the_record_does_not_hide_it(findings, award):
    assert findings(award, record("zz9testvndr1"), rule="E01")
