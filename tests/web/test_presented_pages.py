"""What a presenter orders from the pages of a demo: attacks, a day, a comparison, slow tools."""

import json
import re
from urllib.parse import urlsplit

import pytest

from app.web import tour_scenes
from app.web.presenter import Presenter, PresenterError
from tests.conftest import running_stack

PAGES = ("/rehearsals", "/days", "/tour")


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """A stack as a demo starts it, with a presenter's process: it has none where a server is an outside one."""
    with running_stack(tmp_path_factory.mktemp("presented")) as running:
        yield running


@pytest.fixture
def state(system):
    """What the presenter's process shows."""
    return Presenter(system.stack.layout.presenter_socket).state


@pytest.fixture
def idle(state, until):
    """Waits until nothing is under way."""

    def wait():
        until(lambda: state().under_way is None, seconds=120, what="the end of the order")
        assert state().problem is None
        return state()

    wait()
    return wait


def send(client, address, path=None, **form):
    """Send a form of the page at `address`, to `path` or the same address."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)[1]
    return client.post(path or address, data={"csrf_token": token, **form})


def test_an_attack_is_rehearsed_from_the_page(client_of, read, idle):
    page = read(client_of(persona="operator-a"), "/rehearsals")
    assert "Rehearse all 16" in page.text
    answer = send(client_of(persona="operator-a"), "/rehearsals", attack="day-long-key")
    assert (answer.status_code, answer.location) == (303, "/rehearsals")
    outcome = next(each.outcome for each in idle().attacks if each.name == "day-long-key")
    page = read(client_of(persona="operator-a"), "/rehearsals")
    (row,) = [row for row in page.rows if row[0].startswith("Day long key")]
    assert row[1].startswith("✓ Pass")
    assert row[2] == f"{outcome.seconds_to_refusal:.3f} s"
    assert "permission denied" in row[4]
    (line,) = [link for link in page.links if outcome.vault_line.request_id in link]
    found = read(client_of(persona="operator-a"), line)
    assert outcome.vault_line.path in found.text


def test_a_day_is_done_from_the_page_and_its_figures_are_kept(client_of, read, idle, system):
    answer = send(client_of(persona="operator-a"), "/days", runs="3")
    assert (answer.status_code, answer.location) == (303, "/days")
    day = idle().days[0]
    assert (day.by, day.figures.runs, day.figures.credentials["recorded"]) == ("Security operator A", 3, 15)
    client = client_of(persona="auditor-a")
    page = read(client, f"/days/{day.number}")
    sides = {row[0]: row[1] for row in page.rows if len(row) == 2}
    assert sides["The vault issued"] == f"{day.figures.sides.issued:,}"
    assert day.figures.sides.issued >= 15
    assert "9 leased credentials: none was alive. 6 signed tokens" in page.text
    lives = {row[0]: int(row[1]) for row in page.rows if row[0].startswith("to ") or row[0] == "longer"}
    assert (sum(lives.values()), lives["to 125 s"]) == (15, 6)
    download = client.get(f"/days/{day.number}.json")
    assert json.loads(download.data) == day.report
    assert f"day-{day.number}.json" in download.headers["Content-Disposition"]
    listed = next(row for row in read(client, "/days").rows if row[0].startswith(f"Day {day.number} "))
    assert listed[2:6] == [
        "3",
        *(f"{getattr(day.figures.sides, side):,}" for side in ("issued", "used", "recorded")),
    ]


@pytest.mark.parametrize("runs", ["", "0", "401", "-1", "4.5", "many", "١", "9" * 5000])
def test_a_day_of_no_such_number_of_runs_is_refused(client_of, state, runs):
    answer = send(client_of(persona="operator-a"), "/days", runs=runs)
    assert answer.status_code == 422
    assert "Enter a number of runs from 1 to 400." in answer.text
    assert state().under_way is None


def test_an_unknown_attack_is_refused_and_says_so(client_of):
    client = client_of(persona="operator-a")
    with client:
        assert send(client, "/rehearsals", attack="nothing-like-it").status_code == 303
        assert "Nothing was started" in client.get("/rehearsals").text


@pytest.mark.usefixtures("idle")
def test_a_run_is_shown_slowly(system, read, client_of, until):
    action_id = system.copy("ACT-2026-0012")
    client = client_of(persona="officer-a")
    assert "Re-pull slowly" in client.get(f"/actions/{action_id}").text
    answer = send(client, f"/actions/{action_id}", f"/actions/{action_id}/runs", slowly="yes")
    run_id = answer.location.rpartition("/")[2]
    seen = until(
        lambda: re.search(
            r"(\d+) calls? so far in the systems’ own logs", read(client, f"/runs/{run_id}").text
        ),
        what="calls in the systems' own logs",
    )
    assert int(seen[1]) >= 1
    until(lambda: "11 calls, none failed" in read(client, f"/runs/{run_id}").text, what="the end of the run")
    (row,) = system.rows("SELECT finished_at - requested_at AS lasted FROM run WHERE run_id = %s", run_id)
    assert row["lasted"].total_seconds() > 3
    until(
        lambda: json.loads(system.stack.layout.slow.read_text())["until"] < _now(system),
        seconds=40,
        what="usual speed",
    )


def _now(system):
    return float(system.rows("SELECT extract(epoch FROM clock_timestamp()) AS now")[0]["now"])


@pytest.mark.parametrize("path", PAGES)
def test_where_no_presenter_is_there_is_no_such_page(client_of, path):
    for persona in ("operator-a", "auditor-a"):
        assert client_of(persona=persona, presenter_socket=None).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/rehearsals", "/days", "/exposure/comparison", "/tour/new-start"])
def test_only_operators_order(client_of, path):
    for persona in ("officer-a", "auditor-a"):
        assert client_of(persona=persona).post(path).status_code == 403


def test_officers_see_none_of_it_and_auditors_no_button(client_of, read):
    assert client_of(persona="officer-a").get("/days").status_code == 403
    assert client_of(persona="officer-a").get("/rehearsals").status_code == 403
    for path in ("/rehearsals", "/days"):
        page = read(client_of(persona="auditor-a"), path)
        assert [form for form in page.all("form") if form.get("action") == path] == []


def test_without_the_process_the_pages_say_what_is_missing(client_of, read, tmp_path):
    client = client_of(persona="operator-a", presenter_socket=tmp_path / "none")
    for path in ("/rehearsals", "/days"):
        assert "Nothing is known: the presenter’s process does not answer" in read(client, path).text
    assert send(client, "/exposure", "/days", runs="3").status_code == 303
    assert "Nothing was started: the presenter’s process does not answer" in read(client, "/days").text
    with pytest.raises(PresenterError, match="does not answer"):
        Presenter(tmp_path / "none").state()


def test_each_link_of_the_tour_leads_to_a_page_that_its_person_may_see(client_of, read):
    clients = {role: client_of(persona=f"{role}-a") for role in ("officer", "operator")}
    page = read(clients["operator"], "/tour")
    for scene in tour_scenes.SCENES:
        assert scene.say in page.text
        for move in scene.moves:
            if move.endpoint:
                with clients["operator"].application.test_request_context():
                    address = urlsplit(clients["operator"].application.url_for(move.endpoint)).path
                assert address in page.links
                read(clients[move.by.value], address)


def test_a_stack_that_was_started_by_itself_offers_no_new_start(client_of, read):
    client = client_of(persona="operator-a")
    assert "Start the demo anew" not in read(client, "/tour").text
    send(client, "/days", "/tour/new-start")
    assert "only a demo can start anew" in client.get("/tour").text
