"""Pages while the database misbehaves: they say in time what is the matter, and work again by themselves."""

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from app.connections import bounded_database, database
from app.web import sign_in
from app.web.readiness import PATIENCE
from benchmarks.fault_proxy import TcpFaults
from tests.web.conftest import COOKIE, Document, faults

#: Seconds that a page may take, and that a loaded machine may add.
LONGEST_PAGE, SLACK = 15.0, 10.0
#: Seconds from the end of a fault until pages work.
RECOVERY = 10.0
#: As many as gunicorn serves with.
THREADS = 24
SILENT, UNUSABLE, READ_ONLY = "database-down", "database-unusable", "database-read-only"


@pytest.fixture(scope="module")
def proxy(system):
    with TcpFaults(system.stack.services.database.port) as proxy:
        yield proxy


@pytest.fixture
def officer(system, client_of, session_of, proxy):
    """A signed-in client of an application that reaches the database, sessions included, only through the proxy."""
    url = system.settings("web").database_url.replace(f":{proxy.target}/", f":{proxy.port}/")
    client = client_of(persona=None, database_url=url)
    its = client.application.extensions["triage.services"]
    settings = system.settings("web", database_url=url)
    sign_in.init_app(client.application, settings, its.sessions, clock=its.clock.seconds)
    host = urlsplit(system.stack.endpoints["web"]).hostname
    client.set_cookie(COOKIE, session_of("officer-a"), domain=host, secure=True)
    assert client.get("/flags").status_code == 200
    yield client
    proxy.heal()


def failing(client, address="/flags"):
    """The name of the error with which a page answers in time."""
    began = time.monotonic()
    answer = client.get(address)
    assert time.monotonic() - began < LONGEST_PAGE + SLACK
    assert answer.status_code == 503
    page = Document(answer.text)
    assert faults(page) == []
    assert page.named["reference"]
    return page.error


def works_again(client):
    began = time.monotonic()
    while (status := client.get("/flags").status_code) != 200:
        assert time.monotonic() - began < RECOVERY + SLACK, status
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() - began < RECOVERY + SLACK


@pytest.mark.parametrize("fault", ["hang", "trickle", "refuse", "reset", "truncate", "garbage", "html"])
def test_pages_say_what_is_the_matter_and_work_again(officer, proxy, fault, caplog, monkeypatch):
    # What a page may take in all is the next test's.
    monkeypatch.setattr(bounded_database, "LONGEST_WAIT", 1.0)
    monkeypatch.setattr(database, "_CONNECT", 1.0)
    proxy.inflict(fault)
    errors = {failing(officer, address) for address in ("/flags", "/", "/runs")}
    assert errors <= {SILENT, UNUSABLE}
    if fault in ("hang", "refuse"):
        assert errors == {SILENT}
    assert officer.get("/healthz").text == "ok\n"
    assert officer.get("/readyz").status_code == 503
    deadline = time.monotonic() + SLACK
    while "not ready: " not in caplog.text:
        assert time.monotonic() < deadline
    proxy.heal()
    works_again(officer)


def test_threads_that_wait_for_a_hanging_database_end_in_time_and_liveness_stays(officer, proxy):
    clients = [officer.application.test_client() for _ in range(THREADS)]
    cookie = officer.get_cookie(
        COOKIE, domain=urlsplit(f"//{officer.application.config['SERVER_NAME']}").hostname
    )
    for each in clients:
        each.set_cookie(COOKIE, cookie.value, domain=cookie.domain, secure=True)
    proxy.inflict("hang")
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(failing, each) for each in clients]
        began = time.monotonic()
        assert officer.get("/healthz").status_code == 200
        assert officer.get("/readyz").status_code == 503
        assert not any(each.done() for each in asked)
        assert time.monotonic() - began < PATIENCE + SLACK
        assert {each.result() for each in asked} == {SILENT}
    proxy.heal()
    works_again(officer)


def signal_all(pids, number):
    for pid in pids:
        with suppress(ProcessLookupError):  # a connection may have ended meanwhile
            os.kill(pid, number)


def test_a_server_that_is_stopped_and_continued(system, officer):
    (known,) = system.rows("SELECT pg_backend_pid() AS pid")
    (place,) = system.rows("SELECT current_setting('data_directory') AS folder")
    server = int(Path(place["folder"], "postmaster.pid").read_text().splitlines()[0])
    pids = [
        server,
        *(
            row["pid"]
            for row in system.rows("SELECT pid FROM pg_stat_activity WHERE pid <> %s", known["pid"])
            if Path(f"/proc/{row['pid']}").exists()
        ),
    ]
    signal_all(pids, signal.SIGSTOP)
    try:
        assert failing(officer) == SILENT
        assert officer.get("/healthz").status_code == 200
        assert officer.get("/readyz").status_code == 503
    finally:
        signal_all(pids, signal.SIGCONT)
    works_again(officer)


@pytest.fixture
def read_only(system):
    server = system.stack.services.database

    def is_now(value):
        with server.connect("postgres") as connection:
            connection.autocommit = True
            connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            connection.execute("SELECT pg_reload_conf()")

    yield is_now
    is_now("off")


def shown(sessions):
    """What the connection that the next page takes has taken over from the server's settings."""
    with sessions.begin() as session:
        return session.scalar(text("SHOW default_transaction_read_only"))


def test_with_a_read_only_database_people_can_read_but_not_decide(
    system, officer, session_of, flagged, read_only
):
    (flag_id,) = flagged({})
    flag = f"/flags/{flag_id}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', officer.get(flag).text)[1]
    decision = {"csrf_token": token, "version": "0", "decision": "confirmed", "rationale": "They differ."}
    session_of("officer-b")  # while it can be stored
    read_only("on")
    its = officer.application.extensions["triage.services"].sessions
    deadline = time.monotonic() + SLACK
    while shown(its) != "on":
        assert time.monotonic() < deadline
    # A new session holds no token for forms yet, and this page has one.
    host = urlsplit(system.stack.endpoints["web"]).hostname
    officer.set_cookie(COOKIE, session_of("officer-b"), domain=host, secure=True)
    assert officer.get("/stack").status_code == 200
    officer.set_cookie(COOKIE, session_of("officer-a"), domain=host, secure=True)
    answer = officer.post(f"{flag}/decision", data=decision)
    assert answer.status_code == 503
    assert Document(answer.text).error == READ_ONLY
    assert officer.get(flag).status_code == 200
    read_only("off")
    works_again(officer)
    assert not system.rows("SELECT 1 FROM review_event WHERE flag_id = %s", flag_id)
