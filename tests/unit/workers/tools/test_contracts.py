"""Contract awards: omitted fields, numbers as text, and reports under other codes."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from app.procurement.action import ActionType
from app.procurement.contract_facts import ReportedAction, Tas
from app.procurement.vendor_facts import UnreadValue
from workers.runtime.answer import Answer, ToolError
from workers.tools.contracts import look_up

AWARD = {
    "contractId": {
        "piid": "70ZZ0126C0001",
        "modificationNumber": "P00001",
        "transactionNumber": "0",
        "referencedIDVPiid": "70ZZ0124D0009",
        "reasonForModification": {"code": "C", "name": "FUNDING ONLY ACTION"},
    },
    "oldContractId": {"piid": "70ZZ0122C0007"},
    "coreData": {
        "awardOrIDV": "AWARD",
        "acquisitionData": {"typeOfContractPricing": {"code": "J", "name": "FIRM FIXED PRICE"}},
        "productOrServiceInformation": {
            "productOrService": {"type": "S", "code": "R425", "name": "SUPPORT"},
            "principalNaics": [{"code": "541330", "name": "ENGINEERING SERVICES"}],
        },
        "competitionInformation": {
            "extentCompeted": {"code": "A", "name": "FULL AND OPEN COMPETITION"},
            "typeOfSetAside": {"code": "SBA", "name": "SMALL BUSINESS SET ASIDE - TOTAL"},
        },
    },
    "awardDetails": {
        "dates": {
            "dateSigned": "2026-09-14T00:00:00Z",
            "periodOfPerformanceStartDate": "2026-09-15 00:00:00.000",
            "currentCompletionDate": "2027-09-14 00:00:00.000",
            "ultimateCompletionDate": "2029-09-14 00:00:00.000",
            "lastDateToOrder": "2029-03-14 00:00:00.000",
        },
        "dollars": {"actionObligation": "-202.39"},
        "totalContractDollars": {
            "totalActionObligation": "1000.00",
            "totalBaseAndExercisedOptionsValue": "2000.00",
            "totalBaseAndAllOptionsValue": "3000.00",
        },
        "treasuryAccount": {
            "agencyIdentifier": "70",
            "mainAccountCode": "613",
            "subAccountCode": "000",
            "beginningPeriodOfAvailability": "2026",
            "endingPeriodOfAvailability": "2027",
        },
        "preferenceProgramsInformation": {
            "contractingOfficerBusinessSizeDetermination": [{"code": "S", "name": "SMALL BUSINESS"}],
            "subcontractPlan": {"code": "B", "name": "PLAN NOT REQUIRED"},
        },
        "awardeeData": {
            "far41102Exception": {"code": "3", "name": "URGENCY"},
            "awardeeHeader": {"awardeeName": "EXAMPLE MARINE", "legalBusinessName": "EXAMPLE MARINE INC"},
            "awardeeUEIInformation": {
                "uniqueEntityId": "ZZ9TESTVNDR1",
                "cageCode": "9ZZ99",
                "awardeeUltimateParentUniqueEntityId": "ZZ9TESTVNDR9",
                "awardeeUltimateParentName": "EXAMPLE HOLDING",
            },
        },
        "transactionData": {
            "status": {"code": "F", "name": "FINAL"},
            "createdDate": "2026-09-15T08:30:00Z",
            "approvedDate": "2026-09-16T08:30:00Z",
            "closedStatus": "N",
        },
    },
}
#: The least the service can say about an award: everything else is left out where it has no value.
BARE = {
    "contractId": {"piid": "70ZZ0126C0001", "modificationNumber": "0"},
    "awardDetails": {"dates": {}, "dollars": {"actionObligation": "10"}},
}


class Reports:
    """Answers by PIID; 204 where nothing is known."""

    def __init__(self, **by_piid) -> None:
        self.by_piid = by_piid
        self.asked = []

    def get(self, _, params):
        self.asked.append(params)
        rows = self.by_piid.get(params["piid"])
        body = (
            {"awardSummary": rows, "totalRecords": str(len(rows)), "limit": "100", "offset": "0"}
            if rows
            else None
        )
        return Answer(uuid4(), body)


def changed(path, value):
    """The award with one value changed."""
    award = deepcopy(AWARD)
    place = award
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return award


@pytest.fixture
def fact(action):
    def read(award=AWARD, path=(), value=None):
        award = deepcopy(award)
        place = award
        for step in path[:-1]:
            place = place[step]
        if path:
            place[path[-1]] = value
        (stated,) = look_up(Reports(**{action.piid: [award]}), action)
        return stated.fact

    return read


def test_every_modification_is_asked_for_at_once(action):
    served = Reports()
    assert list(look_up(served, action)) == []
    assert served.asked == [{"piid": "70ZZ0126C0001", "limit": "100", "offset": "0"}]


def test_an_order_is_asked_for_under_its_vehicle_and_the_vehicle_itself(action):
    order = replace(action, referenced_idv="70ZZ0124D0009")
    vehicle = deepcopy(BARE) | {"coreData": {"awardOrIDV": "IDV"}}
    vehicle["contractId"]["piid"] = "70ZZ0124D0009"
    served = Reports(**{"70ZZ0126C0001": [AWARD], "70ZZ0124D0009": [vehicle]})
    facts = [stated.fact for stated in look_up(served, order)]
    assert [each["piid"] for each in served.asked] == ["70ZZ0126C0001", "70ZZ0124D0009"]
    assert served.asked[0]["referencedIdvPiid"] == "70ZZ0124D0009"
    assert [each.is_vehicle for each in facts] == [False, True]


def test_reports_of_an_order_stand_without_those_of_its_vehicle(action):
    class NoVehicle(Reports):
        def get(self, path, params):
            if params["piid"] == "70ZZ0124D0009":
                raise ToolError("answered HTTP 500")
            return super().get(path, params)

    order = replace(action, referenced_idv="70ZZ0124D0009")
    report, unanswered = look_up(NoVehicle(**{"70ZZ0126C0001": [BARE]}), order)
    assert report.fact.modification == "0"
    assert unanswered.question.words == "reports of 70ZZ0124D0009"


@pytest.mark.parametrize(
    ("seen", "own", "asked"),
    [
        (["0", "P00001", "P00003"], "P00003", True),
        (["0", "P00001"], "P00003", True),
        (["0", "P00001", "P00002"], "P00003", False),
        (["0", "A00001", "P00003"], "P00003", False),
        (["0"], "P00003", False),
    ],
)
def test_deleted_reports_are_asked_for_where_numbers_are_left_out(action, seen, own, asked):
    rows = [deepcopy(BARE) for _ in seen]
    for row, number in zip(rows, seen, strict=True):
        row["contractId"]["modificationNumber"] = number
    served = Reports(**{action.piid: rows})
    changed = replace(action, action_type=ActionType.MODIFICATION, modification=own)
    facts = [stated.fact for stated in look_up(served, changed)]
    assert [each.get("deletedStatus") for each in served.asked] == [None, "yes"][: 1 + asked]
    # This stand-in gives the same rows again.
    assert [each.status for each in facts] == ["final"] * len(seen) + ["deleted"] * len(seen) * asked


def test_every_field_that_a_rule_reads_is_parsed(fact):
    read = fact()
    assert (read.obligated, read.total_obligated) == (Decimal("-202.39"), Decimal("1000.00"))
    assert (read.total_exercised, read.total_all_options) == (Decimal("2000.00"), Decimal("3000.00"))
    assert (read.signed, read.period_start) == (date(2026, 9, 14), date(2026, 9, 15))
    assert (read.current_completion, read.ultimate_completion) == (date(2027, 9, 14), date(2029, 9, 14))
    assert read.last_date_to_order == date(2029, 3, 14)
    assert (read.referenced_idv, read.old_piid, read.reason) == ("70ZZ0124D0009", "70ZZ0122C0007", "C")
    assert (read.naics, read.psc, read.pricing) == ("541330", "R425", "J")
    assert (read.competition, read.set_aside) == ("A", "SBA")
    assert (read.size, read.subcontract_plan, read.registration_exception) == ("S", "B", "URGENCY")
    assert (read.uei, read.cage, read.vendor_name) == ("ZZ9TESTVNDR1", "9ZZ99", "EXAMPLE MARINE INC")
    assert (read.parent_uei, read.parent_name) == ("ZZ9TESTVNDR9", "EXAMPLE HOLDING")
    assert (read.reported, read.status, read.closed) == (date(2026, 9, 16), "final", False)


def test_leading_zeros_of_an_account_are_put_back(fact):
    assert fact().tas == Tas(agency="070", main="0613", available_from=2026, available_to=2027)


def test_keys_without_a_value_are_left_out(fact):
    read = fact(BARE)
    assert read.obligated == Decimal(10)
    assert (read.signed, read.uei, read.tas, read.size, read.total_obligated) == (None,) * 5
    assert (read.status, read.transaction, read.is_vehicle, read.closed) == ("final", "0", False, False)


def test_code_and_name_are_swapped_back(fact):
    path = ("awardDetails", "preferenceProgramsInformation", "contractingOfficerBusinessSizeDetermination")
    assert fact(path=path, value=[{"code": "OTHER THAN SMALL BUSINESS", "name": "O"}]).size == "O"
    assert fact(path=path, value={"code": "O", "name": "OTHER THAN SMALL BUSINESS"}).size == "O"
    assert fact(path=path, value=[]).size is None


@pytest.mark.parametrize(("code", "status"), [("F", "final"), ("D", "draft"), ("E", "error")])
def test_the_status_decides_whether_a_report_counts(fact, code, status):
    assert fact(path=("awardDetails", "transactionData", "status"), value={"code": code}).status == status


def test_a_report_not_yet_approved_was_made_when_it_was_created(fact):
    assert fact(path=("awardDetails", "transactionData", "approvedDate"), value=None).reported == date(
        2026, 9, 15
    )


def test_reports_of_one_modification_have_keys_of_their_own(action):
    second = deepcopy(AWARD)
    second["contractId"]["transactionNumber"] = "1"
    stated = look_up(Reports(**{action.piid: [AWARD, second]}), action)
    assert [each.record_key for each in stated] == ["70ZZ0126C0001/P00001", "70ZZ0126C0001/P00001/1"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("awardDetails", "dates", "dateSigned"), "09-14-2026"),
        (("awardDetails", "dates", "currentCompletionDate"), "soon"),
        (("awardDetails", "totalContractDollars", "totalActionObligation"), "1,000.00"),
        (("awardDetails", "transactionData", "status"), {"code": "Q"}),
        (("awardDetails", "transactionData", "closedStatus"), "maybe"),
        (("coreData", "awardOrIDV"), "CONTRACT"),
    ],
)
def test_a_malformed_value_is_named_and_the_report_stands(action, path, value):
    served = Reports(**{action.piid: [changed(path, value)]})
    report, unread, *_ = (each.fact for each in look_up(served, action))
    assert (report.piid, unread.field, unread.is_lost) == (action.piid, ".".join(path), False)
    assert unread.uei is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("awardDetails", "dollars", "actionObligation"), None),
        (("contractId", "modificationNumber"), ""),
    ],
)
def test_a_report_that_cannot_be_read_costs_no_other(action, path, value):
    served = Reports(**{action.piid: [changed(path, value), BARE]})
    found = [each.fact for each in look_up(served, action)]
    (report,) = [each for each in found if isinstance(each, ReportedAction)]
    unread = [each for each in found if isinstance(each, UnreadValue)]
    assert (report.modification, report.obligated) == ("0", Decimal(10))
    assert ".".join(path) in {each.field for each in unread}
    assert all(each.is_lost for each in unread)
