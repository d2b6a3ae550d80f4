"""`triage rehearse --all` on a stack that nobody has touched, and what it leaves behind."""

import fcntl
import json

import pytest

from rehearsals.catalog import BY_NAME

#: Seconds that all attacks may take together.
LONGEST = 120


@pytest.fixture(scope="module")
def outcome(attacked, rehearse):
    """Of all attacks, on a stack where a rehearsal was killed before."""
    with attacked.stack.services.database.connect() as database:
        database.execute("CREATE DATABASE rehearsal_killed")
    (attacked.stack.layout.home / "rehearsal-killed").mkdir()
    return rehearse(attacked, "--all")


def test_all_attacks_are_stopped_in_under_two_minutes(outcome, record_property):
    status, document = outcome
    record_property("seconds", document["seconds"])
    verdicts = {each["name"]: (each["verdict"], each["observed"]) for each in document["attacks"]}
    assert {name: seen for name, seen in verdicts.items() if seen[0] != "pass"} == {}
    assert (status, document["verdict"], list(verdicts)) == (0, "pass", list(BY_NAME))
    assert document["seconds"] < LONGEST


def test_each_shows_what_works_the_vaults_own_line_and_its_alarm(attacked, outcome):
    log = attacked.stack.layout.audit_log.read_text()
    for each in outcome[1]["attacks"]:
        assert each["works"], each
        assert each["vault_line"]["request_id"] in log, each
        assert 0 <= each["seconds_to_refusal"] < 15, each
        if not each["expected_alarms"]:
            assert each["alarm"] is None, each
            continue
        assert each["alarm"]["kind"] in each["expected_alarms"], each
        assert 0 <= each["seconds_to_alarm"] < 30, each
        if not each["on_copy"]:
            kept = attacked.rows("SELECT kind FROM alarm WHERE alarm_id = %s", each["alarm"]["alarm_id"])
            assert [row["kind"] for row in kept] == [each["alarm"]["kind"]]
            assert each["alarm"]["address"].endswith(f"/alarms/{each['alarm']['alarm_id']}")


def test_outcomes_are_kept_one_a_line(attacked, outcome):
    kept = attacked.stack.layout.rehearsals.read_text().splitlines()
    assert [json.loads(line) for line in kept[: len(BY_NAME)]] == outcome[1]["attacks"]
    assert attacked.stack.layout.rehearsals.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("outcome")
def test_nothing_is_left_of_the_copies(attacked):
    databases = attacked.rows("SELECT datname FROM pg_database WHERE datname LIKE 'rehearsal%%'")
    assert databases == []
    assert list(attacked.stack.layout.home.glob("rehearsal-*")) == []


@pytest.mark.usefixtures("outcome")
def test_every_run_is_done_and_every_alarm_is_closed_with_the_reason(attacked):
    open_runs = "SELECT run_id, state FROM run WHERE requested_by = 'rehearsal' AND state <> 'completed'"
    assert attacked.rows(open_runs) == []
    assert attacked.rows("SELECT kind, detail FROM alarm WHERE state <> 'closed'") == []
    reasons = attacked.rows("SELECT DISTINCT by_name, reason FROM alarm_event")
    assert [row["by_name"] for row in reasons] == ["Rehearsal"]
    assert reasons[0]["reason"].startswith("Raised by a rehearsal on this local stack: key-after-run, ")


@pytest.mark.usefixtures("outcome")
def test_a_day_and_the_proof_of_the_log_pass_afterwards(attacked, triage):
    here = {"TRIAGE_HOME": str(attacked.stack.layout.home)}
    status, shown, _ = triage("day", "--runs", "8", "--shared-user", environment=here)
    assert (status, shown.splitlines()[-1]) == (0, "Verdict: pass")
    status, shown, _ = triage("audit", "verify", "--shared-user", environment=here)
    assert (status, shown.splitlines()[-1]) == (0, "The vault's log: pass")


@pytest.mark.usefixtures("outcome")
def test_two_rehearsals_at_once_would_spoil_each_other(attacked, triage):
    with attacked.stack.layout.rehearsals.open("a") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        here = {"TRIAGE_HOME": str(attacked.stack.layout.home)}
        answered = triage("rehearse", "payments", environment=here)
    assert answered == (2, "", ["another rehearsal is under way on this stack"])
