"""E02: a record with a name like a vendor's is shown with its score; it never blocks."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.procurement.case_file import CaseFile, NotAMatch
from app.procurement.facts import Address
from app.procurement.rules.e02_exclusion_by_name import E02
from app.procurement.vendor_facts import Exclusion

NORFOLK = Address(city="NORFOLK", state="VA", zip_code="23510", country="USA")
RENO = Address(city="RENO", state="NV", zip_code="89501", country="USA")
RECORD = Exclusion(
    uei=None,
    name="Kestrel Harbor Marine, Inc.",
    exclusion_type="Ineligible (Proceedings Completed)",
    program="Reciprocal",
    agency="DEPT OF THE NAVY",
    activated=date(2026, 3, 13),
    terminated=None,
)


@pytest.fixture
def look(award, registration, stated):
    """What E02 finds about a prime of this name and place, and these records."""

    def find(*records, name="KESTREL HARBOR MARINE INC", place=NORFOLK, dba=None, action=award, **case):
        prime = replace(action.vendors[0], name=name)
        row = replace(registration(), legal_name=name, dba_name=dba, address=place)
        evidence = stated(row, *records)
        found = CaseFile(action=replace(action, vendors=(prime,)), evidence=evidence, **case)
        return list(E02.check(E02, found))

    return find


def strength(found):
    return {"Adjudicate before signing.": 2, "A weak likeness, to be looked at.": 1}.get(
        next(
            (
                end
                for end in ("Adjudicate before signing.", "A weak likeness, to be looked at.")
                if found and found[0].because.endswith(end)
            ),
            None,
        ),
        0,
    )


@pytest.mark.parametrize("kind", ["award", "modification", "option"])
def test_the_same_name_in_the_same_place_is_to_be_adjudicated(look, kind, request):
    (found,) = look(replace(RECORD, address=NORFOLK), action=request.getfixturevalue(kind))
    assert (found.severity, found.subject) == ("advisory", "ZZ9TESTVNDR1")
    assert found.match.score == 1.0
    assert "place agrees" in found.match.compared
    assert found.because.endswith("Adjudicate before signing.")
    assert "1.00" in found.because


@pytest.mark.parametrize(
    ("name", "place", "weight"),
    [
        ("Kestrel Harbor Marine, Inc.", NORFOLK, 2),
        ("Kestrel Harbor Marine", NORFOLK, 2),
        ("Kestrel Harbor Marine, Inc.", None, 1),
        ("Kestrel Harbor Marine, Inc.", RENO, 1),
        ("Kestrel Harbor Marine LLC", NORFOLK, 1),
        ("Kestrel Harbor Marine LLC", None, 1),
        ("Kestrel Harbor Marine LLC", RENO, 0),
        ("Osprey Harbor Marine, Inc.", NORFOLK, 0),
    ],
)
def test_score_and_place_decide_how_strong_a_likeness_is(look, name, place, weight):
    assert strength(look(replace(RECORD, name=name, address=place))) == weight


@pytest.mark.parametrize(
    ("ours", "theirs", "weight"),
    [
        ("THE KESTREL COMPANY", "KESTREL CO", 1),
        ("THE KESTREL COMPANY", "KESTREL COMPANY, THE", 1),
        ("KESTREL LLC", "THE KESTREL LIMITED LIABILITY COMPANY", 1),
        ("KESTREL INTERNATIONAL SERVICES INC", "KESTREL INTL SVCS INC", 2),
        ("KESTREL NATIONAL DEPARTMENT STORES INC", "KESTREL NAT'L DEPT STORES INC", 2),
        ("FIRST KESTREL CONTRACTORS LLC", "1ST KESTREL CONTRACTORS LLC", 2),
        ("K&H KESTREL INC", "KH KESTREL INC", 2),
        ("KESTREL BOATS", "PLOVER MARINE INC D/B/A KESTREL BOATS", 2),
        ("KESTREL MARINE LLC", "LIMITED LIABILITY COMPANY KESTREL MARINE", 2),
        ("KESTREL TIDEWATER SERVICES INC", "KESTREL TIDEWATER ALLIANCE INC", 0),
        ("KESTREL TECH", "KESTREL TECH EC", 0),
    ],
)
def test_usual_ways_to_write_a_name_otherwise_are_seen_through(look, ours, theirs, weight):
    assert strength(look(replace(RECORD, name=theirs, address=NORFOLK), name=ours)) == weight


def test_a_legal_form_that_differs_is_shown(look):
    (found,) = look(replace(RECORD, name="Kestrel Harbor Marine LLC"))
    assert "legal form INC and LLC" in found.match.compared
    assert found.match.score < 0.9


@pytest.mark.parametrize("changes", [{"aliases": ("KESTREL HARBOR MARINE INC",)}])
def test_cross_references_and_trade_names_are_names_too(look, changes):
    assert look(replace(RECORD, name="Sample Boats", address=NORFOLK, **changes))
    assert look(replace(RECORD, name="Sample Boats", address=NORFOLK), dba="SAMPLE BOATS")


@pytest.mark.parametrize(
    ("vendor", "weight"),
    [
        ("JOHN Q SAMPLEMAN", 2),
        ("Sampleman, John Q.", 2),
        ("Sampleman Consulting LLC", 0),
        ("JOHN SAMPLEMAN LLC", 0),
        ("JOAN SAMPLEMAN", 0),
    ],
)
def test_a_person_counts_only_for_a_vendor_that_is_one(look, vendor, weight):
    person = replace(RECORD, name="SAMPLEMAN, JOHN Q", classification="Individual", address=NORFOLK)
    assert strength(look(person, name=vendor)) == weight


@pytest.mark.parametrize(("alias", "weight"), [("Sampleman Works LLC", 2), ("Sampleman Works", 0)])
def test_a_person_whose_record_names_the_firm_with_its_form_is_about_the_firm(look, alias, weight):
    person = replace(
        RECORD, name="QUILL, DORIAN", aliases=(alias,), classification="Individual", address=NORFOLK
    )
    assert strength(look(person, name="SAMPLEMAN WORKS LLC")) == weight


def test_a_vessel_is_no_firm(look):
    assert look(replace(RECORD, classification="Vessel", address=NORFOLK)) == []


@pytest.mark.parametrize(
    ("theirs", "place", "weight"),
    [("KHM Inc", NORFOLK, 1), ("KHM Inc", None, 0), ("KHM Inc", RENO, 0), ("KHN Inc", NORFOLK, 0)],
)
def test_an_acronym_counts_only_with_the_place_and_then_weakly(look, theirs, place, weight):
    assert strength(look(replace(RECORD, name=theirs, address=place), name="KHM INC")) == weight


@pytest.mark.parametrize(("place", "weight"), [(NORFOLK, 1), (None, 0)])
def test_a_record_with_another_firms_uei_counts_for_a_step_less(look, place, weight):
    assert strength(look(replace(RECORD, uei="ZZ9TESTVNDR8", address=place))) == weight


def test_a_weak_likeness_elsewhere_with_another_firms_uei_is_none(look):
    assert look(replace(RECORD, name="Kestrel Harbor Marine LLC", uei="ZZ9TESTVNDR8", address=RENO)) == []


def test_a_placeholder_is_no_other_firms_uei(look):
    assert strength(look(replace(RECORD, uei="N/A", address=NORFOLK))) == 2


def test_a_record_with_a_common_identifier_is_left_to_the_other_rules(look):
    assert look(replace(RECORD, uei="ZZ9TESTVNDR1", address=NORFOLK)) == []
    assert look(replace(RECORD, fascsa_order=True, address=NORFOLK)) == []


@pytest.mark.parametrize(
    "changes", [{"activated": date(2026, 9, 15)}, {"terminated": date(2026, 9, 13)}], ids=["future", "ended"]
)
def test_only_active_records_count(look, changes):
    assert look(replace(RECORD, address=NORFOLK, **changes)) == []


def test_an_earlier_not_a_match_holds_until_it_expires_or_the_record_changes(look):
    record = replace(RECORD, address=NORFOLK)
    decided = NotAMatch(uei="ZZ9TESTVNDR1", record=record, expires=date(2026, 12, 31))
    assert look(record, decisions=(decided,)) == []
    assert look(record, decisions=(replace(decided, uei="ZZ9TESTVNDR2"),))
    assert look(record, decisions=(replace(decided, expires=date(2026, 9, 13)),))
    assert look(record, decisions=(decided,), as_of=datetime(2027, 1, 2, tzinfo=UTC))
    assert look(replace(record, comments="A new alias."), decisions=(decided,))


def test_several_records_are_one_finding_led_by_the_best(look):
    weak = replace(RECORD, name="Kestrel Harbor Marine LLC")
    (found,) = look(weak, replace(RECORD, address=NORFOLK))
    assert found.match.score == 1.0
    assert len(found.values) == 3
    assert "1 more records have a like name" in found.because


def test_many_records_are_counted_and_ten_shown(look):
    (found,) = look(*(replace(RECORD, comments=str(number)) for number in range(30)))
    assert len(found.values) == 11
    assert "29 more" in found.because
