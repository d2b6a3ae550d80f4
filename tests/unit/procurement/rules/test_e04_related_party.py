"""E04: owners, predecessors and signatories on exclusion records are advisory and worded with care."""

from dataclasses import replace
from datetime import date

import pytest

from app.procurement.action import Vendor, VendorRole
from app.procurement.facts import Address
from app.procurement.vendor_facts import Exclusion, Owner

NORFOLK = Address(city="NORFOLK", state="VA", zip_code="23510", country="USA")
RENO = Address(city="RENO", state="NV", zip_code="89501", country="USA")
FIRM = Exclusion(
    uei=None,
    name="Specimen Harbor Group, Inc.",
    exclusion_type="Ineligible (Proceedings Completed)",
    program="Reciprocal",
    agency="DEPT OF THE NAVY",
    activated=date(2026, 3, 13),
    terminated=None,
)
PERSON = replace(FIRM, name="SAMPLEMAN, JORDAN", classification="Individual")
OWNER = Owner(name="Specimen Harbor Group, Inc.", cage="9ZZ77")


@pytest.fixture
def row(registration):
    return replace(registration(), address=NORFOLK)


@pytest.mark.parametrize("kind", ["award", "modification", "option"])
@pytest.mark.parametrize(
    ("field", "subject"),
    [
        ("immediate_owner", "immediate-owner"),
        ("highest_owner", "highest-owner"),
        ("predecessors", "predecessor"),
    ],
)
def test_each_relation_is_found_by_cage(  # noqa: PLR0917  # fixtures
    findings, row, kind, field, subject, request
):
    related = replace(row, **{field: (OWNER,) if field == "predecessors" else OWNER})
    record = replace(FIRM, name="Renamed Since", cage="9ZZ77")
    (found,) = findings(request.getfixturevalue(kind), related, record, rule="E04")
    assert (found.severity, found.subject) == ("advisory", f"ZZ9TESTVNDR1:{subject}")
    assert found.match is None
    assert "only if they are named in it and had notice" in found.because


def test_a_name_alone_gives_its_score(findings, award, row):
    (found,) = findings(award, replace(row, immediate_owner=OWNER), FIRM, rule="E04")
    assert found.match.score == 1.0
    assert "Specimen Harbor Group" in found.match.compared


@pytest.mark.parametrize(
    "record",
    [
        replace(FIRM, name="Specimen Garden Group, Inc."),
        replace(FIRM, terminated=date(2026, 9, 13)),
        replace(FIRM, classification="Vessel"),
        replace(FIRM, classification="Individual"),
    ],
)
def test_other_names_kinds_and_ended_records_are_no_finding(findings, award, row, record):
    assert findings(award, replace(row, immediate_owner=OWNER), record, rule="E04") == []


def test_one_firm_as_both_owners_is_one_finding(findings, award, row):
    owned = replace(row, immediate_owner=OWNER, highest_owner=OWNER)
    assert len(findings(award, owned, FIRM, rule="E04")) == 1


def test_an_owner_the_action_names_is_left_to_the_vendor_rules(findings, award, row):
    named = Vendor(uei="ZZ9TESTVNDR3", name="EXAMPLE HOLDING", role=VendorRole.OWNER)
    action = replace(award, vendors=(award.vendors[0], named))
    owned = replace(row, immediate_owner=replace(OWNER, uei="ZZ9TESTVNDR3"))
    record = replace(FIRM, uei="ZZ9TESTVNDR3")
    assert findings(action, owned, record, rule="E04") == []
    assert [each.subject for each in findings(action, owned, record, rule="E01")] == ["ZZ9TESTVNDR3"]


def test_an_owner_is_known_by_its_cage_where_the_action_names_it(findings, award, row):
    """In public SAM.gov gives an owner's name and CAGE code, never its UEI."""
    named = Vendor(uei="ZZ9TESTVNDR3", name="EXAMPLE HOLDING", role=VendorRole.OWNER, cage="9ZZ77")
    action = replace(award, vendors=(award.vendors[0], named))
    record = replace(FIRM, uei="ZZ9TESTVNDR3", cage="9ZZ77")
    assert findings(action, replace(row, immediate_owner=OWNER), record, rule="E04") == []
    assert [each.subject for each in findings(action, record, rule="E01")] == ["ZZ9TESTVNDR3"]


@pytest.mark.parametrize("signatory", ["Jordan Sampleman", "SAMPLEMAN, Jordan", "Jordan T. Sampleman"])
@pytest.mark.parametrize(("place", "found"), [(NORFOLK, 1), (None, 1), (RENO, 0)])
def test_a_signatory_is_found_unless_the_place_differs(  # noqa: PLR0917  # fixtures
    findings, award, row, document, signatory, place, found
):
    signed = replace(document(), signatories=(signatory,))
    each = findings(award, row, signed, replace(PERSON, address=place), rule="E04")
    assert [one.subject for one in each] == ["ZZ9TESTVNDR1:signatory"] * found


@pytest.mark.parametrize("signatory", ["Sampleman", "J. Sampleman", "Robin Sampleman", "Jordan Samplewood"])
def test_a_part_of_a_persons_name_is_no_finding(findings, award, row, document, signatory):
    signed = replace(document(), signatories=(signatory,))
    assert findings(award, row, signed, replace(PERSON, address=NORFOLK), rule="E04") == []


def test_a_firm_called_like_the_signatory_is_no_finding(findings, award, row, document):
    signed = replace(document(), signatories=("Jordan Sampleman",))
    assert findings(award, row, signed, replace(PERSON, classification="Firm"), rule="E04") == []
