"""R01, R02: every prime and subcontractor is registered for contracts, and actively on the day of the action."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.action import Payment, Vendor, VendorRole
from app.procurement.vendor_facts import HiddenEntity, UnreadValue

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


def test_an_active_row_wins_whatever_its_place(findings, about_prime, registration):
    rows = (registration(status="Expired", expires=date(2025, 1, 1)), registration())
    assert findings(about_prime, *rows, rule="R01") == []
    assert findings(about_prime, *reversed(rows), rule="R01") == []


def test_of_two_active_rows_the_longer_one_counts(findings, about_prime, registration):
    rows = (registration(expires=date(2026, 9, 1)), registration(expires=date(2027, 9, 1)))
    assert findings(about_prime, *rows, rule="R01") == []


@pytest.mark.parametrize("expires", [date(2026, 9, 1), None])
def test_an_owner_needs_no_registration_but_a_subcontractor_does(findings, award, registration, expires):
    rows = [registration(f"ZZ9TESTVNDR{n}", status="Expired", expires=expires) for n in (1, 2, 3)]
    found = findings(award, *rows, rule="R01")
    assert [each.subject for each in found] == ["ZZ9TESTVNDR1", "ZZ9TESTVNDR2"]


def test_a_modification_is_advisory_an_option_is_not(findings, modification, option, registration):
    lapsed = registration(status="Expired")
    for rule, rows in (("R01", [lapsed]), ("R02", [])):
        assert {each.severity for each in findings(modification, *rows, rule=rule)} == {"advisory"}
        assert {each.severity for each in findings(option, *rows, rule=rule)} == {"blocking"}


def test_a_firm_in_two_roles_is_reported_once(findings, award):
    """A finding is unique by rule and subject; two would not be stored."""
    twice = replace(
        award,
        vendors=(award.vendors[0], Vendor(uei="ZZ9TESTVNDR1", name="EXAMPLE MARINE", role=VendorRole.OWNER)),
    )
    assert len(findings(twice, rule="R02")) == 1


@pytest.mark.parametrize("field", ["updated", "activated"])
def test_a_record_changed_on_the_day_of_the_pull_is_to_be_pulled_again(
    findings, about_prime, registration, field
):
    pulled = date(2026, 9, 13)
    row = registration(status="Expired", expires=date(2026, 9, 1))
    (found,) = findings(about_prime, replace(row, **{field: pulled}), rule="R01")
    assert "pull it again" in found.because
    (found,) = findings(about_prime, replace(row, **{field: date(2026, 9, 12)}), rule="R01")
    assert "pull it again" not in found.because


def test_a_lapse_between_offer_and_award_is_harmless(findings, about_prime, registration):
    offered = replace(about_prime, solicitation_date=date(2026, 6, 1))
    renewed = replace(registration(), activated=date(2026, 8, 1))
    assert findings(offered, renewed, rule="R01") == []


EXCEPTIONS = ["classified contract", "deployed in a military operation", "foreign vendor up to $40,000"]


@pytest.mark.parametrize("rule", ["R01", "R02"])
@pytest.mark.parametrize("exception", EXCEPTIONS)
@pytest.mark.parametrize("reported", [True, False])
def test_an_exception_makes_it_advisory_and_is_named(  # noqa: PLR0917  # fixtures
    findings, about_prime, registration, report, rule, exception, reported
):
    rows = [registration(status="Expired")] if rule == "R01" else []
    if reported:
        rows.append(replace(report(), registration_exception=exception))
        action = about_prime
    else:
        action = replace(about_prime, registration_exception=exception)
    (found,) = findings(action, *rows, rule=rule)
    assert found.severity == "advisory"
    assert exception in found.because


@pytest.mark.parametrize(
    ("day", "severity"), [(date(2026, 9, 14), "advisory"), (date(2026, 9, 15), "blocking")]
)
def test_an_urgency_award_has_thirty_days_to_register(findings, option, report, day, severity):
    awarded = replace(
        report(), signed=date(2026, 8, 15), registration_exception="Unusual or compelling needs"
    )
    action = replace(option, effective_date=day, vendors=option.vendors[:1])
    (found,) = findings(action, awarded, rule="R02")
    assert found.severity == severity


def test_an_urgent_award_may_come_before_the_registration(findings, about_prime):
    (found,) = findings(replace(about_prime, urgent=True), rule="R02")
    assert found.severity == "advisory"
    assert "within 30 days of award" in found.because


@pytest.mark.parametrize(("amount", "quiet"), [("15000.00", True), ("15000.01", False)])
@pytest.mark.parametrize("rule", ["R01", "R02"])
def test_a_micro_purchase_by_card_needs_no_registration(  # noqa: PLR0917  # fixtures
    findings, about_prime, registration, amount, quiet, rule
):
    rows = [registration(status="Expired")] if rule == "R01" else []
    action = replace(about_prime, amount=Decimal(amount), payment=Payment.PURCHASE_CARD)
    assert (findings(action, *rows, rule=rule) == []) is quiet


@pytest.mark.parametrize(("overhauled", "severity"), [(True, "blocking"), (False, "advisory")])
def test_an_order_needs_no_new_verification_under_the_codified_text(
    findings, option, registration, overhauled, severity
):
    order = replace(
        option,
        vendors=option.vendors[:1],
        referenced_idv="70ZZ0124D0001",
        clauses=frozenset({"52.204-13"}),
        overhauled_far=overhauled,
    )
    (found,) = findings(order, registration(status="Expired"), rule="R01")
    assert found.severity == severity
    assert "52.204-13" in found.because


def test_no_row_is_a_finding_and_not_an_error(findings, about_prime):
    (found,) = findings(about_prime, rule="R02")
    assert (found.severity, found.subject) == ("blocking", "ZZ9TESTVNDR1")
    assert "returned no registration" in found.because


def test_another_vendors_registration_does_not_help(findings, about_prime, registration):
    assert len(findings(about_prime, registration("ZZ9TESTVNDR9"), rule="R02")) == 1


def test_an_assigned_identifier_is_no_registration(findings, about_prime, registration):
    row = replace(registration(status="ID Assigned", expires=None), registered=False, purpose=None)
    (found,) = findings(about_prime, row, rule="R02")
    assert "an assigned identifier and no registration" in found.because
    assert found.values[1].evidence_id
    assert findings(about_prime, row, rule="R01") == []


def test_assistance_only_does_not_cover_contracts(findings, about_prime, registration):
    row = replace(registration(), purpose="Z1")
    (found,) = findings(about_prime, row, rule="R02")
    assert "federal assistance only (Z1)" in found.because
    assert findings(about_prime, row, registration(), rule="R02") == []


@pytest.mark.parametrize("purpose", ["Z2", "Z5", None])
def test_a_registration_for_contracts_is_no_finding(findings, about_prime, registration, purpose):
    assert findings(about_prime, replace(registration(), purpose=purpose), rule="R02") == []


def test_a_vendor_that_opted_out_of_display_is_reported_as_not_visible(findings, about_prime):
    (found,) = findings(about_prime, HiddenEntity(), rule="R02")
    assert "not visible to this key" in found.because
    assert "no registration" not in found.because
    assert "not shown" in found.values[1].value


def test_a_hidden_row_that_names_another_vendor_is_not_about_this_one(findings, about_prime):
    (found,) = findings(about_prime, HiddenEntity(uei="ZZ9TESTVNDR9"), rule="R02")
    assert "no registration" in found.because


@pytest.mark.parametrize("status", ["Inactive", "Expired", "Submitted", "Work in Progress"])
def test_each_status_but_active_is_no_active_registration(findings, about_prime, registration, status):
    (found,) = findings(about_prime, registration(status=status), rule="R01")
    assert status in found.because


def test_a_status_that_could_not_be_read_is_neither_active_nor_lapsed(findings, about_prime, registration):
    unread = UnreadValue(
        uei="ZZ9TESTVNDR1", record="ZZ9TESTVNDR1", field="registrationStatus", value="Under Review"
    )
    found = findings(about_prime, registration(status=None), unread)
    assert [each.rule for each in found if each.rule.startswith("R0")] == []
    (gap,) = [each for each in found if each.rule == "S01"]
    assert gap.subject == "ZZ9TESTVNDR1"
    assert "registrationStatus is Under Review" in gap.because


def test_an_active_row_decides_beside_one_of_unknown_status(findings, about_prime, registration):
    past = registration(expires=date(2020, 1, 1))
    assert findings(about_prime, registration(status=None), registration(), rule="R01") == []
    assert findings(about_prime, registration(status=None), past, rule="R01")


@pytest.mark.parametrize("uei", ["ZZ9TESTVNDR1", None])
def test_a_vendor_whose_row_is_lost_is_not_called_unregistered(findings, about_prime, uei):
    lost = UnreadValue(uei=uei, record="ZZ9TESTVNDR1", field="x", value="missing", is_lost=True)
    found = [each.rule for each in findings(about_prime, lost)]
    assert ("S01" in found, "R02" in found) == (True, False)


def test_hidden_entities_do_not_affect_visible_ones(findings, about_prime, registration):
    assert findings(about_prime, registration(), HiddenEntity(), rule="R02") == []


def test_a_generic_identifier_is_advisory(findings, about_prime):
    generic = replace(about_prime.vendors[0], name="Miscellaneous Foreign Awardees")
    (found,) = findings(replace(about_prime, vendors=(generic,)), rule="R02")
    assert found.severity == "advisory"
    assert "stands for many vendors" in found.because
