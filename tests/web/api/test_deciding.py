"""Programs decide for the officer of their token, based on a version they have read; one of two simultaneous decisions wins."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest

from app.procurement.federal_time import eastern_day

UNKNOWN = "00000000-0000-4000-8000-000000000000"
WHY = {"rationale": "I looked at both records."}
CONFIRM = {"version": 0, "decision": "confirmed", **WHY}
TODAY = eastern_day(datetime.now(UTC))
REFER = {
    **CONFIRM,
    "decision": "referred",
    "office": "Small Business Specialist",
    "due_on": str(TODAY + timedelta(days=7)),
}


@pytest.fixture
def flag(flagged):
    (flag_id,) = flagged({})
    return f"/flags/{flag_id}"


@pytest.fixture
def other(program_of):
    return program_of("officer-b")


@pytest.mark.parametrize(
    ("decision", "status"),
    [
        ("confirmed", "confirmed"),
        ("not_a_discrepancy", "closed"),
        ("resolved", "closed"),
        ("accepted", "closed"),
        ("referred", "referred"),
    ],
)
def test_every_decision_is_stored_under_the_officers_name(system, officer, flag, decision, status):
    office, due_on = (REFER["office"], REFER["due_on"]) if decision == "referred" else (None, None)
    body = {"version": 0, "decision": decision, **WHY, "reference": "  Modification P00004 "}
    body |= {"office": office, "due_on": due_on}
    answer = officer.post(f"{flag}/decisions", body)
    assert answer.status_code == 200
    assert answer.json == {
        "flag_id": flag.removeprefix("/flags/"),
        "version": 1,
        "status": status,
        "decision": decision,
        "assignee": None,
        "office": office,
        "due_on": due_on,
    }
    told = officer.get(flag)
    (event,) = told["history"]
    assert (event["by"], event["by_name"]) == ("officer-a", "Contracting officer A")
    assert (event["rationale"], event["reference"]) == (WHY["rationale"], "Modification P00004")
    assert [(each["office"], each["due_on"]) for each in (event, told)] == [(office, due_on)] * 2
    assert (told["version"], told["status"], told["broken_at"]) == (1, status, None)
    rows = system.rows("SELECT status, version FROM flag WHERE flag_id = %s", told["flag_id"])
    assert rows == [{"status": status, "version": 1}]


def test_the_second_of_two_officers_learns_who_decided_what(officer, other, flag, problem):
    assert officer.post(f"{flag}/decisions", CONFIRM).status_code == 200
    told = problem(other.post(f"{flag}/decisions", REFER), 409)
    assert told["type"] == "urn:triage:problem:changed"
    assert told["flag"]["version"] == 1
    assert told["flag"]["decision"] == "confirmed"
    event = told["event"]
    assert (event["by"], event["kind"], event["decision"]) == ("officer-a", "decided", "confirmed")
    assert event["rationale"] == WHY["rationale"]
    assert "Contracting officer A" in told["detail"]
    again = {**REFER, "version": told["flag"]["version"]}
    assert other.post(f"{flag}/decisions", again).json["version"] == 2


def test_one_of_many_simultaneous_decisions_wins(officer, other, flag):
    officer.token(), other.token()
    together = Barrier(6)

    def decide(number):
        together.wait(timeout=30)
        return (officer, other)[number % 2].post(f"{flag}/decisions", CONFIRM)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(decide, range(6)))
    # The officer who won sent the same three times; it is stored once.
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409, 409]
    assert {answer.json["version"] for answer in answers if answer.status_code == 200} == {1}
    assert len(officer.get(flag)["history"]) == 1


def test_the_same_sent_again_gets_the_recorded_decision_and_another_conflicts(officer, other, flag, problem):
    first = officer.post(f"{flag}/decisions", REFER).json
    assert officer.post(f"{flag}/decisions", REFER).json == first
    for changed in ({"rationale": "Another."}, {"office": "Legal Counsel"}, {"due_on": str(TODAY)}):
        assert problem(officer.post(f"{flag}/decisions", {**REFER, **changed}), 409)["flag"]["version"] == 1
    problem(other.post(f"{flag}/decisions", REFER), 409)
    other.post(f"{flag}/undoings", {"version": 1, **WHY})
    late = officer.post(f"{flag}/decisions", REFER)
    assert (late.status_code, late.json["version"], late.json["status"]) == (200, 2, "open")
    assert [each["kind"] for each in officer.get(flag)["history"]] == ["decided", "undone"]


def test_a_refused_referral_names_the_offices_and_the_days(officer, flag, problem):
    wrong = {**REFER, "office": "The Tea Room", "due_on": "2020-02-29"}
    told = problem(officer.post(f"{flag}/decisions", wrong), 422)
    office, due_on = told["errors"]
    assert (office["field"], office["value"]) == ("office", "'The Tea Room'")
    assert office["problem"].startswith("is not one of the offices: Contracting Officer’s Representative, ")
    assert due_on == {
        "field": "due_on",
        "value": "'2020-02-29'",
        "problem": f"is not a day from {TODAY} to {TODAY + timedelta(days=90)}, Eastern time",
    }


@pytest.mark.parametrize("days", [0, 1, 90])
def test_a_referral_may_be_due_today_or_on_the_last_day(officer, flag, days):
    due_on = str(TODAY + timedelta(days=days))
    assert officer.post(f"{flag}/decisions", {**REFER, "due_on": due_on}).json["due_on"] == due_on


def test_the_offices_are_those_of_the_installation(program_of, flag, problem):
    changed = program_of("officer-a", referral_offices=("The Tea Room",), referral_days=1)
    problem(changed.post(f"{flag}/decisions", REFER), 422)
    body = {**REFER, "office": "The Tea Room", "due_on": str(TODAY)}
    assert changed.post(f"{flag}/decisions", body).json["office"] == "The Tea Room"


def test_a_version_that_never_existed_is_a_conflict(officer, flag, problem):
    told = problem(officer.post(f"{flag}/decisions", {**CONFIRM, "version": 5}), 409)
    assert told["flag"]["version"] == 0
    assert "event" not in told


def test_a_second_officer_concurs_or_declines(officer, other, flagged, problem):
    concurred, declined = (f"/flags/{each}" for each in flagged({"rule": "E01"}, {"rule": "F03"}))
    closing = {"version": 0, "decision": "not_a_discrepancy", **WHY}
    for flag in (concurred, declined):
        assert officer.get(flag)["needs_second"]
        assert officer.post(f"{flag}/decisions", closing).json["status"] == "awaiting_concurrence"
        told = problem(officer.post(f"{flag}/concurrences", {"version": 1, "answer": "concur", **WHY}), 409)
        assert told["type"] == "urn:triage:problem:not-now"
        assert "second person" in told["detail"]
    done = other.post(f"{concurred}/concurrences", {"version": 1, "answer": "concur", **WHY})
    assert (done.status_code, done.json["status"], done.json["version"]) == (200, "closed", 2)
    done = other.post(f"{declined}/concurrences", {"version": 1, "answer": "decline", **WHY})
    assert (done.json["status"], done.json["decision"]) == ("open", None)
    assert [each["kind"] for each in other.get(declined)["history"]] == ["decided", "declined"]


def test_a_flag_awaiting_concurrence_still_needs_it_if_the_setting_changes(program_of, officer, flagged):
    waiting, open_ = (f"/flags/{each}" for each in flagged({"rule": "E01"}, {"rule": "F03"}))
    officer.post(f"{waiting}/decisions", {"version": 0, "decision": "not_a_discrepancy", **WHY})
    changed = program_of("officer-b", second_person=frozenset())
    assert [changed.get(each)["needs_second"] for each in (waiting, open_)] == [True, False]


def test_a_decision_is_undone_by_another_event(officer, flag, problem):
    problem(officer.post(f"{flag}/undoings", {"version": 0, **WHY}), 409)
    officer.post(f"{flag}/decisions", CONFIRM)
    assert officer.post(f"{flag}/undoings", {"version": 1, **WHY}).json["status"] == "open"
    assert [each["kind"] for each in officer.get(flag)["history"]] == ["decided", "undone"]


def test_a_closed_flag_is_not_decided_again(officer, flag, problem):
    officer.post(f"{flag}/decisions", {"version": 0, "decision": "not_a_discrepancy", **WHY})
    told = problem(officer.post(f"{flag}/decisions", {**CONFIRM, "version": 1}), 409)
    assert "already decided" in told["detail"]


def test_a_flag_is_assigned_to_oneself_to_an_officer_or_to_no_one(officer, flag, problem, session_of):
    session_of("officer-b")  # who has then signed in
    for version, to in enumerate(("officer-a", "officer-b", None)):
        answer = officer.post(f"{flag}/assignments", {"version": version, "assignee": to})
        assert answer.json["assignee"] == to
    for to in ("auditor-a", "a stranger"):
        told = problem(officer.post(f"{flag}/assignments", {"version": 3, "assignee": to}), 422)
        assert told["errors"] == [
            {"field": "assignee", "value": repr(to), "problem": "is not an officer who has signed in here"}
        ]
    problem(officer.post(f"{flag}/assignments", {"version": 0, "assignee": None}), 409)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"version": "0"}, {"version"}),
        ({"version": -1}, {"version"}),
        ({"version": 2**31}, {"version"}),
        ({"version": True}, {"version"}),
        ({"version": None, "decision": "perhaps", "rationale": "  ", "colour": 1},
         {"version", "decision", "rationale", "colour"}),
        ({"rationale": ""}, {"rationale"}),
        ({"rationale": "x" * 4_001}, {"rationale"}),
        ({"rationale": "a\u202eb"}, {"rationale"}),
        ({"decision": "resolved"}, {"reference"}),
        ({"decision": "accepted", "reference": " "}, {"reference"}),
        ({"reference": "a\nb"}, {"reference"}),
        ({"reference": "x" * 201}, {"reference"}),
        ({"decision": "referred"}, {"office", "due_on"}),
        ({**REFER, "office": "The Tea Room"}, {"office"}),
        ({**REFER, "office": ""}, {"office"}),
        ({**REFER, "office": 7, "due_on": 7}, {"office", "due_on"}),
        ({**REFER, "due_on": str(TODAY - timedelta(days=1))}, {"due_on"}),
        ({**REFER, "due_on": str(TODAY + timedelta(days=91))}, {"due_on"}),
        ({**REFER, "due_on": "2027-02-29"}, {"due_on"}),
        ({**REFER, "due_on": "tomorrow"}, {"due_on"}),
        ({**REFER, "due_on": "20270101"}, {"due_on"}),
        ({"office": "Legal Counsel", "due_on": str(TODAY)}, {"office", "due_on"}),
    ],
)  # fmt: skip
def test_all_errors_in_a_decision_are_reported(officer, flag, problem, changes, fields):
    told = problem(officer.post(f"{flag}/decisions", {**CONFIRM, **changes}), 422)
    assert {each["field"] for each in told["errors"]} == fields
    assert officer.get(flag)["version"] == 0


@pytest.mark.parametrize("name", ["decisions", "concurrences", "undoings", "assignments"])
@pytest.mark.parametrize("body", ["[]", "7", '"x"', "null", "{}"])
def test_a_body_that_is_not_an_object_is_refused(officer, flag, problem, name, body):
    headers = {"Content-Type": "application/json"}
    told = problem(officer.open("POST", f"{flag}/{name}", data=body, headers=headers), 422)
    assert told["errors"]


def test_an_unknown_flag_is_not_found(officer, problem):
    for name, body in (
        ("decisions", CONFIRM),
        ("concurrences", {"version": 0, "answer": "concur", **WHY}),
        ("undoings", {"version": 0, **WHY}),
        ("assignments", {"version": 0, "assignee": None}),
    ):
        problem(officer.post(f"/flags/{UNKNOWN}/{name}", body), 404)


def test_an_earlier_decision_on_the_same_fact_is_listed(officer, flagged):
    fact = uuid4().hex
    (first,) = flagged({"fact_key": fact})
    officer.post(f"/flags/{first}/decisions", {"version": 0, "decision": "not_a_discrepancy", **WHY})
    (second,) = flagged({"fact_key": fact})
    told = officer.get(f"/flags/{second}")
    assert told["answered_by"] == str(first)
    (before,) = told["decided_before"]
    assert (before["flag_id"], before["event"]["decision"]) == (str(first), "not_a_discrepancy")


def test_reasons_are_returned_as_written(officer, flag):
    text = '<script>alert(1)</script> "quoted" =1+1 \u00e4\u4e2d\n\nsecond line'
    officer.post(f"{flag}/decisions", {**CONFIRM, "rationale": text})
    assert officer.get(flag)["history"][0]["rationale"] == text
