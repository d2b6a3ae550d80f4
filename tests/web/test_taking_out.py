"""Exports leave the application only at the request of its own pages, few at once, and each is recorded."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import BoundedSemaphore, Event

import pytest

from app.contract_file import exporter, pdf
from app.web.streams import Seats

pytestmark = pytest.mark.whole_system

ACTION = "ACT-2026-0002"
EXPORTS = [
    f"/actions/{ACTION}/contract-file.zip",
    f"/actions/{ACTION}/contract-file.pdf",
    "/flags.csv",
    "/flags.json",
]


@pytest.fixture
def call(system, triaged):
    """A call of which the answer was kept."""
    run = triaged[ACTION]
    rows = "SELECT call.*, run.job_id AS action_id FROM call JOIN answer USING (call_id) JOIN run USING (run_id) WHERE run_id = %s"
    return system.rows(rows, run)[0]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_cannot_start_an_export(client, read, system, call, site):
    (before,) = system.rows("SELECT count(*) FROM export_record")
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    for address in (*EXPORTS, f"/calls/{call['call_id']}/answer/download"):
        answer = client.get(address, headers=headers)
        assert answer.status_code == 403, address
        assert 'data-error="foreign-site"' in answer.text
    assert system.rows("SELECT count(*) FROM export_record") == [before]
    assert client.get("/.well-known/triage-export-keys.json", headers=headers).status_code == 200
    assert client.get("/flags", headers=headers).status_code == 200
    for own in ("same-origin", "none"):
        assert client.get("/flags.csv?q=nothing", headers={"Sec-Fetch-Site": own}).status_code == 200


def test_each_person_can_make_one_export_at_a_time(client_of, session_of, monkeypatch, until):
    officer = client_of(persona="officer-a")
    app = officer.application
    making, go_on = [], Event()
    real = exporter.spooled

    def slowly(*asked):
        making.append(asked)
        assert go_on.wait(60)
        return real(*asked)

    monkeypatch.setattr(exporter, "spooled", slowly)

    def export(subject):
        client = app.test_client()
        host = app.config["SERVER_NAME"].split(":")[0]
        client.set_cookie("__Host-triage", session_of(subject), domain=host, secure=True)
        return client.get("/flags.json?q=nothing", buffered=True)

    with ThreadPoolExecutor(2) as pool:
        first, other = pool.submit(export, "officer-a"), pool.submit(export, "officer-b")
        until(lambda: len(making) == 2, what="two exports")
        refused = export("officer-a")
        go_on.set()
        assert [each.result().status_code for each in (first, other)] == [200, 200]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    assert 'data-error="busy"' in refused.text
    assert export("officer-a").status_code == 200


def test_a_document_that_cannot_be_produced_is_reported(client, read, triaged, monkeypatch):
    monkeypatch.setattr(pdf, "_PLACES", BoundedSemaphore(1))
    monkeypatch.setattr(pdf, "_WAIT", 0.01)
    with pdf._PLACES:
        page = read(client, EXPORTS[1], status=503)
    assert page.error == "not-printed"
    assert client.get(EXPORTS[1]).status_code == 200
    monkeypatch.setattr(pdf, "_PATIENCE", 0.01)
    read(client, EXPORTS[1], status=503)
    monkeypatch.undo()
    assert client.get(EXPORTS[1]).status_code == 200


def test_seats_that_do_not_give_way_stay_taken_until_released():
    places = Seats(total=2, each=1, gives_way=False)
    first, second = places.take("a"), places.take("b")
    assert (first is None, second is None) == (False, False)
    assert places.take("a") is None
    assert places.take("c") is None
    places.give_back(first)
    assert places.take("c") is not None
    assert not second.wanted.is_set()


def test_the_export_of_a_single_answer_is_recorded(client, call, system):
    answer = client.get(f"/calls/{call['call_id']}/answer/download")
    assert (answer.status_code, answer.content_type) == (200, "application/octet-stream")
    assert sha256(answer.data).hexdigest() == call["answer_digest"]
    (row,) = system.rows("SELECT * FROM export_record ORDER BY at DESC LIMIT 1")
    told = ("kind", "action_id", "by", "digest", "bytes")
    assert [row[name] for name in told] == [
        f"answers/{call['call_id']}",
        ACTION,
        "officer-a",
        call["answer_digest"],
        len(answer.data),
    ]


def test_single_answers_count_as_exports(client_of, call):
    officer = client_of(persona="officer-a", exports_per_minute=2)
    address = f"/calls/{call['call_id']}/answer/download"
    assert [officer.get(address).status_code for _ in range(3)] == [200, 200, 429]
    assert officer.get("/flags.json").status_code == 429
