"""A page follows a run: an event at the beginning, and one whenever something new is recorded of it."""

from uuid import uuid4

import pytest

from app.web import event_streams
from app.web.views import runs

pytestmark = pytest.mark.whole_system


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Looks often, so that no test waits."""
    monkeypatch.setattr(runs, "LOOK_EVERY", 0.01)


@pytest.fixture
def waiting(system, submitted):
    """A run that waits for a later time."""
    (row,) = system.rows(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, not_before) VALUES"
        " (gen_random_uuid(), %s, 'requested', 0, 'test', now(), now() + interval '1 hour') RETURNING run_id",
        submitted(),
    )
    yield row["run_id"]
    system.execute("DELETE FROM alarm WHERE run_id = %s", row["run_id"])
    system.execute("DELETE FROM run WHERE run_id = %s", row["run_id"])


def listen(client, run_id):
    """The names of the stream's events; None for a sign of life."""
    answer = client.get(f"/runs/{run_id}/events")
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    for part in answer.iter_encoded():
        text = part.decode()
        if text.startswith("event: "):
            yield text.split("\n")[0].removeprefix("event: ")
        elif text.startswith(":"):
            yield None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE run SET stop_requested_at = now(), stop_requested_by = 'test' WHERE run_id = %s",
        "INSERT INTO alarm (alarm_id, run_id, kind, detail, raised_at) VALUES (gen_random_uuid(), %s, 'late', 'x', now())",
    ],
)
def test_each_change_is_announced(system, client, waiting, monkeypatch, change):
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE", 0.0)
    events = listen(client, waiting)
    assert next(events) == "changed"
    assert next(events) is None
    system.execute(change, waiting)
    assert next(each for each in events if each) == "changed"
    assert next(events) is None
    events.close()


def test_the_page_that_is_followed_is_the_page_of_the_run(client, read, waiting):
    page, followed = read(client, f"/runs/{waiting}"), read(client, f"/runs/{waiting}/live")
    (place,) = [part for part in page.all("div") if part.get("id") == "live"]
    assert place["data-events"] == f"/runs/{waiting}/events"
    assert place["data-live"] == f"/runs/{waiting}/live"
    assert followed.named["waterfall"] == page.named["waterfall"]


def test_an_unknown_run_has_no_events(client):
    assert client.get(f"/runs/{uuid4()}/events").status_code == 404


def test_a_run_whose_ends_are_confirmed_is_not_followed(client, read, triaged, until):
    def is_followed():
        page = read(client, f"/runs/{triaged['ACT-2026-0001']}")
        (place,) = [part for part in page.all("div") if part.get("id") == "live"]
        return "data-events" in place

    until(lambda: not is_followed(), what="the confirmation of all ends")
