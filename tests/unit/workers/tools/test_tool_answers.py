"""How each tool reads an answer: facts if it is valid, otherwise a gap that names the field."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from app.procurement.action import ActionType, ProcurementAction, Vendor, VendorRole
from app.procurement.contract_facts import FiledDocument, ReportedAction
from app.procurement.vendor_facts import Exclusion, Registration, UnreadValue
from workers.runtime.answer import Answer, ToolError
from workers.tools import contracts, debarment, documents, registry, sam_gov

ACTION = ProcurementAction(
    action_id="ACT-1",
    action_type=ActionType.NEW_AWARD,
    piid="70ZZ0126C0001",
    modification=None,
    amount=Decimal("100.00"),
    effective_date=date(2026, 9, 14),
    description="",
    vendors=(
        Vendor(uei="ZZ9TESTVNDR1", name="ONE", role=VendorRole.PRIME, cage=None),
        Vendor(uei="ZZ9TESTVNDR2", name="TWO", role=VendorRole.OWNER, cage=None),
    ),
)
ANSWERS = {
    sam_gov: {
        "totalRecords": 1,
        "entityData": [
            {
                "entityRegistration": {
                    "ueiSAM": "ZZ9TESTVNDR1",
                    "legalBusinessName": "ONE",
                    "registrationStatus": "Active",
                    "registrationExpirationDate": "2027-02-13",
                }
            }
        ],
    },
    debarment: {
        "totalRecords": 1,
        "excludedEntity": [
            {
                "exclusionDetails": {
                    "exclusionType": "Ineligible (Proceedings Pending)",
                    "exclusionProgram": "Reciprocal",
                    "excludingAgencyName": "GENERAL SERVICES ADMINISTRATION",
                },
                "exclusionIdentification": {"ueiSAM": "ZZ9TESTVNDR1", "entityName": "ONE"},
                "exclusionActions": {
                    "listOfActions": [{"activateDate": "09-14-2026", "terminationDate": None}]
                },
            }
        ],
    },
    contracts: {
        "totalRecords": "1",
        "awardSummary": [
            {
                "contractId": {"piid": "70ZZ0126C0001", "modificationNumber": "0"},
                "awardDetails": {
                    "dates": {"dateSigned": "2026-09-14T00:00:00Z"},
                    "dollars": {"actionObligation": "248500.00"},
                },
            }
        ],
    },
    documents: {
        "totalRecords": 1,
        "documents": [
            {
                "documentId": "DOC-1",
                "docType": "SF-1449",
                "status": "final",
                "piid": "70ZZ0126C0001",
                "modificationNumber": "0",
                "amount": "248500.00",
                "signedDates": {"co": "2026-09-14"},
            }
        ],
    },
}
TOOLS = pytest.mark.parametrize("tool", ANSWERS, ids=lambda tool: tool.TOOL.name)


class Asked:
    """A client that gives one answer, whatever it is asked."""

    def __init__(self, body) -> None:
        self.body = body
        self.call_id = uuid4()
        self.questions = []

    def get(self, path, params):
        self.questions.append((path, params))
        return Answer(self.call_id, self.body)


def look_up(tool, body):
    return list(tool.look_up(Asked(body), ACTION))


def changed(tool, path, value):
    """The tool's answer with one field changed; `path` names keys and places in lists."""
    body = deepcopy(ANSWERS[tool])
    *way, last = path
    place = body
    for step in way:
        place = place[step]
    place[last] = value
    return body


@pytest.mark.parametrize(
    ("tool", "key", "fact"),
    [
        (
            sam_gov,
            "ZZ9TESTVNDR1",
            Registration(
                uei="ZZ9TESTVNDR1",
                legal_name="ONE",
                status="Active",
                expires=date(2027, 2, 13),
                purpose=None,
            ),
        ),
        (
            debarment,
            "ZZ9TESTVNDR1",
            Exclusion(
                uei="ZZ9TESTVNDR1",
                name="ONE",
                exclusion_type="Ineligible (Proceedings Pending)",
                program="Reciprocal",
                agency="GENERAL SERVICES ADMINISTRATION",
                activated=date(2026, 9, 14),
                terminated=None,
            ),
        ),
        (
            contracts,
            "70ZZ0126C0001/0",
            ReportedAction(
                piid="70ZZ0126C0001",
                modification="0",
                obligated=Decimal("248500.00"),
                signed=date(2026, 9, 14),
            ),
        ),
        (
            documents,
            "DOC-1",
            FiledDocument(
                document_id="DOC-1",
                doc_type="SF-1449",
                status="final",
                amount=Decimal("248500.00"),
                piid="70ZZ0126C0001",
                modification="0",
                co_signed=date(2026, 9, 14),
            ),
        ),
    ],
    ids=lambda each: each.TOOL.name if hasattr(each, "TOOL") else "",
)
def test_a_sound_answer_becomes_a_fact_tied_to_its_call(tool, key, fact):
    client = Asked(ANSWERS[tool])
    stated = next(iter(tool.look_up(client, ACTION)))
    assert (stated.record_key, stated.fact, stated.call_id) == (key, fact, client.call_id)


@TOOLS
def test_the_first_request_asks_about_everything(tool):
    client = Asked(ANSWERS[tool])
    list(tool.look_up(client, ACTION))
    _, params = client.questions[0]
    asked = "[ZZ9TESTVNDR1~ZZ9TESTVNDR2]" if tool in (sam_gov, debarment) else ACTION.piid
    assert asked in params.values()
    assert "modificationNumber" not in params


@pytest.mark.parametrize("tool", [contracts, documents], ids=lambda tool: tool.TOOL.name)
def test_a_partial_page_is_no_clear_page(tool):
    with pytest.raises(ToolError, match="partial answer: 1 of 11 rows"):
        look_up(tool, changed(tool, ["totalRecords"], "11"))


@pytest.mark.parametrize("tool", [sam_gov, debarment], ids=lambda tool: tool.TOOL.name)
def test_a_partial_page_about_vendors_leaves_a_question_open(tool):
    stated, unanswered, *_ = look_up(tool, changed(tool, ["totalRecords"], "11"))
    assert stated.record_key == "ZZ9TESTVNDR1"
    assert unanswered.reason == "partial answer: 1 of 11 rows"
    assert unanswered.question.about == {"ZZ9TESTVNDR1", "ZZ9TESTVNDR2"}


@TOOLS
@pytest.mark.parametrize("body", [None, [], {}, "text", 5])
def test_an_answer_of_another_shape_is_a_gap(tool, body):
    if tool is contracts and body is None:
        assert look_up(tool, body) == []  # 204: the service's own way to say that nothing was reported
        return
    with pytest.raises(ToolError, match=r"^unreadable answer: \w+: "):
        look_up(tool, body)


@pytest.mark.parametrize(
    ("tool", "path", "value"),
    [
        (sam_gov, ["entityData", 0, "entityRegistration", "ueiSAM"], "N/A"),
        (sam_gov, ["entityData", 0, "entityRegistration", "registrationExpirationDate"], "tomorrow"),
        (debarment, ["excludedEntity", 0, "exclusionActions", "listOfActions", 0, "activateDate"], "x" * 999),
        (debarment, ["excludedEntity", 0, "exclusionDetails", "exclusionType"], 7),
        (contracts, ["awardSummary", 0, "awardDetails", "dollars", "actionObligation"], "a lot"),
        (contracts, ["awardSummary", 0, "awardDetails", "dollars", "actionObligation"], "NaN"),
        (contracts, ["awardSummary", 0, "awardDetails", "dollars", "actionObligation"], "Infinity"),
        (contracts, ["awardSummary", 0, "awardDetails", "dollars", "actionObligation"], Decimal("1e999999")),
        (contracts, ["awardSummary", 0, "awardDetails", "dates", "dateSigned"], "yesterday"),
        (documents, ["documents", 0, "amount"], "1.005"),
        (documents, ["documents", 0, "status"], 5),
        (documents, ["documents", 0, "signedDates", "co"], "30 February"),
    ],
)
def test_a_malformed_field_is_named_with_the_beginning_of_its_value(tool, path, value):
    found = look_up(tool, changed(tool, path, value))
    unread = [each.fact for each in found if isinstance(each.fact, UnreadValue)]
    odd = next(each for each in unread if each.field == ".".join(map(str, path[2:])))
    assert len(odd.value) < 100
    assert str(value).startswith(odd.value.rstrip("…"))


@TOOLS
def test_rows_that_are_none_are_named(tool):
    (rows,) = (key for key, value in ANSWERS[tool].items() if isinstance(value, list))
    with pytest.raises(ToolError, match=f"^unreadable answer: {rows}: "):
        look_up(tool, changed(tool, [rows], None))


@TOOLS
@pytest.mark.parametrize("row", [None, [], {}, "text", 5, [[]] * 3])
def test_a_row_of_another_shape_costs_no_other(tool, row):
    body = deepcopy(ANSWERS[tool])
    (rows,) = (key for key, value in body.items() if isinstance(value, list))
    body[rows].append(row)
    body["totalRecords"] = 2
    found = [each.fact for each in look_up(tool, body)]
    assert not isinstance(found[0], UnreadValue)
    assert any(isinstance(each, UnreadValue) and each.is_lost for each in found)


def test_every_file_of_the_folder_is_a_tool_with_a_name_of_its_own():
    tools = registry()
    assert set(tools) == {"sam-gov", "debarment", "contracts", "documents", "ledger"}
    assert {tool.address for tool in tools.values()} == {
        "sam_gov_url",
        "debarment_url",
        "contracts_url",
        "documents_url",
        "ledger_url",
    }


ODD = (
    *(None, "", "odd", 5, -1.5, True, [], {}, [None], {"a": 1}, "x" * 500, [[1]], Decimal("1e99999")),
    "This entity has opted out of public search.",
)


def places(value, path=()):
    """The path of each value in a row, the row itself first."""
    yield path
    within = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for key, part in within:
        yield from places(part, (*path, key))


@TOOLS
def test_no_odd_value_anywhere_in_a_row_costs_the_row_beside_it(tool):
    (rows,) = (key for key, value in ANSWERS[tool].items() if isinstance(value, list))
    (row,) = ANSWERS[tool][rows]
    (sound, *_) = (each.fact for each in look_up(tool, ANSWERS[tool]))
    for path in places(row):
        for odd in ODD:
            body = {"totalRecords": 2, rows: [deepcopy(row), row]}
            *way, last = (rows, 0, *path)
            place = body
            for step in way:
                place = place[step]
            place[last] = odd
            assert sound in [each.fact for each in look_up(tool, body)], (path, odd)
