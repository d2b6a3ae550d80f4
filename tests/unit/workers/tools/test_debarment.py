"""Exclusions: persons, aliases, locations, dates with the month first, and the queries sent."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from app.procurement.action import Vendor, VendorRole
from app.procurement.facts import Address
from app.procurement.vendor_facts import Exclusion, UnreadValue
from workers.runtime.answer import Answer, OutOfReachError, ToolError
from workers.runtime.tool import SourcedFact, Unanswered
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


EMPTY = {"totalRecords": 0, "excludedEntity": []}


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


def test_a_record_without_a_name_is_told_by_its_identifier(fact):
    read = fact(exclusionIdentification={"entityName": "null"})
    assert (read.uei, read.name) == ("ZZ9TESTVNDR1", "")


def test_a_record_about_nobody_costs_no_other(action):
    nobody = deepcopy(RECORD)
    nobody["exclusionIdentification"] = {"ueiSAM": "N/A", "entityName": None}
    found = [each.fact for each in look_up(List(nobody, RECORD), action)]
    (record,) = [each for each in found if isinstance(each, Exclusion)]
    (unread,) = [each for each in found if isinstance(each, UnreadValue)]
    assert record.uei == "ZZ9TESTVNDR1"
    assert (unread.is_lost, unread.uei) == (True, None)
    assert "neither a name nor an identifier" in unread.value


@pytest.mark.parametrize("blank", [None, "", "null"])
def test_agency_type_and_program_may_be_blank(fact, blank):
    read = fact(
        exclusionDetails={
            "classificationType": blank,
            "exclusionType": blank,
            "exclusionProgram": blank,
            "excludingAgencyCode": blank,
            "excludingAgencyName": blank,
        }
    )
    assert "not stated" in read.agency
    assert "not stated" in read.exclusion_type
    assert "not stated" in read.program
    assert read.classification == "Firm"


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


@pytest.mark.parametrize(
    ("day", "in_force"),
    [
        (date(2021, 6, 1), False),
        (date(2026, 3, 12), False),
        (date(2026, 3, 13), True),
        (date(2029, 3, 12), True),
        (date(2029, 3, 13), False),
        (date(2030, 1, 1), True),
    ],
)
def test_any_active_period_counts_on_its_days(fact, day, in_force):
    periods = [
        {"activateDate": "01-01-2030", "terminationDate": "12-31-9999", "recordStatus": "active"},
        {"activateDate": "01-01-2020", "terminationDate": "01-01-2023", "recordStatus": "Inactive"},
        {"activateDate": "03-13-2026", "terminationDate": "03-12-2029", "recordStatus": "Active"},
    ]
    read = fact(exclusionActions={"listOfActions": periods})
    assert (read.in_force(day) is not None) is in_force
    assert read.activated == date(2026, 3, 13)


@pytest.mark.parametrize("listed", [[], None, [{"activateDate": None}], [{"activateDate": "null"}]])
def test_a_record_that_does_not_say_since_when_is_in_force(fact, listed):
    assert fact(exclusionActions={"listOfActions": listed}).in_force(date(1999, 1, 1))


@pytest.mark.parametrize("end", ["Indefinite", "INDEFINITE", None, ""])
def test_a_record_without_a_last_day_is_open_ended(fact, end):
    read = fact(exclusionActions={"listOfActions": [{"activateDate": "03-13-2026", "terminationDate": end}]})
    assert read.terminated is None


@pytest.mark.parametrize("day", ["03-13-2026", "03/13/2026", "2026-03-13"])
def test_a_date_is_read_in_each_notation_that_leaves_no_doubt(fact, day):
    assert fact(exclusionActions={"listOfActions": [{"activateDate": day}]}).activated == date(2026, 3, 13)


@pytest.mark.parametrize("day", ["13-03-2026", "3-13-2026", "02-30-2026", "03-13/2026", "soon", 20260313])
def test_a_day_that_cannot_be_read_is_named_and_the_record_counts(action, day):
    record = deepcopy(RECORD)
    record["exclusionActions"]["listOfActions"][0]["activateDate"] = day
    read, unread = (each.fact for each in look_up(List(record), action))
    assert read.in_force(date(1999, 1, 1))
    assert (unread.uei, unread.value, unread.is_lost) == ("ZZ9TESTVNDR1", str(day), False)
    assert unread.field == "exclusionActions.listOfActions.0.activateDate"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EXAMPLE BOATS INC- 12 ELM ST , NORFOLK , VA ,23510,USA", "EXAMPLE BOATS INC"),
        ("EXAMPLE-MARINE BOATS- PO BOX 7 , NORFOLK , VA ,23510,USA", "EXAMPLE-MARINE BOATS"),
        ("AL- EXAMPLE TRADING- 4 HARBOR RD , PORT , , ,SYR", "AL- EXAMPLE TRADING"),
        ("EXAMPLE BOATS- ELM HOUSE- WEST , LONDON , , ,GBR", "EXAMPLE BOATS"),
        ("EXAMPLE BOATS- , NORFOLK , VA ,23510,USA", "EXAMPLE BOATS"),
        ("EXAMPLE BOATS-, NORFOLK , VA ,23510,USA", "EXAMPLE BOATS"),
        ("EXAMPLE-MARINE BOATS", "EXAMPLE-MARINE BOATS"),
        ("EXAMPLE MARINE- BOATS, INC.", "EXAMPLE MARINE- BOATS, INC."),
        ("ONE, TWO, THREE, FOUR, FIVE PARTNERS", "ONE, TWO, THREE, FOUR, FIVE PARTNERS"),
    ],
)
def test_a_cross_reference_is_its_name_without_the_address(fact, text, name):
    references = {"referencesList": [{"exclusionName": text}]}
    assert fact(exclusionOtherInformation={"references": references}).aliases == (name,)


def test_the_addresses_of_further_locations(fact):
    place = {"city": "PORTLAND", "stateOrProvinceCode": "OR", "zipCode": "97201"}
    read = fact(
        exclusionOtherInformation={"moreLocations": [{"primaryAddress": place}, {"primaryAddress": {}}]}
    )
    assert read.other_addresses == (Address(city="PORTLAND", state="OR", zip_code="97201"),)


@pytest.mark.parametrize(
    "odd", [{"isFASCSAOrder": "Perhaps"}, {"references": "none"}, {"moreLocations": "none"}]
)
def test_an_odd_value_of_a_record_of_that_name_only_is_no_matter_of_the_vendor(action, odd):
    like = deepcopy(RECORD)
    like["exclusionIdentification"]["ueiSAM"] = None
    like["exclusionOtherInformation"].update(odd)

    class ByName(List):
        def get(self, _, params):
            answer = super().get(_, params)
            return answer if "exclusionName" in params else Answer(uuid4(), EMPTY)

    (stated,) = look_up(ByName(like), action)
    assert stated.fact.name == "Example Marine Services Inc"


class Refusing(List):
    """Answers by identifier, and each name with an error."""

    def __init__(self, *records, error) -> None:
        super().__init__(*records)
        self.error = error

    def get(self, _, params):
        answer = super().get(_, params)
        if "exclusionName" in params:
            raise self.error
        return answer


def test_what_an_identifier_found_stands_when_each_name_is_refused(action):
    served = Refusing(RECORD, error=ToolError("answered HTTP 400"))
    record, *unanswered = look_up(served, action)
    assert record.fact.uei == "ZZ9TESTVNDR1"
    assert [(each.question.words, each.reason) for each in unanswered] == [
        ("records by name: EXAMPLE MARINE", "answered HTTP 400"),
        ("records by name: EXAMPLE", "answered HTTP 400"),
    ]
    assert not any(each.question.about for each in unanswered)


def test_a_service_out_of_reach_is_not_asked_again(action):
    served = Refusing(RECORD, error=OutOfReachError("over its daily quota"))
    _, *unanswered = look_up(served, action)
    assert [each.reason for each in unanswered] == ["over its daily quota"] * 2
    assert sum("exclusionName" in each for each in served.asked) == 1


def test_a_search_by_identifier_that_fails_is_no_answer_at_all(action):
    class Silent(List):
        def get(self, *_):
            raise ToolError("answered HTTP 500")

    with pytest.raises(ToolError, match="answered HTTP 500"):
        list(look_up(Silent(), action))


def test_what_was_read_of_a_name_with_too_many_matches_stands(action):
    class Endless(List):
        def get(self, _, params):
            if "ueiSAM" in params:
                return super().get(_, params)
            page = int(params["page"])
            return Answer(
                uuid4(),
                {
                    "totalRecords": 5_000,
                    "excludedEntity": [_called(f"EXAMPLE {page} {row}") for row in range(10)],
                },
            )

    found = list(look_up(Endless(RECORD), action))
    stated = [each.fact.name for each in found if isinstance(each, SourcedFact)]
    unanswered = [each for each in found if isinstance(each, Unanswered)]
    assert stated[0] == "Example Marine Services Inc"
    assert len(stated) == 101
    assert [each.reason for each in unanswered] == ["partial answer: 100 of 5000 rows"] * 2


def _called(name):
    record = deepcopy(RECORD)
    record["exclusionIdentification"].update(ueiSAM=None, entityName=name)
    return record
