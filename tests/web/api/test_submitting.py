"""Programs submit actions: each key counts once, also for simultaneous requests; all errors are reported together."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

pytestmark = pytest.mark.whole_system


def known(system, *action_ids):
    rows = system.rows("SELECT action_id FROM action WHERE action_id = ANY(%s)", list(action_ids))
    return {row["action_id"] for row in rows}


def runs_of(system, action_id):
    return [str(row["run_id"]) for row in system.rows("SELECT run_id FROM run WHERE job_id = %s", action_id)]


def test_actions_are_stored_in_the_order_they_are_sent(system, officer, action):
    sent = [action(), action()]
    answer = officer.submit(sent)
    assert answer.status_code == 201
    assert answer.json == {
        "actions": [{"action_id": each["action_id"], "new": True, "run_id": None} for each in sent]
    }
    assert "Idempotency-Replayed" not in answer.headers
    assert known(system, *(each["action_id"] for each in sent)) == {each["action_id"] for each in sent}
    again = officer.submit([sent[0], third := action()])
    assert [each["new"] for each in again.json["actions"]] == [False, True]
    assert known(system, third["action_id"])


def test_runs_are_requested_along_with_it_by_the_person_of_the_token(system, officer, action):
    sent = [action(), action()]
    told = officer.submit(sent, query="?run=true").json["actions"]
    assert [[each["run_id"]] for each in told] == [runs_of(system, each["action_id"]) for each in sent]
    rows = system.rows("SELECT requested_by, goal FROM run WHERE run_id = %s", told[0]["run_id"])
    assert rows[0]["requested_by"] == "officer-a"
    assert rows[0]["goal"]
    system.wait([each["run_id"] for each in told])


def test_a_repeated_request_under_the_same_key_is_done_once(system, officer, action):
    sent, key = action(), uuid4().hex
    first, second = (officer.submit(sent, key=key, query="?run=true") for _ in range(2))
    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert runs_of(system, sent["action_id"]) == [first.json["actions"][0]["run_id"]]


def test_a_run_under_way_is_returned_instead_of_a_new_one(system, officer, action, held):
    sent = [action(), action()]
    assert officer.submit(sent).status_code == 201
    under_way = str(held(sent[0]["action_id"]))
    told = officer.submit(sent, query="?run=true").json["actions"]
    assert [each["action_id"] for each in told] == [each["action_id"] for each in sent]
    assert told[0]["run_id"] == under_way
    assert [[each["run_id"]] for each in told] == [runs_of(system, each["action_id"]) for each in sent]
    system.wait([told[1]["run_id"]])


def test_actions_are_locked_in_a_fixed_order(system, officer, action):
    """Two at once that share actions would wait for each other otherwise."""
    sent = sorted((action() for _ in range(3)), key=lambda each: each["action_id"])
    ids, locked = [each["action_id"] for each in sent], []

    def note(_connection, _cursor, statement, told, *_):
        if "pg_advisory_xact_lock" in statement or "INSERT INTO action" in statement:
            locked.extend(value for value in told.values() if value in ids)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        answer = officer.submit(sent[::-1], query="?run=true")
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert locked == ids + ids
    told = answer.json["actions"]
    assert [each["action_id"] for each in told] == ids[::-1]
    assert [[each["run_id"]] for each in told] == [runs_of(system, each) for each in ids[::-1]]
    system.wait([each["run_id"] for each in told])


@pytest.mark.parametrize("change", ["body", "query"])
def test_another_request_under_the_same_key_is_refused(system, officer, action, problem, change):
    sent, key = action(), uuid4().hex
    assert officer.submit(sent, key=key).status_code == 201
    other = action() if change == "body" else sent
    told = problem(officer.submit(other, key=key, query="?run=true" if change == "query" else ""), 422)
    assert told["type"] == "urn:triage:problem:key-reused"
    assert told["errors"] == [
        {
            "field": "Idempotency-Key",
            "value": repr(key),
            "problem": "was already used for a different request",
        }
    ]
    assert runs_of(system, sent["action_id"]) == []
    assert change == "query" or not known(system, other["action_id"])


def test_keys_are_separate_for_each_person(program_of, officer, action):
    key = uuid4().hex
    assert officer.submit(action(), key=key).status_code == 201
    answer = program_of("officer-b").submit(action(), key=key)
    assert answer.status_code == 201
    assert answer.json["actions"][0]["new"]


def test_simultaneous_requests_under_one_key_are_done_once(system, officer, action):
    sent, key, crowd = action(), uuid4().hex, 6
    officer.token()
    together = Barrier(crowd)

    def send(_):
        together.wait(timeout=30)
        return officer.submit(sent, key=key, query="?run=true")

    with ThreadPoolExecutor(crowd) as pool:
        answers = list(pool.map(send, range(crowd)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == crowd - 1
    assert len(runs_of(system, sent["action_id"])) == 1


def test_a_refused_request_leaves_the_key_free(system, officer, action, problem):
    key, good = uuid4().hex, action()
    problem(officer.submit({**good, "amount": 12}, key=key), 422)
    assert known(system, good["action_id"]) == set()
    assert officer.submit(good, key=key).status_code == 201


def test_keys_are_forgotten_after_a_week(system, officer, action):
    sent, key = action(), uuid4().hex
    assert officer.submit(sent, key=key).status_code == 201
    system.execute("UPDATE submission SET at = now() - interval '8 days' WHERE key = %s", key)
    assert officer.submit(action()).status_code == 201
    assert system.rows("SELECT 1 FROM submission WHERE key = %s", key) == []
    assert not officer.submit(sent, key=key).json["actions"][0]["new"]


def test_an_action_with_a_known_id_and_other_content_is_a_conflict(system, officer, action, problem):
    sent = action()
    officer.submit(sent)
    other = action()
    told = problem(officer.submit([other, {**sent, "amount": "7.00"}]), 409)
    assert told["type"] == "urn:triage:problem:action-taken"
    assert told["errors"][0]["field"] == "action_id"
    assert sent["action_id"] in told["errors"][0]["value"]
    assert known(system, other["action_id"]) == set()


def test_all_errors_are_reported_at_once(system, officer, action, problem):
    bad = action(amount="12 dollars", effective_date="14 September", colour="blue")
    vendor = {"uei": "O", "name": "", "role": "friend"}
    told = problem(officer.submit([action(), {**bad, "vendors": [vendor]}, bad]), 422)
    assert told["type"] == "urn:triage:problem:input"
    errors = {each["field"]: each for each in told["errors"]}
    assert {
        "actions[1].amount",
        "actions[1].effective_date",
        "actions[1].colour",
        "actions[1].vendors[0].uei",
        "actions[1].vendors[0].name",
        "actions[1].vendors[0].role",
        "actions[2].action_id",
        "actions[2].amount",
    } <= set(errors)
    assert errors["actions[1].amount"]["value"] == "'12 dollars'"
    assert "is not an amount" in errors["actions[1].amount"]["problem"]
    assert known(system, bad["action_id"]) == set()


@pytest.mark.parametrize("key", [None, "", "two words", "ä", "x" * 201])
def test_a_valid_key_is_required(system, officer, action, problem, key):
    sent = action()
    headers = {} if key is None else {"Idempotency-Key": key}
    told = problem(officer.post("/actions", sent, headers=headers), 400)
    assert [each["field"] for each in told["errors"]] == ["Idempotency-Key"]
    assert known(system, sent["action_id"]) == set()


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("", 400, "not JSON"),
        ("{", 400, "not JSON"),
        ("[]", 422, "the list is empty"),
        ("1", 422, "is not an object"),
        ("null", 422, "is not an object"),
        ('{"action_id": "A", "action_id": "B"}', 400, "occurs twice"),
        ('{"action_id": "A\\u0000"}', 400, "NUL"),
        ('{"action_id": "\\ud800"}', 400, "surrogate"),
        ('{"amount": NaN}', 400, "not a JSON value"),
        ('{"amount": ' + "9" * 5_000 + "}", 400, "too many digits"),
        (DEEP, 400, "nested too deeply"),
        ('{"a":' * 100_000, 400, "nested too deeply"),
        ("\ufeff[]", 400, "not JSON"),
        (b"\xff\xfe", 400, "is not UTF-8 text"),
        (json.dumps([{}] * 501), 422, "501 are too many (500 at most)"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_malformed_bodies_are_refused(officer, problem, body, status, said):
    headers = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
    told = problem(officer.open("POST", "/actions", data=body, headers=headers), status)
    assert said in " ".join(each["problem"] for each in told["errors"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/problem+json"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_only_json_is_accepted(officer, problem, headers):
    answer = officer.open("POST", "/actions", data="{}", headers={"Idempotency-Key": "a", **headers})
    assert problem(answer, 415)["title"] == "The body is not JSON"
    assert answer.headers["Accept-Post"] == "application/json"


@pytest.mark.parametrize("chunked", [False, True], ids=["length told", "in chunks"])
def test_a_body_that_is_too_large_is_refused(officer, problem, chunked):
    told = {"data": b"[" + b" " * 1_000_001 + b"]"}
    if chunked:
        told["environ_overrides"] = {"wsgi.input_terminated": True}
    headers = {"Idempotency-Key": "a", "Content-Type": "application/json"}
    headers |= {"Transfer-Encoding": "chunked"} if chunked else {}
    problem(officer.open("POST", "/actions", headers=headers, **told), 413)


def test_a_new_run_is_requested_unless_one_is_under_way(system, officer, action):
    sent = action()
    officer.submit(sent)
    first = officer.post(f"/actions/{sent['action_id']}/runs")
    assert (first.status_code, first.json["new"]) == (201, True)
    assert first.headers["Location"] == f"/api/v1/runs/{first.json['run_id']}"
    assert officer.get(first.headers["Location"])["requested_by"] == "officer-a"
    second = officer.post(f"/actions/{sent['action_id']}/runs")
    if second.json["run_id"] == first.json["run_id"]:
        assert (second.status_code, second.json["new"]) == (200, False)
    else:  # the first was over already
        assert (second.status_code, second.json["new"]) == (201, True)
    system.wait(list({first.json["run_id"], second.json["run_id"]}))
    assert officer.get(f"/actions/{sent['action_id']}")["under_way"] is None


def test_an_unknown_action_cannot_be_run(officer, problem):
    problem(officer.post("/actions/nothing/runs"), 404)


def test_a_second_request_returns_the_run_under_way(system, officer, submitted):
    """With a run that nobody works on, so that it is under way for certain."""
    action_id, run_id = submitted(), uuid4()
    system.execute(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, not_before)"
        " VALUES (%s, %s, 'requested', 0, 'test', now(), now() + interval '1 hour')",
        run_id,
        action_id,
    )
    answer = officer.post(f"/actions/{action_id}/runs")
    assert (answer.status_code, answer.json) == (
        200,
        {"run_id": str(run_id), "action_id": action_id, "new": False},
    )
    system.execute("DELETE FROM run WHERE run_id = %s", run_id)
