"""E01: no vendor, in whatever role, is on an exclusion record active on that day. E03: the flag agrees with the list."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.procurement.action import ActionType, Vendor, VendorRole
from app.procurement.vendor_facts import Exclusion, Period


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


def test_any_of_several_periods_counts(findings, award):
    to_come = Period(activated=date(2026, 12, 1))
    assert findings(award, replace(record(), further_periods=(to_come,)), rule="E01")
    over = replace(record(until=date(2026, 6, 30)), further_periods=(to_come,))
    assert findings(award, over, rule="E01") == []
    again = replace(over, further_periods=(Period(activated=date(2026, 9, 1)),))
    (found,) = findings(award, again, rule="E01")
    assert "since 2026-09-01" in found.values[1].value


def test_a_record_that_does_not_say_since_when_is_in_force(findings, award):
    (found,) = findings(award, record(since=None), rule="E01")
    assert "since a day not stated" in found.values[1].value


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


@pytest.mark.parametrize(
    "changes",
    [
        {"uei": None, "cage": "9zz91"},
        {"uei": "ZZ9TESTVNDR9", "other_ueis": ("ZZ9TESTVNDR1",)},
        {"uei": None, "other_cages": ("9ZZ91",)},
    ],
)
def test_cage_and_further_locations_are_identifiers_too(findings, award, registration, changes):
    (found,) = findings(
        award, replace(registration(), cage="9ZZ91"), replace(record(), **changes), rule="E01"
    )
    assert found.severity == "blocking"
    assert found.match is None


def test_the_cage_the_action_gives_counts_without_a_registration(findings, award):
    prime = replace(award.vendors[0], cage="9ZZ91")
    action = replace(award, vendors=(prime,))
    (found,) = findings(action, replace(record(uei=None), cage="9ZZ91"), rule="E01")
    assert "CAGE 9ZZ91" in found.because


@pytest.mark.parametrize("junk", ["N/A", "00000", "", "NONE", "N0TAPPLICABL"])
def test_placeholders_are_no_identifiers(findings, award, registration, junk):
    row = replace(registration(), cage=junk)
    assert findings(award, row, replace(record(uei=junk), cage=junk), rule="E01") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ct_code": "H"}, "a facility"),
        ({"program": "NonProcurement"}, "about assistance"),
        ({"exclusion_type": "Prohibition/Restriction"}, "its terms"),
        ({"exclusion_type": "Voluntary Exclusion"}, "the agreement"),
    ],
)
def test_type_and_program_of_the_record_decide(findings, award, changes, words):
    limited = replace(record(), **changes)
    (found,) = findings(award, limited, rule="E01")
    assert found.severity == "advisory"
    assert words in found.because
    (found,) = findings(award, limited, record(agency="NAVY"), rule="E01")
    assert found.severity == "blocking"


@pytest.mark.parametrize("kind", ["Ineligible (Proceedings Pending)", "Ineligible (Proceedings Completed)"])
def test_an_ineligible_firm_blocks_and_the_type_is_named(findings, award, kind):
    (found,) = findings(award, replace(record(), exclusion_type=kind, comments="Scope text."), rule="E01")
    assert found.severity == "blocking"
    assert kind in found.because
    assert "Scope text." in found.values[1].value


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({}, "advisory"),
        ({"reason": "A"}, "blocking"),
        ({"period_end": date(2027, 9, 30)}, "advisory"),
        ({"period_end": date(2027, 10, 1)}, "blocking"),
    ],
)
def test_a_modification_that_adds_work_or_time_blocks(findings, modification, report, changes, severity):
    action = replace(modification, amount=Decimal(0), **changes)
    ends = replace(report(), current_completion=date(2027, 9, 30))
    (found,) = findings(action, ends, record(), rule="E01")
    assert found.severity == severity
    assert ("current contracts may continue" in found.because) is (severity == "advisory")


@pytest.mark.parametrize(
    ("changes", "obligated", "exercised", "severity"),
    [
        ({}, "100.00", "200.00", "advisory"),
        ({}, "100.01", "200.00", "blocking"),
        ({}, "100.00", None, "blocking"),
        ({}, None, "200.00", "blocking"),
        ({"reason": "B"}, "100.00", "200.00", "blocking"),
        ({"action_type": ActionType.OPTION}, "100.00", "200.00", "blocking"),
    ],
)
def test_funding_only_within_the_value_agreed_adds_no_work(  # noqa: PLR0917  # fixtures and cases
    findings, modification, report, changes, obligated, exercised, severity
):
    known = replace(
        report(),
        modification="0",
        total_obligated=obligated and Decimal(obligated),
        total_exercised=exercised and Decimal(exercised),
    )
    action = replace(modification, **{"amount": Decimal(100), "reason": "C", **changes})
    (found,) = findings(action, known, record(), rule="E01")
    assert found.severity == severity
    assert ("only funds work agreed before" in found.because) is (severity == "advisory")


@pytest.mark.parametrize("defense", [True, False])
def test_a_compelling_reason_on_file_makes_it_advisory(findings, award, document, defense):
    (found,) = findings(replace(award, defense=defense), document("COMPELLING"), record(), rule="E01")
    assert found.severity == "advisory"
    assert ("10 U.S.C. 4654" in found.because) is defense
    (found,) = findings(award, document("COMPELLING", status="draft"), record(), rule="E01")
    assert found.severity == "blocking"


def test_orders_under_a_vehicle_block_too(findings, award):
    (found,) = findings(replace(award, referenced_idv="70ZZ0124D0001"), record(), rule="E01")
    assert found.severity == "blocking"
    assert "guaranteed minimum" in found.because


@pytest.mark.parametrize(
    ("flag", "listed", "found"),
    [("Y", True, 0), ("N", False, 0), (None, False, 0), ("Y", False, 1), ("N", True, 1), (None, True, 1)],
)
def test_flag_and_list_agree_or_are_found(  # noqa: PLR0917  # fixtures
    findings, award, registration, flag, listed, found
):
    facts = [replace(registration(), exclusion_flag=flag), *([record()] if listed else [])]
    each = findings(award, *facts, rule="E03")
    assert len(each) == found
    assert all((one.severity, one.subject) == ("blocking", "ZZ9TESTVNDR1") for one in each)
    assert all("re-pull both" in one.because for one in each)


@pytest.mark.parametrize(("kind", "severity"), [("option", "blocking"), ("modification", "advisory")])
def test_a_disagreement_weighs_by_action(findings, registration, kind, severity, request):
    flagged = replace(registration(), exclusion_flag="Y")
    (found,) = findings(request.getfixturevalue(kind), flagged, rule="E03")
    assert found.severity == severity


@pytest.mark.parametrize(
    ("since", "severity"), [(date(2026, 9, 3), "blocking"), (date(2026, 9, 4), "advisory")]
)
def test_a_record_of_the_last_five_business_days_may_not_have_reached_the_flag(
    findings, award, registration, since, severity
):
    """Looked at on Monday 14 September, the day of the action; Monday the 7th was Labor Day."""
    row = replace(registration(), exclusion_flag="N")
    (found,) = findings(award, row, record(since=since), rule="E03")
    assert found.severity == severity


def test_a_flag_ahead_of_a_future_record_is_no_disagreement(findings, award, registration):
    row = replace(registration(), exclusion_flag="Y")
    assert findings(award, row, record(since=date(2026, 9, 20)), rule="E03") == []


def test_one_flagged_row_of_several_is_a_flag(findings, award, registration):
    rows = [replace(registration(), exclusion_flag=flag, eft_indicator=flag) for flag in ("Y", "N")]
    assert findings(award, *rows, record(), rule="E03") == []


def test_an_assigned_identifier_carries_no_flag(findings, award, registration):
    row = replace(registration(status="ID Assigned"), registered=False)
    assert findings(award, row, record(), rule="E03") == []
