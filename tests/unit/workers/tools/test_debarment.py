"""Exclusions: persons, aliases, locations, dates with the month first, and the queries sent."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from app.procurement.action import Vendor, VendorRole
from app.procurement.contract_facts import FiledDocument
from app.procurement.facts import Address
from app.procurement.vendor_facts import Exclusion, Owner, Registration, UnreadValue
from workers.runtime.answer import Answer, OutOfReachError, ToolError
from workers.runtime.tool import Unanswered
from workers.tools.debarment import follow_up, look_up

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


@pytest.fixture
def registration():
    return Registration(
        uei="ZZ9TESTVNDR1", legal_name="Example Marine Services, Inc.", status="Active", expires=None
    )


def test_the_first_round_asks_by_identifier_alone(action):
    served = List()
    assert list(look_up(served, action)) == []
    assert served.asked == [{"ueiSAM": "[ZZ9TESTVNDR1~ZZ9TESTVNDR2]", "size": "10", "page": "0"}]


def test_all_cage_codes_are_asked_about_at_once(action):
    prime, owner = action.vendors
    served = List()
    list(
        look_up(served, replace(action, vendors=(replace(prime, cage="9zz92"), replace(owner, cage="9ZZ91"))))
    )
    assert [each.get("cageCode") for each in served.asked] == [None, "[9ZZ91~9ZZ92]"]
    served = List()
    list(look_up(served, replace(action, vendors=(replace(prime, cage="00000"), owner))))
    assert len(served.asked) == 1


def asked_again(action, facts=None, *, served=None):
    served = served or List()
    list(follow_up(served, action, facts or {}))
    return [
        {name: value for name, value in each.items() if name not in {"size", "page"}} for each in served.asked
    ]


def test_a_word_that_several_names_share_is_asked_about_once(action):
    again = Vendor(uei="ZZ9TESTVNDR3", name="Example Holding, Inc.", role=VendorRole.SUBCONTRACTOR)
    asked = asked_again(replace(action, vendors=(*action.vendors, again)))
    assert asked == [{"exclusionName": "EXAMPLE"}, {"exclusionName": "MARINE"}]


def test_what_sam_gov_and_the_file_bring_is_asked_about_with_what_the_action_states(action, registration):
    row = replace(
        registration,
        cage="9ZZ90",
        dba_name="Harbour Candles",
        immediate_owner=Owner(name="Grandfold Ventures PLC", cage="9ZZ81"),
        highest_owner=Owner(name="Topmost Trust", uei="ZZ9TESTVNDR7"),
        predecessors=(Owner(name="Oldhaven Salvage Corp", cage="9ZZ82"),),
    )
    facts = {
        "sam-gov": [row],
        "documents": [instrument("contracting officer", "Dorian Quillfeather, President")],
    }
    assert asked_again(action, facts) == [
        {"ueiSAM": "[ZZ9TESTVNDR7]"},
        {"cageCode": "[9ZZ81~9ZZ82~9ZZ90]"},
        *({"exclusionName": word} for word in ("EXAMPLE", "MARINE", "HARBOUR", "CANDLES")),
        *({"exclusionName": word} for word in ("GRANDFOLD", "VENTURES", "TOPMOST", "TRUST")),
        *({"exclusionName": word} for word in ("OLDHAVEN", "SALVAGE", "QUILLFEATHER", "DORIAN")),
    ]


def test_documents_that_are_no_instrument_name_nobody_to_search_for(action):
    letter = replace(instrument("Dorian Quillfeather"), doc_type="LETTER")
    assert asked_again(action, {"documents": [letter]}) == asked_again(action)


class Wide(List):
    """Finds as many records as `totals` has for the words and the place asked about."""

    def __init__(self, totals, **kept) -> None:
        super().__init__()
        self.totals, self.kept = totals, kept

    def get(self, _, params):
        self.asked.append(params)
        name = params.get("exclusionName", "")
        where = params.get("stateProvince") or params.get("country") or ""
        total = self.totals.get((name, where), self.totals.get(name, 0) if not where else 0)
        first = 10 * int(params["page"])
        rows = [_called(f"OTHER {name} {number}") for number in range(first, min(first + 10, total))]
        return Answer(uuid4(), {"totalRecords": total, "excludedEntity": rows})


def test_a_word_with_fifty_records_is_read_whole(action):
    served = Wide({"MARINE": 50})
    assert not [each for each in follow_up(served, action, {}) if isinstance(each, Unanswered)]
    assert sum(each.get("exclusionName") == "MARINE" for each in served.asked) == 5


def test_a_word_with_more_costs_one_request_where_another_word_tells(action):
    served = Wide({"MARINE": 41_000})
    assert list(follow_up(served, action, {})) == []
    assert sum(each.get("exclusionName") == "MARINE" for each in served.asked) == 1


def test_where_every_word_is_wide_all_of_them_are_asked_together(action):
    served = Wide({"MARINE": 41_000, "EXAMPLE": 300, "EXAMPLE MARINE SERVICES": 30, "EXAMPLE HOLDING": 3})
    assert list(follow_up(served, action, {})) == []
    assert [each["exclusionName"] for each in served.asked] == [
        "EXAMPLE", "MARINE", *["EXAMPLE MARINE SERVICES"] * 3, "EXAMPLE HOLDING",
    ]  # fmt: skip


def test_where_that_is_wide_too_the_place_is_searched_and_the_rest_is_not_checked(action, registration):
    words = "EXAMPLE MARINE SERVICES"
    served = Wide({"MARINE": 41_000, "EXAMPLE": 300, words: 101, "EXAMPLE HOLDING": 3, ("EXAMPLE", "VA"): 12})
    facts = {"sam-gov": [replace(registration, address=Address(city="NORFOLK", state="Virginia"))]}
    (unanswered,) = follow_up(served, action, facts)
    assert unanswered.reason == (
        f"101 records have the words {words}, more than are read; those in VA were searched"
    )
    assert [each["exclusionName"] for each in served.asked if each.get("stateProvince") == "VA"] == [
        "EXAMPLE", "EXAMPLE", "MARINE", words,
    ]  # fmt: skip


def test_a_place_with_too_many_records_is_not_called_searched(action, registration):
    words = "EXAMPLE MARINE SERVICES"
    served = Wide({"MARINE": 900, "EXAMPLE": 300, words: 200, (words, "VA"): 101, "EXAMPLE HOLDING": 3})
    facts = {"sam-gov": [replace(registration, address=Address(city="NORFOLK", state="VA"))]}
    (unanswered,) = follow_up(served, action, facts)
    assert unanswered.reason == f"200 records have the words {words}, more than are read"


def test_a_firm_abroad_is_searched_for_in_its_country(action, registration):
    served = Wide({"MARINE": 41_000})
    facts = {
        "sam-gov": [replace(registration, address=Address(city="BREMEN", state="HB", country="Germany"))]
    }
    list(follow_up(served, action, facts))
    assert {"country": "DEU"}.items() <= served.asked[2].items()


def test_a_run_asks_for_so_many_names_and_makes_so_many_requests(action):
    vendors = tuple(
        Vendor(
            uei=f"ZZ9TESTVN{n:03d}",
            name=f"{c * 5}{d * 5} {d * 4}{c * 4}",
            role=VendorRole.PRIME if n == 0 else VendorRole.SUBCONTRACTOR,
        )
        for n, (c, d) in enumerate((c, d) for c in "BDFGKLMNP" for d in "AEIOU")
    )
    served = Wide({})
    left = list(follow_up(served, replace(action, vendors=vendors), {}))
    assert len(served.asked) == 80
    assert [each.reason for each in left] == ["a run searches for 40 names at most"] * 5
    served = Wide({vendor.name.split()[0]: 50 for vendor in vendors})
    left = list(follow_up(served, replace(action, vendors=vendors[:30]), {}))
    assert len(served.asked) == 80
    assert {each.reason for each in left} == {
        "a run makes 80 requests for names at most, to leave quota to others"
    }


def test_of_what_a_word_finds_only_a_like_name_or_a_known_identifier_is_kept(action):
    like, other, coded = (
        _called("EXAMPLE MARINA"),
        _called("MARINE UNLIMITED OF ELSEWHERE"),
        _called("QUITE ANOTHER"),
    )
    coded["exclusionOtherInformation"]["moreLocations"] = [{"exclusionName": None, "ueiSAM": "ZZ9TESTVNDR2"}]
    found = [each.fact.name for each in follow_up(List(like, other, coded), action, {})]
    assert found == ["EXAMPLE MARINA", "QUITE ANOTHER"]


def test_a_record_found_by_identifier_and_by_name_is_one_fact(action):
    (stated,) = look_up(List(RECORD), action)
    assert list(follow_up(List(RECORD), action, {"debarment": [stated.fact]})) == []


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

    (stated,) = follow_up(ByName(like), action, {})
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


def test_each_name_that_is_refused_is_named(action):
    unanswered = list(follow_up(Refusing(error=ToolError("answered HTTP 400")), action, {}))
    assert [(each.question.words, each.reason) for each in unanswered] == [
        ("records by name: EXAMPLE MARINE SERVICES, INC.", "answered HTTP 400"),
        ("records by name: EXAMPLE HOLDING LLC", "answered HTTP 400"),
    ]
    assert not any(each.question.about for each in unanswered)


def test_a_service_out_of_reach_is_not_asked_again(action):
    served = Refusing(error=OutOfReachError("over its daily quota"))
    unanswered = list(follow_up(served, action, {}))
    assert [each.reason for each in unanswered] == ["over its daily quota"] * 2
    assert len(served.asked) == 1


def test_a_search_by_identifier_that_fails_is_no_answer_at_all(action):
    class Silent(List):
        def get(self, *_):
            raise ToolError("answered HTTP 500")

    with pytest.raises(ToolError, match="answered HTTP 500"):
        list(look_up(Silent(), action))


def instrument(*signatories):
    return FiledDocument(
        document_id="D-1",
        doc_type="SF-1449",
        status="final",
        amount=None,
        piid="70ZZ0126C0001",
        modification="0",
        co_signed=None,
        signatories=signatories,
    )


def _called(name):
    record = deepcopy(RECORD)
    record["exclusionIdentification"].update(ueiSAM=None, entityName=name)
    return record
