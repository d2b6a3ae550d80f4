"""What a contract file holds of earlier runs, and that it can be made for any number of runs and assignments."""

import io
import json
from uuid import uuid4
from zipfile import ZipFile

import pytest

from app.contract_file.document_check import broken_histories
from app.review.flag_history import Decision, EventKind
from app.review.queries import action_file
from app.review.reviews import Reviews
from tests.web.conftest import REFOUND

WHO = {"by": "officer-a", "by_name": "Contracting Officer A"}


@pytest.fixture
def add_run(system):
    """Adds a completed run of an action, so and so many minutes ago."""

    def added(action_id, *, minutes):
        run_id = uuid4()
        system.execute(
            "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, started_at, finished_at)"
            " SELECT %s, %s, 'dispatched', 1, 'test', at, at, at FROM (SELECT now() - make_interval(mins => %s)) AS x(at)",
            run_id,
            action_id,
            minutes,
        )
        # Its end supersedes the flags of earlier runs.
        system.execute("UPDATE run SET state = 'completed' WHERE run_id = %s", run_id)
        return str(run_id)

    return added


@pytest.fixture
def exported(client):
    """What the contract file of an action says, for programs."""

    def stated(action_id):
        answer = client.get(f"/actions/{action_id}/contract-file.zip")
        assert answer.status_code == 200, answer.text
        with ZipFile(io.BytesIO(answer.data)) as opened:
            return json.loads(opened.read("contract-file.json"))

    return stated


@pytest.fixture
def refound(system):
    """The same flag in another run of its action."""

    def made(flag_id, run_id):
        system.execute(REFOUND, found := uuid4(), run_id, flag_id)
        return found

    return made


def of(system, flag_id):
    (row,) = system.rows("SELECT action_id, run_id FROM flag WHERE flag_id = %s", flag_id)
    return row["action_id"], str(row["run_id"])


def test_flags_of_earlier_runs_are_filed_only_if_they_have_events(system, flagged, exported, add_run):
    assigned, decided, untouched = flagged({}, {}, {})
    reviews = Reviews(system.sessions)
    reviews.add(assigned, version=0, kind=EventKind.ASSIGNED, assignee="officer-b", **WHO)
    reviews.add(
        decided,
        version=0,
        kind=EventKind.DECIDED,
        decision=Decision.CONFIRMED,
        rationale="Both are right.",
        **WHO,
    )
    action_id, earlier = of(system, decided)
    system.execute("UPDATE run SET finished_at = now() - interval '1 hour' WHERE run_id = %s", earlier)
    latest = add_run(action_id, minutes=0)
    stated = exported(action_id)
    assert stated["latest_completed_run"] == latest
    assert [each["flag_id"] for each in stated["flags"]] == [str(decided)]
    # A row that says more or less than its history is filed as well, and said not to hold.
    system.execute("UPDATE flag SET status = 'closed' WHERE flag_id = %s", untouched)
    system.execute("UPDATE flag SET version = 2 WHERE flag_id = %s", assigned)
    told = {each["flag_id"] for each in exported(action_id)["flags"]}
    assert told == {str(assigned), str(decided), str(untouched)}


def test_the_flag_of_a_later_run_is_filed_with_what_it_carried_over(
    system, flagged, client, add_run, refound
):
    (flag_id,) = flagged({"severity": "blocking"})
    reviews = Reviews(system.sessions)
    acts = (
        (EventKind.DECIDED, Decision.CONFIRMED, "Both are right."),
        (EventKind.COMMENTED, None, "They called."),
    )
    for version, (kind, decision, text) in enumerate(acts):
        reviews.add(flag_id, version=version, kind=kind, decision=decision, rationale=text, **WHO)
    action_id, earlier = of(system, flag_id)
    system.execute("UPDATE run SET finished_at = now() - interval '1 hour' WHERE run_id = %s", earlier)
    found = refound(flag_id, add_run(action_id, minutes=0))
    reviews.add(found, version=0, kind=EventKind.COMMENTED, rationale="Still so.", **WHO)
    answer = client.get(f"/actions/{action_id}/contract-file.zip")
    with ZipFile(io.BytesIO(answer.data)) as opened:
        stated, manifest = (json.loads(opened.read(name)) for name in ("contract-file.json", "manifest.json"))
    flag = next(each for each in stated["flags"] if each["flag_id"] == str(found))
    assert (flag["status"], flag["previous"], flag["carried_version"]) == ("confirmed", str(flag_id), 2)
    assert flag["history_holds"]
    (before,) = flag["earlier"]
    assert (before["run_id"], before["carried"]) == (earlier, 2)
    assert [event["rationale"] for event in before["history"]] == ["Both are right.", "They called."]

    def problems():
        return list(broken_histories(manifest["decisions"], stated["flags"]))

    assert problems() == []
    decided = next(each for each in manifest["decisions"] if each["flag_id"] == str(found))
    decided["earlier"][0]["history"][0]["rationale"] = "Another."
    assert [str(flag_id) in each and "event 1 of the earlier finding" in each for each in problems()] == [
        True
    ]
    decided["earlier"] = []
    assert ["event 1 was changed" in each for each in problems()] == [True]


def test_of_many_runs_the_latest_and_those_with_decisions_are_whole_and_the_rest_is_counted(
    system, flagged, exported, add_run, monkeypatch
):
    (flag,) = flagged({})
    Reviews(system.sessions).add(
        flag,
        version=0,
        kind=EventKind.DECIDED,
        decision=Decision.CONFIRMED,
        rationale="Both are right.",
        **WHO,
    )
    action_id, oldest = of(system, flag)
    system.execute(
        "UPDATE run SET requested_at = now() - interval '1 day', finished_at = now() - interval '1 day'"
        " WHERE run_id = %s",
        oldest,
    )
    completed = [add_run(action_id, minutes=minutes) for minutes in (5, 4, 3, 2, 1)]
    monkeypatch.setattr(action_file, "RUNS_LIMIT", 2)
    stated = exported(action_id)
    assert stated["latest_completed_run"] == completed[-1]
    assert [run["run_id"] for run in stated["runs"]] == [completed[-1], oldest]
    assert [run["run_id"] for run in stated["other_runs"]] == [completed[3], completed[2]]
    assert stated["other_runs_not_listed"] == 2
