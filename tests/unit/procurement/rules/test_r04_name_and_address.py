"""R04: instrument and report carry the name, address and CAGE code of the registration."""

from dataclasses import replace
from datetime import date

import pytest

from app.procurement.facts import Address

PLACE = Address(
    line1="1 Example Street", line2=None, city="Norfolk", state="VA", zip_code="23510", country="USA"
)
NAME = "Example Marine Services, Inc."


@pytest.fixture
def row(registration):
    return replace(registration(), legal_name=NAME, dba_name="Example Boats", address=PLACE, cage="9ZZ91")


def instrument(document, **printed):
    return replace(document(), **{f"printed_{key}": value for key, value in printed.items()})


def graded(found):
    return [(each.subject.partition(":")[2], each.severity) for each in found]


@pytest.mark.parametrize(
    "name",
    [
        NAME,
        "EXAMPLE MARINE SERVICES INC",
        "Example  Marine Services Incorporated",
        "example boats",
        "EXAMPLE MARINE SERVICES INC DBA EXAMPLE BOATS",
        "Example Marine Services, Inc. (d/b/a Example Boats)",
        "Example Boats, doing business as Example Marine Services, Inc.",
        None,
    ],
)
def test_the_registered_or_trade_name_in_any_spelling_is_no_finding(findings, award, row, document, name):
    assert findings(award, row, instrument(document, name=name), rule="R04") == []


@pytest.mark.parametrize(
    ("name", "severity", "words"),
    [
        ("Example Marine Services LLC", "advisory", "another legal person"),
        ("Example Marine Services", "advisory", "another legal person"),
        ("Marine Services Example, Inc.", "advisory", "another order"),
        ("The Example Marine Services, Inc.", "advisory", "only by THE"),
        ("Example Marine Services, Inc. d/b/a Sample Tugs", "advisory", "not in SAM.gov"),
        ("Example Marine Services, Inc., formerly Example Boats LLC", "advisory", "another legal person"),
        ("Sample Marine Services, Inc.", "blocking", "The names differ"),
    ],
)
def test_a_name_is_graded_by_how_far_it_is_off(  # noqa: PLR0917  # fixtures
    findings, award, row, document, name, severity, words
):
    (found,) = findings(award, row, instrument(document, name=name), rule="R04")
    assert (found.subject, found.severity) == ("ZZ9TESTVNDR1:name", severity)
    assert words in found.because
    assert name in found.because
    assert NAME in found.because


@pytest.mark.parametrize("printed", ["KESTREL COMPANY, THE", "Kestrel Co., The"])
def test_the_at_the_other_end_is_another_order(findings, award, row, document, printed):
    registered = replace(row, legal_name="THE KESTREL COMPANY", dba_name=None)
    (found,) = findings(award, registered, instrument(document, name=printed), rule="R04")
    assert found.severity == "advisory"
    assert "another order" in found.because


@pytest.mark.parametrize("kind", ["modification", "option"])
def test_another_name_is_advisory_later_on(findings, row, report, kind, request):
    reported = replace(report(), vendor_name="Sample Boats")
    found = findings(request.getfixturevalue(kind), row, reported, rule="R04")
    assert graded(found) == [("name", "advisory")]


def test_a_report_before_a_change_of_name_keeps_the_earlier_one(findings, option, row, report):
    before = replace(
        report(modification="P00001"), vendor_name="Sample Boats", signed=date(2026, 3, 1), reason="V"
    )
    assert findings(option, row, before, rule="R04") == []


def test_a_change_of_name_by_the_action_is_named(findings, modification, row, report):
    renaming = replace(modification, reason="V")
    (found,) = findings(renaming, row, replace(report(), vendor_name="Sample Boats"), rule="R04")
    assert found.severity == "advisory"
    assert "The action itself is a change" in found.because


@pytest.mark.parametrize(
    "printed",
    [
        replace(PLACE, line1="1 EXAMPLE ST."),
        replace(PLACE, line1="1 Example Street, Suite 200"),
        replace(PLACE, line2="Bldg 4"),
        replace(PLACE, zip_code="23510-0001"),
        replace(PLACE, zip_code="235100001", country="United States"),
        Address(line1="PO Box 7", city="Norfolk", state="VA", zip_code="23501"),
        Address(city="NORFOLK", state="VA"),
    ],
)
def test_the_same_place_written_otherwise_is_no_finding(findings, award, row, document, printed):
    mailing = Address(line1="P.O. Box 7", city="Norfolk", state="VA", zip_code="23501", country="USA")
    registered = replace(row, mailing_address=mailing)
    assert findings(award, registered, instrument(document, address=printed), rule="R04") == []


@pytest.mark.parametrize(
    "printed",
    [
        replace(PLACE, line1="2 Example Street"),
        replace(PLACE, city="Suffolk"),
        replace(PLACE, zip_code="23511"),
    ],
)
def test_another_address_alone_is_advisory(findings, award, row, document, printed):
    found = findings(award, row, instrument(document, address=printed), rule="R04")
    assert graded(found) == [("address", "advisory")]


@pytest.mark.parametrize(("defense", "severity"), [(False, "advisory"), (True, "blocking")])
def test_another_cage_blocks_a_new_defense_award_only(  # noqa: PLR0917  # fixtures
    findings, award, option, row, document, report, defense, severity
):
    other = instrument(document, cage="9ZZ99")
    assert graded(findings(replace(award, defense=defense), row, other, rule="R04")) == [("cage", severity)]
    reported = replace(report(), cage="9ZZ99")
    assert graded(findings(replace(option, defense=True), row, reported, rule="R04")) == [
        ("cage", "advisory")
    ]


def test_the_cage_of_any_row_will_do(findings, award, row, document):
    second = replace(row, eft_indicator="0001", cage="9ZZ99")
    assert findings(award, row, second, instrument(document, cage="9zz99"), rule="R04") == []


def test_a_firm_abroad_has_an_ncage_that_never_blocks(findings, award, row, document):
    abroad = replace(row, address=Address(city="Toulon", country="FRA"))
    other = instrument(document, cage="FZZ99")
    (found,) = findings(replace(award, defense=True), abroad, other, rule="R04")
    assert found.severity == "advisory"
    assert "NCAGE" in found.because


def test_without_a_registration_there_is_nothing_to_compare_with(findings, award, document):
    assert findings(award, instrument(document, name="Sample"), rule="R04") == []


def test_name_address_and_cage_are_three_findings(findings, award, row, document):
    other = instrument(document, name="Sample", address=replace(PLACE, city="Suffolk"), cage="9ZZ99")
    assert {each.subject for each in findings(award, row, other, rule="R04")} == {
        "ZZ9TESTVNDR1:name",
        "ZZ9TESTVNDR1:address",
        "ZZ9TESTVNDR1:cage",
    }
