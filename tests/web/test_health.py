"""The probes of an orchestrator: whether the process is alive, and whether it is ready for requests."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from app.web.readiness import PATIENCE, SILENT, Readiness


def test_ready_while_the_database_answers(client_of):
    nobody = client_of(persona=None)
    answer = nobody.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"ready": True})
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_database_alive_but_not_ready(system, client_of, caplog):
    address = re.sub(r":\d+/", ":1/", system.settings("web").need("database_url"))
    nobody = client_of(persona=None, database_url=address)
    assert nobody.get("/healthz").text == "ok\n"
    answer = nobody.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "not_ready": ["database"]}
    assert caplog.messages == ["not ready: the database does not answer (connection refused)"]


@pytest.fixture
def earlier(system):
    """A database whose tables are at an earlier version."""
    server = system.stack.services.database
    with server.connect("postgres") as connection:
        connection.execute("CREATE DATABASE behind")
    with server.connect("behind") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('1.0001')")
        connection.execute("GRANT SELECT ON alembic_version TO triage_app")
    yield re.sub(r"/triage\b", "/behind", system.settings("web").need("database_url"))
    with server.connect("postgres") as connection:
        connection.execute("DROP DATABASE behind")


def test_tables_of_another_version_are_reported_as_not_ready(client_of, earlier, caplog):
    client = client_of(persona=None, database_url=earlier)
    answer = client.get("/readyz")
    client.application.extensions["triage.services"].close()
    assert answer.status_code == 503
    assert re.search(r"tables are at version 1\.0001, .*`triage provision database`", caplog.text)


def test_asking_often_does_not_load_the_database():
    looks, now = [], [0.0]
    ready = Readiness(lambda: looks.append(1), clock=lambda: now[0])
    assert [ready.problem() for _ in range(50)] == [None] * 50
    assert len(looks) == 1
    now[0] = 1.0
    ready.problem()
    assert len(looks) == 2


def test_a_hanging_database_is_queried_once_and_delays_no_one():
    looks, answers, now = [], Event(), [0.0]

    def look():
        looks.append(1)
        answers.wait(10)

    ready = Readiness(look, clock=lambda: now[0])
    with ThreadPoolExecutor(8) as askers:
        asked = [askers.submit(ready.problem) for _ in range(8)]
        assert {each.result(PATIENCE + 2) for each in asked} == {SILENT}
    now[0] = PATIENCE
    assert ready.problem() == SILENT
    assert len(looks) == 1
    answers.set()
