"""Answers as the real services publish them, over HTTP, through the real tool and the rules."""

import threading

import pytest

from app.procurement.systems import Source

PRIME, OWNER = "ZZ9TESTVNDR1", "ZZ9TESTVNDR2"
MASK = "This entity has opted out of public search. Only its own users can view this record on SAM.gov."
ACTIVE = {
    "samRegistered": "Yes",
    "ueiSAM": PRIME,
    "entityEFTIndicator": None,
    "cageCode": "9ZZ99",
    "dodaac": None,
    "legalBusinessName": "EXAMPLE MARINE SERVICES, INC.",
    "dbaName": None,
    "purposeOfRegistrationCode": "Z2",
    "registrationStatus": "Active",
    "registrationDate": "2018-07-24",
    "lastUpdateDate": "2026-02-10",
    "registrationExpirationDate": "2027-02-09",
    "activationDate": "2026-02-11",
    "ueiStatus": "Active",
    "publicDisplayFlag": "Y",
    "exclusionStatusFlag": "N",
    "exclusionURL": None,
}
TERMINATION = {"recordType": "C", "recordTypeDesc": "Termination for Cause", "recordDate": "2024-05-09"}
INTEGRITY = {"responsibilityInformationCount": 1, "responsibilityInformationList": [TERMINATION]}
MASKED = {
    "entityRegistration": {
        "samRegistered": MASK,
        "ueiSAM": PRIME,
        "cageCode": None,
        "legalBusinessName": "EXAMPLE MARINE SERVICES, INC.",
        **dict.fromkeys(("registrationStatus", "evsSource", "ueiStatus", "publicDisplayFlag"), MASK),
    },
    "coreData": {},
    "integrityInformation": INTEGRITY,
}
SUMMARY = {"ueiSAM": PRIME, "cageCode": None, "legalBusinessName": "EXAMPLE MARINE SERVICES, INC."}
PROCEEDINGS = {
    "proceedingsQuestion1": None,
    "proceedingsQuestion3": None,
    "proceedingsRecordCount": 0,
    "listOfProceedings": [],
}
LAPSED = {**ACTIVE, "registrationStatus": "Inactive", "registrationExpirationDate": "2022-02-06"}


def period(since, until=None):
    return {
        "createDate": since,
        "updateDate": since,
        "activateDate": since,
        "terminationDate": until,
        "terminationType": "Definite" if until else "Indefinite",
        "recordStatus": "Active",
    }


def record(*periods, uei=PRIME, name="EXAMPLE MARINE CO", city="NORFOLK", state="VA", **details):
    return {
        "exclusionDetails": {
            "classificationType": "Firm",
            "exclusionType": "Ineligible (Proceedings Pending)",
            "exclusionProgram": "Reciprocal",
            "excludingAgencyCode": "AF",
            "excludingAgencyName": "DEPT OF THE AIR FORCE",
            **details,
        },
        "exclusionIdentification": {"ueiSAM": uei, "cageCode": None, "npi": None, "entityName": name},
        "exclusionActions": {"listOfActions": list(periods or [period("03-13-2026")])},
        "exclusionPrimaryAddress": {"city": city, "stateOrProvinceCode": state, "countryCode": "USA"},
        "exclusionSecondaryAddress": [],
        "exclusionOtherInformation": {
            "isFASCSAOrder": "No",
            "references": {"referencesList": [{"exclusionName": None, "type": None}]},
            "moreLocations": [],
        },
        "vesselDetails": {},
    }


def security_order(**details):
    row = record(
        period("03-02-2000"),
        classificationType="Special Entity Designation",
        exclusionType="Prohibition/Restriction",
        **details,
    )
    row["exclusionOtherInformation"]["isFASCSAOrder"] = "Yes"
    return row


def page(rows, total=None):
    return 200, {"totalRecords": len(rows) if total is None else total, "excludedEntity": rows}


def entities(*rows):
    """The prime's rows, and a sound row of the owner."""
    sound = {"entityRegistration": {**ACTIVE, "ueiSAM": OWNER, "legalBusinessName": "EXAMPLE HOLDING LLC"}}
    return lambda _: (200, {"totalRecords": len(rows) + 1, "entityData": [*rows, sound]})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"entityRegistration": ACTIVE}], set()),
        ([{"entityRegistration": LAPSED, "coreData": {}}], {("R01", PRIME, "blocking")}),
        (
            [{"entityRegistration": {**ACTIVE, "registrationStatus": "Submitted"}}],
            {("R01", PRIME, "blocking")},
        ),
        ([{"entityRegistration": {**ACTIVE, "registrationStatus": "On Hold"}}], {("S01", PRIME, "blocking")}),
        (
            [
                {"entityRegistration": {**LAPSED, "entityEFTIndicator": "0002"}},
                {"entityRegistration": ACTIVE},
            ],
            set(),
        ),
        ([MASKED], {("R02", PRIME, "blocking")}),
        (
            [
                {
                    "entityRegistration": MASK,
                    "integrityInformation": {
                        "entitySummary": SUMMARY,
                        "proceedingsData": PROCEEDINGS,
                        **INTEGRITY,
                    },
                }
            ],
            {("R02", PRIME, "blocking")},
        ),
        ([{"entityRegistration": MASK}], {("R02", PRIME, "blocking")}),
        ([{"entityRegistration": {**ACTIVE, "legalBusinessName": None}}], {("S01", PRIME, "blocking")}),
        ([{"entityRegistration": ACTIVE, "coreData": MASK}], {("S01", PRIME, "blocking")}),
        ([{"entityRegistration": ACTIVE}, "a row"], {("S01", "sam-gov", "blocking")}),
    ],
)
def test_registrations(found, rows, expected):
    findings, result = found(Source.SAM_GOV, entities(*rows))
    assert result.gap is None
    assert findings == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([record()], {("E01", PRIME, "blocking")}),
        ([record(period("03-13-2026"), period("12-01-2026"))], {("E01", PRIME, "blocking")}),
        ([record(period("12-01-2026"), period("01-01-2019", "01-01-2022"))], set()),
        ([record(period("03-13-2026", "12-31-2999"))], {("E01", PRIME, "blocking")}),
        (
            [security_order(excludingAgencyCode=None, excludingAgencyName=None)],
            {("E01", PRIME, "advisory"), ("E05", PRIME, "blocking")},
        ),
        (
            [security_order(excludingAgencyCode="NONE", excludingAgencyName="")],
            {("E01", PRIME, "advisory"), ("E05", PRIME, "blocking")},
        ),
        (
            [record(), record(period("soon"), uei=OWNER)],
            {("E01", PRIME, "blocking"), ("E01", OWNER, "blocking"), ("S01", OWNER, "blocking")},
        ),
        (
            [record(), {"exclusionDetails": {}}],
            {("E01", PRIME, "blocking"), ("S01", "debarment", "blocking")},
        ),
    ],
)
def test_exclusions(found, rows, expected):
    findings, result = found(Source.DEBARMENT, lambda query: page(rows if "ueiSAM" in query else []))
    assert (result.gap, result.outcome) == (None, "answered")
    assert findings == expected


def many(query):
    """The first page of 41,000 records on a name: none is like the vendor's."""
    first = 10 * int(query["page"])
    return page([record(uei=None, name=f"OTHER {n}") for n in range(first, first + 10)], total=41_000)


def many_but_one(query):
    """As many, but all the words together find one record of a like name."""
    if query["exclusionName"] == "EXAMPLE MARINE SERVICES":
        return page([record(uei=None, name="EXAMPLE MARINE SERVICES CO", city="PORTLAND", state="OR")])
    return many(query)


WIDE = "41,000 records have the words EXAMPLE MARINE SERVICES, more than are read"


@pytest.mark.parametrize(
    ("by_name", "reason", "requests"),
    [
        # By UEI; EXAMPLE, MARINE and all words of one vendor; EXAMPLE HOLDING of the other.
        (many, WIDE, 5),
        (lambda _: page([], total=167), WIDE.replace("41,000", "167"), 5),
        (lambda _: (429, {"code": "900804"}), "over its daily quota or rate limit (HTTP 429)", 2),
        (lambda _: (400, {"detail": "no"}), "answered HTTP 400", 3),
        (lambda _: (200, {"totalRecords": "many"}), "unreadable answer: totalRecords", 3),
    ],
)
def test_what_the_identifier_found_stands_whatever_becomes_of_the_name(
    found, service, by_name, reason, requests
):
    findings, result = found(
        Source.DEBARMENT, lambda query: page([record()]) if "ueiSAM" in query else by_name(query)
    )
    assert findings == {("E01", PRIME, "blocking"), ("S01", "debarment", "blocking")}
    assert result.outcome.startswith(f"answered in part: {reason}")
    assert len(service.asked) == requests


def test_a_wide_word_hides_no_narrow_hit(found, service):
    findings, result = found(
        Source.DEBARMENT, lambda query: page([]) if "ueiSAM" in query else many_but_one(query)
    )
    assert ("E02", PRIME, "advisory") in findings
    # Of the other vendor every word is too wide.
    assert (
        result.outcome
        == "answered in part: 41,000 records have the words EXAMPLE HOLDING, more than are read"
    )


def test_a_vendor_that_was_not_reached_is_not_called_unregistered(found):
    rows = [{"entityRegistration": {**ACTIVE, "ueiSAM": OWNER}}]
    findings, result = found(Source.SAM_GOV, lambda _: (200, {"totalRecords": 11, "entityData": rows}))
    assert findings == {("S01", "sam-gov", "blocking")}
    assert result.outcome == "answered in part: partial answer: 1 of 11 rows"


def test_a_slow_service_is_waited_for_as_long_as_its_own_limit_says(found):
    patience = {"tool_timeout": 0.2, "tool_deadline": 0.4}

    def slow(query):
        threading.Event().wait(0.7)
        return entities({"entityRegistration": ACTIVE})(query)

    assert found(Source.SAM_GOV, slow, **patience)[1].gap is not None
    assert found(Source.SAM_GOV, slow, **patience, sam_gov_deadline=30)[1].gap is None
