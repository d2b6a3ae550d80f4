"""Programs read what the database holds: flags with their lineage, runs, actions, answers."""

import re
from base64 import b64decode
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from urllib.parse import quote
from uuid import uuid4

import pytest

from app.procurement.rules import RULES

pytestmark = pytest.mark.whole_system

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
ME = {
    "officer-a": (["officer"], ["assign", "decide", "export", "read", "request_run"]),
    "auditor-a": (["auditor"], ["export", "export_vault_log", "read", "read_alarms", "read_events"]),
    "operator-a": (
        ["operator"],
        [
            "export_vault_log",
            "handle_alarms",
            "present",
            "read",
            "read_alarms",
            "read_events",
            "stop",
            "switch",
        ],
    ),
    "visitor-a": ([], []),
}


def walk(program, path):
    """All items of a list, by following `next`, and the number of pages."""
    items, pages = [], 0
    while path:
        page = program.get(path)
        assert set(page) == {"items", "next"}
        items += page["items"]
        path = page["next"]
        pages += 1
        assert pages < 500
    return items, pages


@pytest.mark.parametrize("persona", ME)
def test_me_describes_the_person_behind_the_token(program_of, persona):
    roles, may = ME[persona]
    told = program_of(persona).get("/me")
    assert told == {"subject": persona, "name": told["name"], "roles": roles, "may": may}
    assert told["name"].endswith(" A")


def test_flags_are_paged_in_order_without_repeats(system, officer, flagged):
    word = f"seldom{uuid4().hex}"
    ids = flagged({}, {"severity": "blocking"}, {"age": 60}, {"age": 30}, {}, because=word)
    system.execute("UPDATE flag SET status = 'closed' WHERE flag_id = %s", ids[4])
    items, pages = walk(officer, f"/flags?q={word}&limit=2")
    assert [each["flag_id"] for each in items] == [str(ids[n]) for n in (1, 0, 3, 2)]
    assert pages == 2
    for sort, order in (("raised", (2, 3, 0, 1)), ("-raised", (1, 0, 3, 2))):
        items, _ = walk(officer, f"/flags?q={word}&limit=1&sort={sort}")
        assert [each["flag_id"] for each in items] == [str(ids[n]) for n in order], sort
    assert len(officer.get(f"/flags?q={word}&status=any")["items"]) == 5
    assert [each["status"] for each in officer.get(f"/flags?q={word}&status=closed")["items"]] == ["closed"]


def test_every_current_flag_is_listed(system, officer, triaged):
    rows = system.rows("SELECT flag_id FROM flag WHERE current AND status <> 'closed'")
    items, _ = walk(officer, "/flags?limit=200")
    assert {each["flag_id"] for each in items} == {str(row["flag_id"]) for row in rows}


def test_flags_are_filtered_as_on_the_page(system, officer, flagged, triaged):
    name = f"ONLY {uuid4().hex[:8]} LLC"
    vendors = [{"uei": "ZZ98WEBTEST1", "name": name, "role": "prime", "cage": None}]
    one, two = flagged(
        {"rule": "C02"},
        {"rule": "E01", "severity": "blocking", "systems": ["sam-gov"]},
        action={"vendors": vendors},
    )
    system.execute(
        "UPDATE flag SET assignee = 'officer-a', open_since = now() - interval '16 days' WHERE flag_id = %s",
        one,
    )
    system.execute(
        "UPDATE flag SET status = 'referred', decision = 'referred', office = 'Legal Counsel',"
        " due_on = current_date - 2, open_since = now() - interval '99 days' WHERE flag_id = %s",
        two,
    )
    listed = {each["flag_id"]: each for each in officer.get(f"/flags?vendor={quote(name)}")["items"]}
    assert [listed[str(each)]["late"] for each in (one, two)] == [True, False]
    assert [listed[str(each)]["due_at"] is None for each in (one, two)] == [False, True]
    assert officer.get(f"/flags/{one}")["due_at"] == listed[str(one)]["due_at"]
    here = f"vendor={quote(name)}"
    for query, expected in (
        ("", {one, two}),
        ("&severity=blocking", {two}),
        ("&rule=C02", {one}),
        ("&system=sam-gov", {two}),
        ("&assignee=me", {one}),
        ("&assignee=officer-a", {one}),
        ("&assignee=nobody", {two}),
        ("&action_type=new_award&within=1", {one, two}),
        ("&action_type=option", set()),
        ("&older=1", set()),
        ("&raised_from=2000-01-01&raised_to=2099-12-31", {one, two}),
        ("&raised_to=2000-01-01", set()),
        ("&earlier=1&sort=assignee", {one, two}),
        ("&late=1", {one}),
        ("&overdue=1", {two}),
        ("&late=1&overdue=1", set()),
        ("&late=1&status=any", {one}),
    ):
        found = {each["flag_id"] for each in officer.get(f"/flags?{here}{query}")["items"]}
        assert found == {str(each) for each in expected}, query


def test_a_listed_flag_equals_its_row(system, officer, triaged):
    (item, *_) = officer.get("/flags?limit=1")["items"]
    (row,) = system.rows(
        "SELECT d.*, a.amount, a.piid, a.effective_date FROM flag d JOIN action a USING (action_id)"
        " WHERE flag_id = %s",
        item["flag_id"],
    )
    for name in (
        "rule",
        "severity",
        "title",
        "subject",
        "because",
        "action_id",
        "piid",
        "vendors",
        "systems",
    ):
        assert item[name] == row[name], name
    assert item["amount"] == str(row["amount"])
    assert Decimal(item["amount"]) == row["amount"]
    assert UTC.fullmatch(item["raised_at"])
    assert datetime.fromisoformat(item["raised_at"]) == row["raised_at"]
    assert item["effective_date"] == row["effective_date"].isoformat()
    assert item["rule"] in {rule.id for rule in RULES}


def test_a_flag_includes_the_evidence_of_its_values(system, officer, triaged, findings):
    run_id = triaged["ACT-2026-0002"]
    row = next(row for row in findings(run_id) if row["rule"] != "S01")
    flag = officer.get(f"/flags/{row['flag_id']}")
    values = system.rows("SELECT * FROM compared_value WHERE flag_id = %s ORDER BY position", row["flag_id"])
    assert [each["value"]["value"] for each in flag["values"]] == [each["value"] for each in values]
    assert (flag["version"], flag["history"], flag["broken_at"]) == (0, [], None)
    assert flag["because"] == row["because"]
    stated = [each for each in flag["values"] if each["evidence"]]
    assert stated
    for each in stated:
        call, credential, identity = each["call"], each["credential"], each["identity"]
        assert each["evidence"]["call_id"] == call["call_id"]
        assert call["credential_id"] == credential["credential_id"]
        assert credential["tool"] == each["value"]["source"]
        (kept,) = system.rows(
            "SELECT * FROM credential WHERE credential_id = %s", credential["credential_id"]
        )
        assert (credential["fingerprint"], credential["request_id"]) == (
            kept["fingerprint"],
            kept["request_id"],
        )
        assert identity["policy"] == "triage-run"
        assert UTC.fullmatch(credential["expires_at"])
    said = [each for each in flag["values"] if each["value"]["source"] == "action"]
    assert said
    assert all(each["credential"] is None and each["identity"] is None for each in said)


def test_lineage_of_a_value_names_the_vaults_own_requests(officer, triaged, findings):
    run_id = triaged["ACT-2026-0002"]
    row = next(row for row in findings(run_id) if row["rule"] != "S01")
    flag = officer.get(f"/flags/{row['flag_id']}")
    value = next(each for each in flag["values"] if each["evidence"])
    told = officer.get(f"/flags/{flag['flag_id']}/values/{value['value']['position']}/lineage")
    assert {name: told[name] for name in value} == value
    assert (told["run_id"], told["flag_id"]) == (str(run_id), flag["flag_id"])
    assert told["vault"]["problem"] is None
    issued = {each["request_id"]: each for each in told["vault"]["requests"]}
    assert issued[told["credential"]["request_id"]]["names_run"]
    assert issued[told["identity"]["login_request_id"]]["meaning"] == f"login of attempt {flag['attempt']}"


def test_an_unknown_value_has_no_lineage(officer, flagged, problem):
    (flag_id,) = flagged({})
    for position in ("0", "7", "99999999999999999999"):
        problem(officer.open("GET", f"/flags/{flag_id}/values/{position}/lineage"), 404)


def test_one_run_with_its_plan_credentials_and_calls(system, officer, triaged):
    run_id = triaged["ACT-2026-0001"]
    run = officer.get(f"/runs/{run_id}")
    assert (run["state"], run["action_id"], run["attempt"]) == ("completed", "ACT-2026-0001", 1)
    assert run["outcome"] in {"clear", "flagged", "not fully checked"}
    for name, table, key in (
        ("credentials", "credential", "credential_id"),
        ("calls", "call", "call_id"),
        ("flags", "flag", "flag_id"),
    ):
        rows = system.rows(f"SELECT {key} FROM {table} WHERE run_id = %s", run_id)  # noqa: S608  # names of ours
        own = key if name != "flags" else "flag_id"
        assert {each[own] for each in run[name]} == {str(row[key]) for row in rows}
    (plan,) = run["plans"]
    assert [each["number"] for each in plan["steps"]] == list(range(1, len(plan["steps"]) + 1))
    assert {each["tool"] for each in run["credentials"]} <= {each["tool"] for each in plan["steps"]}
    assert [each["number"] for each in run["attempts"]] == [1]


def test_runs_are_listed_newest_first_and_filtered(system, officer, triaged, submitted):
    action_id = submitted()
    first = officer.post(f"/actions/{action_id}/runs").json["run_id"]
    system.wait([first])
    second = officer.post(f"/actions/{action_id}/runs").json["run_id"]
    system.wait([second])
    items, pages = walk(officer, f"/runs?action={action_id}&limit=1")
    assert [each["run_id"] for each in items] == [second, first]
    assert pages == 2
    assert {each["requested_by"] for each in items} == {"officer-a"}
    mine, _ = walk(officer, "/runs?requested_by=me&limit=200")
    assert {first, second} <= {each["run_id"] for each in mine}
    assert officer.get(f"/runs?action={action_id}&state=failed")["items"] == []
    assert len(officer.get(f"/runs?action={action_id}&state=completed&within=1")["items"]) == 2


def test_actions_are_listed_and_returned_as_submitted(officer, action):
    sent = [
        action(
            clauses=["52.232-18", "52.217-9"],
            action_type="option",
            modification="P00001",
            option={"number": 1, "price": "12.00", "notice_date": "2026-08-01"},
        ),
        action(),
    ]
    word = f"word{uuid4().hex}"
    for each in sent:
        each["description"] = word
        assert officer.submit(each).status_code == 201
    items, pages = walk(officer, f"/actions?q={word}&limit=1")
    assert [each["action_id"] for each in items] == [each["action_id"] for each in reversed(sent)]
    assert pages == 2
    assert items[0]["amount"] == "1000.50"
    told = officer.get(f"/actions/{sent[0]['action_id']}")
    assert (told["runs"], told["flags"], told["under_way"]) == ([], [], None)
    assert told["sign_off"]["ready"] is False
    assert told["sign_off"]["checklist"][0]["open_because"] == "the records have not been pulled"
    kept = told["action"]
    assert sorted(kept["clauses"]) == sorted(sent[0]["clauses"])
    assert kept["option"]["price"] == "12.00"
    for name in ("action_id", "action_type", "piid", "modification", "amount", "effective_date", "vendors"):
        assert kept[name] == sent[0][name]


def test_an_answer_with_its_digest_and_its_bytes(system, officer, triaged):
    (row,) = system.rows(
        "SELECT call_id, body, answer_digest FROM answer JOIN call USING (call_id) WHERE run_id = %s LIMIT 1",
        triaged["ACT-2026-0001"],
    )
    told = officer.get(f"/calls/{row['call_id']}/answer")
    assert (
        told["digest"] == told["recorded_digest"] == row["answer_digest"] == sha256(row["body"]).hexdigest()
    )
    assert told["unchanged"] is True
    assert told["bytes"] == len(row["body"])
    file = officer.open("GET", f"/calls/{row['call_id']}/answer/bytes")
    assert (file.status_code, file.content_type) == (200, "application/octet-stream")
    assert file.data == row["body"]
    digest = re.fullmatch(r"sha-256=:(.+):", file.headers["Repr-Digest"])[1]
    assert b64decode(digest).hex() == row["answer_digest"]
    (record,) = system.rows("SELECT kind, by, digest FROM export_record ORDER BY at DESC LIMIT 1")
    assert list(record.values()) == [f"answers/{row['call_id']}", "officer-a", row["answer_digest"]]
    assert file.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "path",
    [
        f"/flags/{UNKNOWN}",
        f"/flags/{UNKNOWN}/values/0/lineage",
        f"/runs/{UNKNOWN}",
        f"/calls/{UNKNOWN}/answer",
        f"/calls/{UNKNOWN}/answer/bytes",
        "/actions/nothing",
        "/actions/a%00b",
        "/flags/not-an-id",
        "/nothing",
        "",
        "/",
    ],
)
def test_unknown_ids_are_not_found(officer, problem, path):
    assert problem(officer.open("GET", path), 404)["title"] == "Not found"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/flags?status=old&severity=red&rule=X&colour=blue", ["status", "severity", "rule", "colour"]),
        ("/flags?limit=0", ["limit"]),
        ("/flags?limit=201", ["limit"]),
        ("/flags?limit=many", ["limit"]),
        ("/flags?within=0&older=-1", ["within", "older"]),
        ("/flags?raised_from=1.9.2026&raised_to=tomorrow", ["raised_from", "raised_to"]),
        ("/flags?q=", ["q"]),
        ("/flags?q=a%00b", ["q"]),
        ("/flags?q=a%E2%80%8Bb", ["q"]),
        (f"/flags?q={'x' * 201}", ["q"]),
        ("/flags?after=made-up", ["after"]),
        ("/flags?sort=raised&after=blocking~2026-01-01T00:00:00+00:00~x", ["after"]),
        ("/flags?rule=E01&rule=E02", ["rule"]),
        ("/flags?before=x", ["before"]),
        ("/runs?after=7&state=gone", ["state", "after"]),
        ("/runs?action=%00", ["action"]),
        ("/actions?q=%00&after=%00", ["q", "after"]),
        ("/me?x=1", ["x"]),
        (f"/flags/{UNKNOWN}?full=1", ["full"]),
    ],
)
def test_unknown_query_parameters_are_refused_by_name(officer, problem, path, fields):
    told = problem(officer.open("GET", path), 400)
    assert told["type"] == "urn:triage:problem:input"
    assert sorted(each["field"] for each in told["errors"]) == sorted(fields)
    assert all(each["problem"] for each in told["errors"])
