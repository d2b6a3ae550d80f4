"""Answers have the shape of the real services: notations, wrappers, paging, empty answers."""

import re

import pytest

ENTITIES, EXCLUSIONS = "/entity-information/v4/entities", "/entity-information/v4/exclusions"
AWARDS, DOCUMENTS = "/contract-awards/v1/search", "/documents/v1/documents"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def test_entities(start_mock):
    mock = start_mock("sam-gov")
    answer = mock.get(
        ENTITIES,
        ueiSAM="[ZZ01PRMEVND1~ZZ01SUBSVND2~ZZ99PRMEVND9]",
        includeSections="entityRegistration,coreData",
        page="0",
        size="10",
    ).json
    assert answer["totalRecords"] == 2
    first = answer["entityData"][0]
    assert set(first) == {"entityRegistration", "coreData"}
    assert first["entityRegistration"]["ueiSAM"] == "ZZ01PRMEVND1"
    assert first["entityRegistration"]["registrationStatus"] == "Active"
    assert DAY.fullmatch(first["entityRegistration"]["registrationExpirationDate"])
    assert "REPLACE_WITH_API_KEY" in answer["links"]["selfLink"]


def test_a_firm_with_an_identifier_only_is_hidden_unless_asked_for(start_mock):
    mock = start_mock("sam-gov")
    assert mock.get(ENTITIES, ueiSAM="ZZ09SUBSVND3").json["totalRecords"] == 0
    (row,) = mock.get(ENTITIES, ueiSAM="ZZ09SUBSVND3", samRegistered="No").json["entityData"]
    assert "registrationExpirationDate" not in row["entityRegistration"]


def test_one_identifier_can_have_several_rows(start_mock):
    mock = start_mock("sam-gov")
    rows = mock.get(ENTITIES, ueiSAM="ZZ13SUBSVND2").json["entityData"]
    assert [row["entityRegistration"]["registrationStatus"] for row in rows] == ["Active", "Expired"]
    only = mock.get(ENTITIES, ueiSAM="ZZ13SUBSVND2", registrationStatus="E").json["entityData"]
    assert [row["entityRegistration"]["entityEFTIndicator"] for row in only] == ["0002"]


def test_entities_come_in_pages_of_ten(start_mock):
    mock = start_mock("sam-gov")
    first, second = mock.get(ENTITIES).json, mock.get(ENTITIES, page="1").json
    assert first["totalRecords"] > 20
    assert len(first["entityData"]) == len(second["entityData"]) == 10
    assert first["entityData"] != second["entityData"]


@pytest.mark.parametrize(
    "query",
    [
        {"size": "11"},
        {"size": "0"},
        {"size": "ten"},
        {"page": "-1"},
        {"unheard": "of"},
        {"ueiSAM": "A|B"},
        {"ueiSAM": "[" + "~".join(f"ZZ{n}" for n in range(101)) + "]"},
    ],
)
@pytest.mark.parametrize(("name", "path"), [("sam-gov", ENTITIES), ("debarment", EXCLUSIONS)])
def test_bad_questions_are_refused(start_mock, name, path, query):
    answer = start_mock(name).get(path, **query)
    assert answer.status_code == 400
    assert answer.json["errorCode"] == "INVALID_REQUEST"


def test_exclusions_write_the_month_first(start_mock):
    answer = start_mock("debarment").get(EXCLUSIONS, ueiSAM="[ZZ03SUBSVND2~ZZ03PRMEVND1]").json
    (row,) = answer["excludedEntity"]
    assert answer["totalRecords"] == 1
    assert row["exclusionIdentification"]["ueiSAM"] == "ZZ03SUBSVND2"
    (period,) = row["exclusionActions"]["listOfActions"]
    assert period["activateDate"] == "07-16-2026"
    assert (period["terminationDate"], period["terminationType"]) == (None, "Indefinite")


def test_no_exclusions_are_an_empty_list(start_mock):
    answer = start_mock("debarment").get(EXCLUSIONS, ueiSAM="ZZ01PRMEVND1")
    assert answer.status_code == 200
    assert answer.json["excludedEntity"] == []


def test_awards_write_numbers_as_strings(start_mock):
    answer = (
        start_mock("contracts")
        .get(AWARDS, piid="70ZZ0125C0004", modificationNumber="P00002", limit="100", offset="0")
        .json
    )
    assert (answer["totalRecords"], answer["limit"], answer["offset"]) == ("1", "100", "0")
    (row,) = answer["awardSummary"]
    assert row["awardDetails"]["dollars"]["actionObligation"] == "114800.00"
    assert row["awardDetails"]["dates"]["dateSigned"] == "2026-09-28T00:00:00Z"
    assert row["contractId"]["reasonForModification"]["code"] == "B"


def test_the_whole_contract_is_shown_without_a_modification_and_in_pages(start_mock):
    mock = start_mock("contracts")
    rows = mock.get(AWARDS, piid="70ZZ0125C0004").json["awardSummary"]
    assert [row["contractId"]["modificationNumber"] for row in rows] == ["0", "P00002"]
    second = mock.get(AWARDS, piid="70ZZ0125C0004", limit="1", offset="1").json
    assert second["totalRecords"] == "2"
    assert [row["contractId"]["modificationNumber"] for row in second["awardSummary"]] == ["P00002"]


def test_no_awards_are_204_without_a_body(start_mock):
    answer = start_mock("contracts").get(AWARDS, piid="70ZZ0127C9999")
    assert (answer.status_code, answer.data) == (204, b"")


@pytest.mark.parametrize(
    "query", [{}, {"limit": "101"}, {"offset": "400001"}, {"piid": "X", "fiscalYear": "2026"}]
)
def test_bad_searches_are_refused(start_mock, query):
    answer = start_mock("contracts").get(AWARDS, **({"piid": "70ZZ0125C0004"} | query if query else {}))
    assert answer.status_code == 400
    assert set(answer.json) == {"message", "detail"}


def test_documents_are_metadata_only(start_mock):
    answer = start_mock("documents").get(DOCUMENTS, piid="70ZZ0126C0001", modificationNumber="0").json
    assert answer["totalRecords"] == len(answer["documents"])
    kinds = {row["docType"]: row for row in answer["documents"]}
    assert set(kinds) == {"SF-1449", "AVFUNDS", "PR", "SAMCHK"}
    assert kinds["SF-1449"]["amount"] == "248500.00"
    assert kinds["SF-1449"]["signedDates"] == {"co": "2026-09-14", "contractor": "2026-09-14"}
    assert re.fullmatch(r"[0-9a-f]{64}", kinds["SF-1449"]["sha256"])


def test_an_empty_contract_file_is_an_empty_list(start_mock):
    answer = start_mock("documents").get(DOCUMENTS, piid="70ZZ0127C9999", modificationNumber="0")
    assert (answer.status_code, answer.json) == (200, {"totalRecords": 0, "documents": []})
