"""Programs read what carries over to the flag of a later run, and comment."""

import pytest

pytestmark = pytest.mark.whole_system
WHY = {"rationale": "I looked at both records."}


@pytest.fixture
def flag(system):
    """A flag that one officer can close, of a new action."""
    (run,) = system.run(system.copy("ACT-2026-0012"))
    (row,) = system.rows(
        "SELECT * FROM flag WHERE run_id = %s AND rule = 'C02' ORDER BY subject LIMIT 1", run
    )
    return row


@pytest.fixture
def again(system):
    def made(flag):
        (run,) = system.run(flag["action_id"])
        (row,) = system.rows("SELECT * FROM flag WHERE run_id = %s AND previous = %s", run, flag["flag_id"])
        return row

    return made


def test_what_carries_over_is_read(officer, flag, again):
    address = f"/flags/{flag['flag_id']}"
    officer.post(f"{address}/decisions", {"version": 0, "decision": "confirmed", **WHY})
    answer = officer.post(f"{address}/comments", {"version": 0, "comment": "  Called them. "})
    assert (answer.status_code, answer.json["version"], answer.json["status"]) == (200, 2, "confirmed")
    told = officer.get(f"/flags/{again(flag)['flag_id']}")
    assert (told["previous"], told["carried_version"]) == (str(flag["flag_id"]), 2)
    assert (told["status"], told["decision"], told["version"], told["history"]) == (
        "confirmed",
        "confirmed",
        0,
        [],
    )
    (comment,) = told["earlier_comments"]
    assert (comment["flag_id"], comment["run_id"]) == (str(flag["flag_id"]), str(flag["run_id"]))
    assert (comment["event"]["kind"], comment["event"]["rationale"]) == ("commented", "Called them.")
    assert told["changed"]["flag_id"] == str(flag["flag_id"])
    assert told["changed"]["changes"] == []
    assert (told["broken_at"], told["broken_in"], told["history_holds"]) == (None, None, True)


def test_a_change_and_a_broken_history_are_read(system, officer, flag, again):
    officer.post(f"/flags/{flag['flag_id']}/comments", {"version": 0, "comment": "Called them."})
    system.execute("UPDATE flag SET severity = 'blocking' WHERE flag_id = %s", flag["flag_id"])
    after = f"/flags/{again(flag)['flag_id']}"
    system.execute("UPDATE review_event SET by = 'officer-b' WHERE flag_id = %s", flag["flag_id"])
    told = officer.get(after)
    assert told["changed"]["changes"] == [
        {"source": None, "label": "severity", "before": "blocking", "now": flag["severity"]}
    ]
    assert (told["broken_at"], told["broken_in"], told["history_holds"]) == (1, str(flag["flag_id"]), False)


def test_an_invalid_comment_is_refused(officer, flag, problem):
    address = f"/flags/{flag['flag_id']}/comments"
    told = problem(officer.post(address, {"version": 0, "comment": " "}), 422)
    assert [each["field"] for each in told["errors"]] == ["comment"]
    problem(officer.post(address, {"version": 4, "comment": "Of a version that never was."}), 409)
    assert officer.get(f"/flags/{flag['flag_id']}")["history"] == []
