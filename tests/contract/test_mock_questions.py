"""Queries beyond one record: names and aliases, sections, opted-out entities, vehicles of orders."""

import json
import shutil

import pytest

from known_answers.scenarios.loader import HAND_WRITTEN

ENTITIES, EXCLUSIONS = "/entity-information/v4/entities", "/entity-information/v4/exclusions"
AWARDS = "/contract-awards/v1/search"
PRIME, SECOND = "ZZ03PRMEVND1", "ZZ03SUBSVND2"


@pytest.fixture
def scenarios(tmp_path):
    """The third hand-written case, made richer."""
    folder = tmp_path / "scenarios" / "cases"
    folder.mkdir(parents=True)
    file = folder / "03-excluded-subcontractor.json"
    shutil.copy(HAND_WRITTEN / file.name, file)
    case = json.loads(file.read_text())
    case["sam-gov"] = [
        {"entityRegistration": "This entity opted out of public display.", "optedOutUei": PRIME},
        {
            **next(row for row in case["sam-gov"] if row["entityRegistration"]["ueiSAM"] == SECOND),
            "integrityInformation": {
                "proceedingsData": {"proceedingsQuestion3": "NO"},
                "responsibilityInformationCount": 0,
            },
        },
    ]
    other = case["debarment"][0]["exclusionOtherInformation"]
    other["references"]["referencesList"] = [{"exclusionName": "O'Neil Boats", "type": "Cross-Reference"}]
    other["moreLocations"] = [{"exclusionName": "Harbor West", "ueiSAM": "ZZ9TESTVNDR8"}]
    other["isFASCSAOrder"] = "Yes"
    case["contracts"][0]["contractId"]["referencedIDVPiid"] = "70ZZ0124D0009"
    file.write_text(json.dumps(case))
    return folder.parent


@pytest.fixture
def debarment(start_mock, scenarios):
    return start_mock("debarment", scenarios=scenarios)


def test_integrity_information_only_comes_when_asked_for(start_mock, scenarios):
    mock = start_mock("sam-gov", scenarios=scenarios)

    def sections(**query):
        (row,) = mock.get(ENTITIES, ueiSAM=SECOND, **query).json["entityData"]
        return row

    assert set(sections()) == set(sections(includeSections="All")) == {"entityRegistration", "coreData"}
    asked = sections(includeSections="entityRegistration,integrityInformation")
    assert asked["integrityInformation"] == {"responsibilityInformationCount": 0}
    whole = sections(includeSections="integrityInformation", proceedingsData="Yes")
    assert whole["integrityInformation"]["proceedingsData"] == {"proceedingsQuestion3": "NO"}


@pytest.mark.parametrize(
    "query", [{"proceedingsData": "Yes"}, {"includeSections": "secrets"}, {"proceedingsData": "perhaps"}]
)
def test_sections_that_do_not_exist_or_go_together_are_refused(start_mock, scenarios, query):
    assert start_mock("sam-gov", scenarios=scenarios).get(ENTITIES, ueiSAM=SECOND, **query).status_code == 400


def test_an_opted_out_entity_is_a_text_that_does_not_say_whose_it_is(start_mock, scenarios):
    mock = start_mock("sam-gov", scenarios=scenarios)
    answer = mock.get(ENTITIES, ueiSAM=PRIME)
    assert answer.json["totalRecords"] == 1
    assert answer.json["entityData"] == [{"entityRegistration": "This entity opted out of public display."}]
    assert PRIME not in answer.text
    assert mock.get(ENTITIES, ueiSAM=PRIME, samRegistered="No").json["totalRecords"] == 0


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("ONEIL BOATS", 1),
        ("boats o'neil", 1),
        ("Harbor West", 1),
        ("Harbor Nowhere", 0),
        ("BOATS", 1),
    ],
)
def test_exclusions_are_found_by_all_words_of_a_name_or_alias_in_any_order(debarment, name, found):
    assert debarment.get(EXCLUSIONS, exclusionName=name).json["totalRecords"] == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"classification": "Firm"}, 1),
        ({"classification": "Individual"}, 0),
        ({"fascsaOrder": "Yes"}, 1),
        ({"fascsaOrder": "No"}, 0),
        ({"cageCode": "9ZZ99"}, 0),
    ],
)
def test_exclusions_are_narrowed_by_kind(debarment, query, found):
    assert debarment.get(EXCLUSIONS, exclusionName="boats", **query).json["totalRecords"] == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"stateProvince": "va"}, 1),
        ({"stateProvince": "[OR~VA]"}, 1),
        ({"stateProvince": "OR"}, 0),
        ({"country": "USA"}, 1),
        ({"country": "DEU"}, 0),
    ],
)
def test_exclusions_are_narrowed_by_place(debarment, query, found):
    assert debarment.get(EXCLUSIONS, exclusionName="boats", **query).json["totalRecords"] == found


@pytest.mark.parametrize("query", [{"classification": "Ship"}, {"exclusionName": "A&B"}, {"size": "11"}])
def test_the_exclusions_service_refuses_bad_queries(debarment, query):
    answer = debarment.get(EXCLUSIONS, **query)
    assert answer.status_code == 400
    assert set(answer.json) == {"Status", "timestamp", "message", "detail", "errorCode", "transaction_id"}


def test_pages_of_exclusions_link_to_the_next(start_mock):
    answer = start_mock("debarment").get(EXCLUSIONS, exclusionName="example", size="1").json
    assert answer["totalRecords"] > 1
    assert "page=1&size=1" in answer["links"]["nextLink"]


def test_an_order_is_found_under_its_vehicle_only(start_mock, scenarios):
    mock = start_mock("contracts", scenarios=scenarios)
    piid = "70ZZ0126C0003"
    everything = mock.get(AWARDS, piid=piid).json
    (order,) = mock.get(AWARDS, piid=piid, referencedIdvPiid="70ZZ0124D0009").json["awardSummary"]
    assert int(everything["totalRecords"]) > 1
    assert order["contractId"]["referencedIDVPiid"] == "70ZZ0124D0009"
    assert mock.get(AWARDS, piid=piid, referencedIdvPiid="70ZZ0124D0001").status_code == 204


def test_deleted_reports_are_shown_when_asked_for(start_mock, scenarios):
    file = scenarios / "cases" / "03-excluded-subcontractor.json"
    case = json.loads(file.read_text())
    case["contracts"][0]["deleted"] = True
    file.write_text(json.dumps(case))
    mock = start_mock("contracts", scenarios=scenarios)
    question = {"piid": case["action"]["piid"]}
    (deleted,) = mock.get(AWARDS, **question, deletedStatus="yes").json["awardSummary"]
    assert "deleted" not in deleted
    rest = mock.get(AWARDS, **question)
    shown = rest.json["awardSummary"] if rest.status_code == 200 else []
    assert deleted not in shown
    assert len(shown) == len(case["contracts"]) - 1
    assert mock.get(AWARDS, **question, deletedStatus="maybe").status_code == 400


def test_over_quota_says_when_the_day_begins_anew(start_mock, scenarios):
    file = scenarios / "cases" / "03-excluded-subcontractor.json"
    case = json.loads(file.read_text())
    for name in ("sam-gov", "debarment", "contracts"):
        file.write_text(json.dumps({**case, "faults": {name: "429"}}))
        mock = start_mock(name, scenarios=scenarios)
        question = (AWARDS, {"piid": "70ZZ0126C0003"})
        if name != "contracts":
            question = (ENTITIES if name == "sam-gov" else EXCLUSIONS, {"ueiSAM": f"[{PRIME}]"})
        answer = mock.get(question[0], **question[1])
        assert answer.status_code == 429
        assert set(answer.json) == {"code", "message", "description", "nextAccessTime"}
        assert answer.json["nextAccessTime"].endswith("00:00:00+0000 UTC")
