"""Actions: the list with its search, the page of one action, and requesting a new run."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import usecases
from app.review.queries.actions import RUNS
from app.store.actions import UnknownActionError
from app.web.views import actions

pytestmark = pytest.mark.whole_system

ACTION = "ACT-2026-0012"
VENDOR = {"uei": "ZZ98WEBTEST1", "name": "EXAMPLE PAGE LLC", "role": "prime", "cage": None}
HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} & “so” on"


@pytest.fixture
def show(client, read):
    return lambda action_id, **more: read(client, f"/actions/{action_id}", **more)


def runs_of(system, action_id):
    return system.rows("SELECT * FROM run WHERE job_id = %s ORDER BY requested_at", action_id)


def pull_anew(client, action_id):
    """Submit the form of the button."""
    page = client.get(f"/actions/{action_id}").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    return client.post(f"/actions/{action_id}/runs", data={"csrf_token": token})


def test_the_action_is_shown_as_submitted(system, show, triaged):
    page = show(ACTION)
    (action,) = system.rows("SELECT * FROM action WHERE action_id = %s", ACTION)
    for value in (action["piid"], "$1,184,000.00", str(action["effective_date"]), action["description"]):
        assert value in page.text
    for vendor in action["vendors"]:
        assert vendor["name"] in page.text
        assert f"/vendors/{vendor['uei']}" in page.links


def test_every_run_and_every_flag_is_on_the_page(system, show, triaged, findings):
    page = show(ACTION)
    runs = runs_of(system, ACTION)
    assert {f"/runs/{run['run_id']}" for run in runs[-RUNS:]} <= set(page.links)
    assert f"{len(runs)} run" in page.text
    newest = max(
        (run for run in runs if run["state"] == "completed"),
        key=lambda run: (run["finished_at"], run["run_id"]),
    )
    found = findings(newest["run_id"])
    current = {f"/flags/{row['flag_id']}" for row in found}
    assert current
    assert current <= set(page.links)
    differing = [row for row in found if row["rule"] != "S01"]
    assert f"{len(differing)} flags of the latest completed run, blocking first" in page.text


def test_the_answer_comes_first_and_blocking_flags_before_advisory_ones(system, show):
    action_id = system.copy(ACTION)
    (run_id,) = system.run(action_id)
    page = show(action_id)
    rows = system.rows("SELECT rule, severity FROM flag WHERE run_id = %s", run_id)
    blocking = sum(row["severity"] == "blocking" for row in rows)
    assert f"Ready to sign: no, {blocking} blocking flags not closed" in page.text
    places = [
        page.html.index(f'<h2 id="{each}"') for each in ("sign-off", "unchecked", "flags", "action", "runs")
    ]
    assert places == sorted(places)
    order = [row[0] for row in page.rows if row and row[0] in {"■ Blocking", "□ Advisory"}]
    assert order == sorted(order)  # the sign of “blocking” comes before that of “advisory”
    assert len(order) == len(rows)


def test_what_was_not_checked_is_listed_apart(show, flagged, system):
    gap, differing = flagged(
        {"rule": "S01", "severity": "blocking", "subject": "sam-gov"}, {"severity": "advisory"}
    )
    (row,) = system.rows("SELECT action_id FROM flag WHERE flag_id = %s", gap)
    page = show(row["action_id"])
    assert "Ready to sign: no, 1 check not performed" in page.text
    assert "1 check was not performed in the latest completed run" in page.text
    assert (
        page.html.index(f"/flags/{gap}")
        < page.html.index('<h2 id="flags"')
        < page.html.index(f"/flags/{differing}")
    )


@pytest.mark.parametrize("state", ["requested", "failed"])
def test_a_run_under_way_or_stopped_never_reads_as_clean(system, show, client, read, state):
    action_id = system.copy("ACT-2026-0001")
    system.run(action_id)
    assert "Ready to sign: yes, as far as these checks can show" in show(action_id).text
    system.execute(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, not_before, stop_requested_at)"
        " VALUES (gen_random_uuid(), %s, %s, 0, 'test', now(), now() + interval '1 hour', %s)",
        action_id,
        state,
        "2026-09-14" if state == "failed" else None,
    )
    try:
        page = show(action_id)
        why = {
            "requested": "a pull of the records is under way",
            "failed": "the newest pull of the records was stopped",
        }
        assert f"Ready to sign: no, {why[state]}" in page.text
        (line,) = [row for row in read(client, f"/actions?q={action_id}").rows if row[0] == action_id]
        assert "Not known the latest run has not completed" in " ".join(line)
    finally:
        system.execute("DELETE FROM run WHERE job_id = %s AND state = %s", action_id, state)


def test_flags_of_earlier_runs_stay_with_their_decisions(system, client, show):
    (first,) = system.run("ACT-2026-0010")
    (flag,) = system.rows("SELECT * FROM flag WHERE run_id = %s AND rule = 'E01'", first)
    address = f"/flags/{flag['flag_id']}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)[1]
    told = {
        "csrf_token": token,
        "version": "0",
        "decision": "confirmed",
        "rationale": "The owner is excluded.",
    }
    assert client.post(f"{address}/decision", data=told).status_code == 303
    system.run("ACT-2026-0010")
    page = show("ACT-2026-0010")
    assert address in page.links
    events = page.named["review-history"]
    assert "Decided: Confirmed" in events
    assert "The owner is excluded." in events
    assert "Contracting officer A" in events
    assert "Earlier run" in events


def test_exports_are_offered_and_listed(client, signed_in, read, show):
    assert f"/actions/{ACTION}/contract-file.zip" in show(ACTION).links
    sent = client.get(f"/actions/{ACTION}/contract-file.pdf", buffered=True)
    assert sent.status_code == 200
    (row, *_) = [row for row in show(ACTION).rows if len(row) == 5 and row[1] == "Contracting officer A"]
    assert f"{len(sent.data):,} bytes" in row[3]
    told = read(signed_in("operator-a"), f"/actions/{ACTION}")
    assert not [link for link in told.links if "contract-file" in link]
    assert row[4] in told.text


def test_an_action_that_never_ran_says_so(show, submitted):
    page = show(submitted())
    assert "None yet: no run of this action has been requested." in page.text
    assert "Ready to sign: no, the records have not been pulled" in page.text
    assert "Everything: no run of this action has completed." in page.text
    assert "This action has not been exported yet." in page.text


def test_hostile_text_is_shown_and_does_nothing(show, submitted):
    page = show(submitted(description=HOSTILE, vendors=[VENDOR | {"name": HOSTILE}]))
    assert page.text.count(HOSTILE) >= 2


@pytest.mark.parametrize("action_id", ["no-such-action", "x" * 300, "a%00b", "%F0%9F%92%A9"])
def test_an_unknown_action_is_not_found(client, action_id):
    assert client.get(f"/actions/{action_id}").status_code == 404


def test_running_again_leads_to_a_new_run_by_this_person(system, client, read, submitted):
    action_id = submitted()
    answer = pull_anew(client, action_id)
    (run,) = runs_of(system, action_id)
    assert (answer.status_code, answer.location) == (303, f"/runs/{run['run_id']}")
    assert run["requested_by"] == "officer-a"
    system.wait([run["run_id"]])
    assert "The records are being re-pulled." in read(client, answer.location).text


def test_a_second_click_shows_the_run_that_is_under_way(system, client, read, submitted, held):
    action_id = submitted()
    run_id = held(action_id)
    page = read(client, f"/actions/{action_id}")
    assert "A run of this action is under way" in page.text
    assert f"/runs/{run_id}" in page.links
    assert "Re-pull" not in page.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/flags").text)[1]
    answer = client.post(f"/actions/{action_id}/runs", data={"csrf_token": token})
    assert answer.location == f"/runs/{run_id}"
    assert "is already under way" in read(client, answer.location).text
    assert len(runs_of(system, action_id)) == 1


def test_many_clicks_at_once_make_one_run(system, submitted):
    action_id = submitted()
    with ThreadPoolExecutor(6) as threads:
        again = [
            threads.submit(usecases.request_again, system.sessions, action_id, requested_by="test")
            for _ in range(6)
        ]
        found = [each.result() for each in again]
    runs = {run["run_id"] for run in runs_of(system, action_id)}
    assert {run_id for run_id, new in found if new} == runs
    system.wait(list(runs))


def test_a_run_being_stopped_does_not_prevent_a_new_one(system, submitted, held):
    action_id = submitted()
    stopped = held(action_id, stop_requested_at="2026-11-24T00:00:00Z")
    run_id, new = usecases.request_again(system.sessions, action_id, requested_by="test")
    assert new
    assert run_id != stopped
    system.wait([run_id])


def test_an_unknown_action_is_not_run(system, client):
    with pytest.raises(UnknownActionError, match="'nowhere' is not known"):
        usecases.request_again(system.sessions, "nowhere", requested_by="test")
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/flags").text)[1]
    assert client.post("/actions/nowhere/runs", data={"csrf_token": token}).status_code == 404


def test_auditors_have_no_run_button(signed_in, read, submitted):
    assert "Re-pull" not in read(signed_in("auditor-a"), f"/actions/{submitted()}").text


def listed(read, client, **query):
    page = read(client, "/actions?" + "&".join(f"{name}={value}" for name, value in query.items()))
    return [row[0] for row in page.rows[1:]]


def test_actions_are_found_by_their_words(client, read, submitted):
    action_id = submitted(
        piid="70ZZ0126C1234",
        description="A zeppelinesque hangar",
        vendors=[VENDOR | {"name": "QUAGGAWORKS LLC", "uei": "ZZ98WEBTEST8"}],
    )
    for text in (
        action_id,
        action_id[:9],
        "70ZZ0126C12",
        "70zz0126c1234",
        "70ZZ-0126-C-1234",
        "zeppelinesque",
        "quaggaworks",
        "ZZ98WEBTEST8",
        "hangar+-nothing",
    ):
        assert action_id in listed(read, client, q=text), text
    assert action_id not in listed(read, client, q="zeppelinesque+-hangar")


def test_every_action_is_listed_once_last_submitted_first(system, client, read, monkeypatch):
    monkeypatch.setattr(actions, "PAGE", 7)
    rows = system.rows("SELECT action_id FROM action ORDER BY submitted_at DESC, action_id DESC")
    found, address = [], "/actions"
    while address:
        page = read(client, address)
        found += [row[0] for row in page.rows[1:]]
        address = next((link for link in page.links if "after=" in link), None)
    assert found == [row["action_id"] for row in rows]


def test_the_list_shows_the_open_flags_of_an_action(system, client, read, triaged, monkeypatch):
    monkeypatch.setattr(actions, "PAGE", 5_000)  # copies that other tests made come first
    (row,) = [row for row in read(client, f"/actions?q={ACTION}").rows if row[0] == ACTION]
    query = "SELECT severity FROM flag WHERE action_id = %s AND current AND status <> 'closed'"
    found = Counter(flag["severity"] for flag in system.rows(query, ACTION))
    assert found["blocking"] > 1
    assert found["advisory"] > 1
    assert f"■ {found['blocking']} blocking" in row[4]
    assert f"□ {found['advisory']} advisory" in row[4]
    assert "Completed" in row[5]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("q=no+such+words+anywhere", "No action matches"),
        ("after=nothing-like-it", "no more actions"),
        ("q=" + "x" * 300, "x" * 80),
        ("q=%00", "�"),
        ("q=%25", "No action matches"),
    ],
)
def test_unusual_searches_are_answered(client, read, query, told):
    assert told in read(client, f"/actions?{query}").text
