"""Exclusions: persons, aliases, locations, dates with the month first, and the queries sent."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from app.procurement.action import Vendor, VendorRole
from app.procurement.facts import Address
from workers.runtime.answer import Answer, ToolError
from workers.tools.debarment import look_up, questions, searched

RECORD = {
    "exclusionDetails": {
        "classificationType": "Firm",
        "exclusionType": "Ineligible (Proceedings Completed)",
        "exclusionProgram": "Reciprocal",
        "excludingAgencyCode": "AF",
        "excludingAgencyName": "DEPT OF THE AIR FORCE",
    },
    "exclusionIdentification": {
        "ueiSAM": "ZZ9TESTVNDR1",
        "cageCode": None,
        "prefix": None,
        "firstName": None,
        "middleName": None,
        "lastName": None,
        "suffix": None,
        "entityName": "Example Marine Services Inc",
    },
    "exclusionActions": {
        "listOfActions": [
            {
                "activateDate": "03-13-2026",
                "terminationDate": None,
                "terminationType": "Indefinite",
                "recordStatus": "Active",
            }
        ]
    },
    "exclusionPrimaryAddress": {"addressLine1": None, "city": "NORFOLK", "stateOrProvinceCode": "VA"},
    "exclusionOtherInformation": {
        "isFASCSAOrder": "No",
        "additionalComments": None,
        "ctCode": None,
        "references": {"referencesList": []},
        "moreLocations": [],
    },
}


class List:
    """Answers every question with the same records."""

    def __init__(self, *records) -> None:
        self.records = list(records)
        self.asked = []

    def get(self, _, params):
        self.asked.append(params)
        return Answer(uuid4(), {"totalRecords": len(self.records), "excludedEntity": self.records})


@pytest.fixture
def fact(action):
    def read(**sections):
        record = deepcopy(RECORD)
        for section, changes in sections.items():
            record[section].update(changes)
        (stated,) = look_up(List(record), action)
        return stated.fact

    return read


def test_identifiers_first_and_then_each_name(action):
    served = List()
    assert list(look_up(served, action)) == []
    assert served.asked == [
        {"ueiSAM": "[ZZ9TESTVNDR1~ZZ9TESTVNDR2]", "size": "10", "page": "0"},
        {"exclusionName": "EXAMPLE MARINE", "size": "10", "page": "0"},
        {"exclusionName": "EXAMPLE", "size": "10", "page": "0"},
    ]


def test_all_cage_codes_are_asked_about_at_once(action):
    prime, owner = action.vendors
    coded = replace(action, vendors=(replace(prime, cage="9zz92"), replace(owner, cage="9ZZ91")))
    assert list(questions(coded))[1] == {"cageCode": "[9ZZ91~9ZZ92]"}
    junk = replace(action, vendors=(replace(prime, cage="00000"), owner))
    assert not any("cageCode" in each for each in questions(junk))


def test_a_name_is_asked_about_once(action):
    again = Vendor(uei="ZZ9TESTVNDR3", name="Example Holding, Inc.", role=VendorRole.SUBCONTRACTOR)
    asked = list(questions(replace(action, vendors=(*action.vendors, again))))
    assert [each["exclusionName"] for each in asked[1:]] == ["EXAMPLE MARINE", "EXAMPLE"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Example Marine Services, Inc.", "EXAMPLE MARINE"),
        ("The Example Company", "EXAMPLE"),
        ("First Example Int'l Mfg Forty-Four LLC", "EXAMPLE"),
        ("J. R. Example GmbH", "EXAMPLE"),
        ("1 Services", "1 SERVICES"),
        ("SMITH & SONS LLC", "SMITH SONS"),
        ("A|B {C} ^D\\", "A B C D"),
        ("APEX LLC", "APEX"),
        ("O'Neil Boat Co.", "BOAT"),
        ("L.L.C. Partners West", "WEST"),
        ("- . -", ""),
    ],
)
def test_the_words_searched_for_hold_nothing_the_service_forbids(name, words):
    assert searched(name) == words


def test_a_record_found_by_identifier_and_by_name_is_one_fact(action):
    assert len(list(look_up(List(RECORD), action))) == 1


def test_records_that_differ_are_two_facts(action):
    other = deepcopy(RECORD)
    other["exclusionDetails"]["excludingAgencyName"] = "GENERAL SERVICES ADMINISTRATION"
    assert len(list(look_up(List(RECORD, other), action))) == 2


def test_the_record_of_a_firm_is_read(fact):
    read = fact()
    assert (read.uei, read.name, read.classification) == (
        "ZZ9TESTVNDR1",
        "Example Marine Services Inc",
        "Firm",
    )
    assert (read.activated, read.terminated) == (date(2026, 3, 13), None)
    assert read.address == Address(city="NORFOLK", state="VA")
    assert (read.fascsa_order, read.ct_code, read.aliases) == (False, None, ())


def test_a_persons_name_is_joined_from_its_parts(fact):
    person = {
        "ueiSAM": None,
        "entityName": None,
        "prefix": "DR",
        "firstName": "JANE",
        "middleName": None,
        "lastName": "EXAMPLE",
        "suffix": "JR",
    }
    read = fact(exclusionDetails={"classificationType": "Individual"}, exclusionIdentification=person)
    assert (read.name, read.uei, read.classification) == ("DR JANE EXAMPLE JR", None, "Individual")


def test_a_record_without_a_name_is_refused(fact):
    with pytest.raises(
        ToolError, match=r"excludedEntity\.0\.exclusionIdentification: .*entityName is missing"
    ):
        fact(exclusionIdentification={"entityName": "null"})


@pytest.mark.parametrize("junk", ["N/A", "N0TAPPLICABL", "00000", "null", ""])
def test_a_placeholder_for_an_identifier_reads_as_none(fact, junk):
    assert fact(exclusionIdentification={"ueiSAM": junk, "cageCode": junk}).uei is None


def test_aliases_and_identifiers_of_further_locations(fact):
    read = fact(
        exclusionOtherInformation={
            "references": {
                "referencesList": [
                    {"exclusionName": "Example Boats", "type": "Cross-Reference"},
                    {"exclusionName": None, "type": "Cross-Reference"},
                ]
            },
            "moreLocations": [
                {"exclusionName": "Example Boats", "ueiSAM": "ZZ9TESTVNDR8", "cageCode": "9ZZ97"},
                {"exclusionName": None, "ueiSAM": None, "cageCode": "N/A"},
            ],
        }
    )
    assert read.aliases == ("Example Boats",)
    assert (read.other_ueis, read.other_cages) == (("ZZ9TESTVNDR8",), ("9ZZ97",))


def test_a_security_order_and_a_legacy_code(fact):
    read = fact(
        exclusionOtherInformation={"isFASCSAOrder": "Yes", "ctCode": "H", "additionalComments": "One plant."}
    )
    assert (read.fascsa_order, read.ct_code, read.comments) == (True, "H", "One plant.")


def test_other_information_may_be_missing_or_its_lists_null(fact):
    read = fact(exclusionOtherInformation={"references": {"referencesList": None}, "moreLocations": None})
    assert (read.aliases, read.other_ueis) == ((), ())


def test_of_several_periods_the_active_one_that_began_last_counts(fact):
    periods = [
        {"activateDate": "01-01-2020", "terminationDate": "01-01-2023", "recordStatus": "Inactive"},
        {"activateDate": "03-13-2026", "terminationDate": "03-12-2029", "recordStatus": "Active"},
        {"activateDate": "01-01-2027", "terminationDate": None, "recordStatus": "Inactive"},
    ]
    read = fact(exclusionActions={"listOfActions": periods})
    assert (read.activated, read.terminated) == (date(2026, 3, 13), date(2029, 3, 12))


@pytest.mark.parametrize(
    "day", ["2026-03-13", "13-03-2026", "3-13-2026", "02-30-2026", None, "null", 20260313]
)
def test_a_date_in_another_notation_is_refused(action, day):
    record = deepcopy(RECORD)
    record["exclusionActions"]["listOfActions"][0]["activateDate"] = day
    field = r"excludedEntity\.0\.exclusionActions\.listOfActions\.0\.activateDate"
    with pytest.raises(ToolError, match=rf"unreadable answer: {field}: "):
        list(look_up(List(record), action))


def test_a_name_with_too_many_matches_is_a_gap(action):
    class Endless(List):
        def get(self, _, params):
            if "ueiSAM" in params:
                return super().get(_, params)
            page = int(params["page"])
            return Answer(
                uuid4(),
                {
                    "totalRecords": 5_000,
                    "excludedEntity": [deepcopy(RECORD) | {"n": 1} for _ in range(10)],
                    "links": {"page": page},
                },
            )

    with pytest.raises(ToolError, match="partial answer"):
        list(look_up(Endless(), action))
