"""Entities: every peculiarity of the real answers."""

from datetime import date
from uuid import uuid4

import pytest

from app.procurement.facts import Address
from app.procurement.systems import Source, system_of
from app.procurement.vendor_facts import (
    Certification,
    HiddenEntity,
    IntegrityRecord,
    Owner,
    Registration,
    UnreadValue,
)
from workers.runtime.answer import Answer, ToolError
from workers.tools.sam_gov import TOOL, look_up

REGISTRATION = {
    "samRegistered": "Yes",
    "ueiSAM": "ZZ9TESTVNDR1",
    "entityEFTIndicator": None,
    "cageCode": "9ZZ99",
    "legalBusinessName": "EXAMPLE MARINE SERVICES, INC.",
    "dbaName": "EXAMPLE BOATS",
    "purposeOfRegistrationCode": "Z2",
    "registrationStatus": "Active",
    "lastUpdateDate": "2026-02-10",
    "registrationExpirationDate": "2027-02-09",
    "activationDate": "2026-02-11",
    "exclusionStatusFlag": "N",
}


class Directory:
    """Answers by what is asked about: `rows` of registered entities, `identifiers` of those that are not."""

    def __init__(self, *rows, identifiers=()) -> None:
        self.rows = {"Yes": rows, "No": identifiers}
        self.asked = []

    def get(self, _, params):
        self.asked.append(params)
        rows = list(self.rows[params["samRegistered"]])
        return Answer(uuid4(), {"totalRecords": len(rows), "entityData": rows})


@pytest.fixture
def facts(action):
    def read(*rows, identifiers=()):
        return [each.fact for each in look_up(Directory(*rows, identifiers=identifiers), action)]

    return read


@pytest.fixture
def fact(facts):
    def read(**sections):
        return facts({"entityRegistration": REGISTRATION, **sections})[0]

    return read


def test_one_call_asks_for_all_vendors_and_every_section(action):
    directory = Directory(
        {"entityRegistration": REGISTRATION},
        {"entityRegistration": {**REGISTRATION, "ueiSAM": "ZZ9TESTVNDR2"}},
    )
    list(look_up(directory, action))
    (params,) = directory.asked
    assert params["ueiSAM"] == "[ZZ9TESTVNDR1~ZZ9TESTVNDR2]"
    assert params["includeSections"].split(",") == [
        *("entityRegistration", "coreData", "assertions", "integrityInformation")
    ]
    assert (params["proceedingsData"], params["page"], params["size"]) == ("Yes", "0", "10")


def test_only_vendors_that_were_not_found_are_asked_about_again(action):
    directory = Directory({"entityRegistration": REGISTRATION})
    list(look_up(directory, action))
    assert [(each["ueiSAM"], each["samRegistered"]) for each in directory.asked] == [
        ("[ZZ9TESTVNDR1~ZZ9TESTVNDR2]", "Yes"),
        ("[ZZ9TESTVNDR2]", "No"),
    ]


def test_the_registration_itself(fact):
    read = fact()
    assert (read.cage, read.dba_name, read.purpose) == ("9ZZ99", "EXAMPLE BOATS", "Z2")
    assert (read.updated, read.activated, read.expires) == (
        date(2026, 2, 10),
        date(2026, 2, 11),
        date(2027, 2, 9),
    )
    assert (read.exclusion_flag, read.debt_flag, read.address) == ("N", None, None)


@pytest.mark.parametrize("nothing", ["null", "", "  ", None])
def test_the_text_null_reads_as_none(facts, nothing):
    row = {
        **REGISTRATION,
        "cageCode": nothing,
        "dbaName": nothing,
        "activationDate": nothing,
        "exclusionStatusFlag": nothing,
    }
    (read,) = facts({"entityRegistration": row})
    assert (read.cage, read.dba_name, read.activated, read.exclusion_flag) == (None, None, None, None)


def test_an_entity_that_opted_out_is_a_text_and_counts_as_hidden(facts):
    found = facts({"entityRegistration": "This entity has opted out of public display."})
    assert found == [HiddenEntity()]


def test_an_opted_out_entity_beside_a_visible_one(facts):
    visible, hidden = facts({"entityRegistration": REGISTRATION}, {"entityRegistration": "opted out"})
    assert (visible.uei, hidden) == ("ZZ9TESTVNDR1", HiddenEntity())


def test_several_rows_of_one_identifier_are_told_apart_by_their_suffix(action):
    second = {**REGISTRATION, "entityEFTIndicator": "0002", "registrationStatus": "Expired"}
    directory = Directory({"entityRegistration": REGISTRATION}, {"entityRegistration": second})
    stated = list(look_up(directory, action))
    assert [each.record_key for each in stated] == ["ZZ9TESTVNDR1", "ZZ9TESTVNDR1/0002"]
    assert [each.fact.status for each in stated] == ["Active", "Expired"]


def test_a_firm_with_an_identifier_only_is_a_shorter_object(facts):
    short = {"samRegistered": "No", "ueiSAM": "ZZ9TESTVNDR2", "legalBusinessName": "EXAMPLE PAINT"}
    (read,) = facts(identifiers=[{"entityRegistration": short}])
    assert (read.status, read.registered, read.expires, read.purpose) == ("ID Assigned", False, None, None)


@pytest.mark.parametrize("nothing", [None, "", "null"])
def test_a_registered_firm_without_a_status_is_not_guessed_at(facts, nothing):
    read, unread = facts({"entityRegistration": {**REGISTRATION, "registrationStatus": nothing}})
    assert (read.status, read.registered) == (None, True)
    assert unread == UnreadValue(
        uei="ZZ9TESTVNDR1",
        record="ZZ9TESTVNDR1",
        field="entityRegistration.registrationStatus",
        value="missing",
    )


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("Active", "Active"),
        ("INACTIVE", "Inactive"),
        ("Expired", "Expired"),
        ("ID Assigned", "ID Assigned"),
        ("submitted", "Submitted"),
        (" Work  In Progress ", "Work in Progress"),
    ],
)
def test_each_status_of_the_service_is_known(facts, written, status):
    (read,) = facts({"entityRegistration": {**REGISTRATION, "registrationStatus": written}})
    assert read.status == status


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("registrationStatus", "A"),
        ("registrationExpirationDate", "9 February 2027"),
        ("purposeOfRegistrationCode", "Z9"),
        ("exclusionStatusFlag", "D"),
        ("samRegistered", "Perhaps"),
    ],
)
def test_an_unknown_word_is_named_and_the_rest_stands(facts, field, value):
    read, unread = facts({"entityRegistration": {**REGISTRATION, field: value}})
    assert (read.uei, read.legal_name) == ("ZZ9TESTVNDR1", "EXAMPLE MARINE SERVICES, INC.")
    assert (unread.uei, unread.field, unread.value) == ("ZZ9TESTVNDR1", f"entityRegistration.{field}", value)
    assert not unread.is_lost


@pytest.mark.parametrize("field", ["ueiSAM", "legalBusinessName"])
def test_a_row_that_cannot_be_read_costs_no_other(facts, field):
    broken = {**REGISTRATION, "ueiSAM": "ZZ9TESTVNDR2", field: "null"}
    found = facts({"entityRegistration": broken}, {"entityRegistration": REGISTRATION})
    (read,) = [each for each in found if isinstance(each, Registration)]
    unread = [each for each in found if isinstance(each, UnreadValue)]
    assert read.uei == "ZZ9TESTVNDR1"
    assert all(each.is_lost for each in unread)
    assert {each.uei for each in unread} == {None if field == "ueiSAM" else "ZZ9TESTVNDR2"}


def test_many_odd_values_of_a_row_are_each_named(facts):
    industries = [{"naicsCode": f"5413{n:02}", "sbaSmallBusiness": "Q"} for n in range(12)]
    read, *unread = facts(
        {"entityRegistration": REGISTRATION, "assertions": {"goodsAndServices": {"naicsList": industries}}}
    )
    assert (read.small_for, len(unread)) == (frozenset(), 12)


@pytest.mark.parametrize("section", ["coreData", "assertions", "integrityInformation"])
def test_a_section_of_another_shape_costs_no_other(facts, section):
    read, unread = facts({"entityRegistration": REGISTRATION, section: "withheld"})
    assert (read.status, unread.field) == ("Active", section)


MASK = "This entity has opted out of public search. Only its own users can view this record."
MASKED = {
    "samRegistered": MASK,
    "ueiSAM": "ZZ9TESTVNDR1",
    "cageCode": None,
    "legalBusinessName": "EXAMPLE MARINE SERVICES, INC.",
    "registrationStatus": MASK,
    "evsSource": MASK,
    "ueiStatus": MASK,
    "publicDisplayFlag": MASK,
}
RECORDS = {
    "responsibilityInformationCount": 1,
    "responsibilityInformationList": [
        {"recordType": "C", "recordTypeDesc": "Termination for Cause", "recordDate": "2024-05-09"}
    ],
}


def test_a_masked_row_says_whose_it_is_and_its_integrity_records_count(facts):
    (hidden,) = facts({"entityRegistration": MASKED, "coreData": {}, "integrityInformation": RECORDS})
    assert (hidden.uei, hidden.legal_name) == ("ZZ9TESTVNDR1", "EXAMPLE MARINE SERVICES, INC.")
    assert hidden.integrity_records == (
        IntegrityRecord(kind="Termination for Cause", recorded=date(2024, 5, 9)),
    )


def test_a_masked_row_without_uei_and_name_is_some_hidden_entity(facts):
    masked = {**MASKED, "ueiSAM": MASK, "legalBusinessName": MASK}
    assert facts({"entityRegistration": masked, "coreData": {"physicalAddress": MASK}}) == [HiddenEntity()]


def test_the_integrity_section_beside_a_text_says_whose_it_is(facts):
    summary = {"ueiSAM": "ZZ9TESTVNDR1", "cageCode": None, "legalBusinessName": "EXAMPLE MARINE"}
    (hidden,) = facts(
        {"entityRegistration": MASK, "integrityInformation": {"entitySummary": summary, **RECORDS}}
    )
    assert (hidden.uei, hidden.legal_name, hidden.integrity_count) == ("ZZ9TESTVNDR1", "EXAMPLE MARINE", 1)


def test_a_hidden_vendor_is_not_asked_about_again(action):
    directory = Directory({"entityRegistration": MASKED})
    list(look_up(directory, action))
    assert [each["ueiSAM"] for each in directory.asked] == ["[ZZ9TESTVNDR1~ZZ9TESTVNDR2]", "[ZZ9TESTVNDR2]"]


def test_registrations_stand_when_the_question_about_identifiers_fails(action):
    class Half(Directory):
        def get(self, _, params):
            if params["samRegistered"] == "No":
                raise ToolError("answered HTTP 500")
            return super().get(_, params)

    read, unanswered = look_up(Half({"entityRegistration": REGISTRATION}), action)
    assert read.fact.uei == "ZZ9TESTVNDR1"
    assert (unanswered.reason, unanswered.question.about) == ("answered HTTP 500", frozenset())
    assert "ZZ9TESTVNDR2" in unanswered.question.words


def test_core_data_is_parsed(fact):
    read = fact(
        coreData={
            "physicalAddress": {
                "addressLine1": "1 EXAMPLE WAY",
                "addressLine2": None,
                "city": "NORFOLK",
                "stateOrProvinceCode": "VA",
                "zipCode": "23510",
                "zipCodePlus4": "0001",
                "countryCode": "USA",
            },
            "mailingAddress": {},
            "businessTypes": {
                "sbaBusinessTypeList": [
                    {"sbaBusinessTypeCode": "XX", "certificationExitDate": "2026-12-31"},
                    {"sbaBusinessTypeCode": None, "certificationExitDate": None},
                ]
            },
            "financialInformation": {"debtSubjectToOffset": "Y"},
        }
    )
    assert read.address == Address(
        line1="1 EXAMPLE WAY", city="NORFOLK", state="VA", zip_code="23510-0001", country="USA"
    )
    assert read.mailing_address is None
    assert read.certifications == (Certification(code="XX", ends=date(2026, 12, 31)),)
    assert read.debt_flag == "Y"


def test_contradictory_sizes_of_an_industry_are_left_out(fact):
    listed = [("541330", "Y"), ("336611", "N"), ("541511", "E"), ("541519", "Y"), ("541519", "N")]
    naics = [{"naicsCode": code, "sbaSmallBusiness": small} for code, small in listed]
    read = fact(assertions={"goodsAndServices": {"naicsList": naics}})
    assert (read.small_for, read.not_small_for) == ({"541330"}, {"336611"})


def test_lists_may_be_null(fact):
    read = fact(
        assertions={"goodsAndServices": {"naicsList": None}},
        coreData={"businessTypes": {"sbaBusinessTypeList": None}},
        integrityInformation={"responsibilityInformationList": None, "proceedingsData": None},
    )
    assert (read.small_for, read.certifications, read.integrity_count) == (frozenset(), (), 0)


def integrity(**parts):
    return {"integrityInformation": parts}


def test_integrity_records_are_parsed(fact):
    record = {"recordType": "C", "recordTypeDesc": "Termination for Cause", "recordDate": "2024-04-10"}
    read = fact(**integrity(responsibilityInformationCount="1", responsibilityInformationList=[record]))
    assert read.integrity_count == 1
    assert read.integrity_records == (
        IntegrityRecord(kind="Termination for Cause", recorded=date(2024, 4, 10)),
    )


def test_a_count_without_a_list_still_counts(fact):
    assert fact(**integrity(responsibilityInformationCount=2)).integrity_count == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"proceedingsQuestion1": "YES", "proceedingsQuestion2": "YES", "proceedingsQuestion3": "NO"}, False),
        ({"proceedingsQuestion3": "YES"}, True),
        ({"proceedingsQuestion3": "Yes"}, True),
        ({"proceedingsRecordCount": "1"}, True),
        ({"proceedingsQuestion3": None, "proceedingsRecordCount": None}, False),
    ],
)
def test_only_the_third_question_is_about_proceedings(fact, data, expected):
    assert fact(**integrity(proceedingsData=data)).proceedings is expected


def test_the_latest_proceeding(fact):
    days = [{"proceedingDate": day} for day in ("2023-01-15", "2025-06-30", None)]
    read = fact(**integrity(proceedingsData={"listOfProceedings": days}))
    assert (read.proceedings, read.proceedings_latest) == (True, date(2025, 6, 30))


def test_owners_and_predecessors_are_parsed(fact):
    nobody = {"legalBusinessName": None, "cageCode": None, "integrityRecords": "N/A"}
    holding = {"legalBusinessName": "EXAMPLE HOLDING", "cageCode": "9ZZ98", "integrityRecords": "No"}
    read = fact(
        **integrity(
            corporateRelationships={
                "highestOwner": nobody,
                "immediateOwner": holding,
                "predecessorsList": [
                    nobody,
                    {**holding, "legalBusinessName": "EXAMPLE OLD", "cageCode": "N/A"},
                ],
            }
        )
    )
    assert read.highest_owner is None
    assert read.immediate_owner == Owner(name="EXAMPLE HOLDING", cage="9ZZ98")
    assert read.predecessors == (Owner(name="EXAMPLE OLD"),)


def test_a_parent_in_the_hierarchy_adds_its_identifier(fact):
    parent = {"legalBusinessName": "Example Holding", "ueiSAM": "ZZ9TESTVNDR9"}
    read = fact(
        coreData={
            "entityHierarchyInformation": {"immediateParentEntity": parent, "ultimateParentEntity": {}}
        },
        **integrity(
            corporateRelationships={
                "immediateOwner": {"legalBusinessName": "EXAMPLE HOLDING", "cageCode": "9ZZ98"}
            }
        ),
    )
    assert read.immediate_owner == Owner(name="EXAMPLE HOLDING", cage="9ZZ98", uei="ZZ9TESTVNDR9")


def test_the_tool_is_the_registrations_source():
    assert TOOL.record is system_of(Source.SAM_GOV)
