"""Who did what from where is recorded, whatever became of it; nobody can flood, forge or remove the record."""

import hashlib
import json
import re
from dataclasses import replace
from itertools import count
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from app.review.roles import Permission
from app.web.access import ACCESS, SAFE_METHODS
from app.web.recording import event_outbox
from app.web.recording.acts import ACTIONS, ACTS, ROUTINE
from app.web.recording.event_outbox import EventOutbox
from app.web.recording.process_events import record_start
from app.web.recording.refusal_limit import EACH

COOKIE = "__Host-triage"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
numbers = count(1)


@pytest.fixture
def address():
    """An address that no other test uses."""
    return f"192.0.2.{next(numbers)}"


@pytest.fixture
def coming_from(client_of, address):
    """Makes clients that come from `address`: `coming_from("officer-a")`."""

    def made(persona, **changed):
        client = client_of(persona=persona, **changed)
        client.environ_base["REMOTE_ADDR"] = address
        return client

    return made


@pytest.fixture
def events(system, address, until):
    """The events from `address`, oldest first, once there are so many."""

    def recorded(number=1):
        def found():
            rows = system.rows("SELECT * FROM security_event WHERE address = %s ORDER BY number", address)
            return rows if len(rows) >= number else None

        return until(found, what=f"the record of {number} events")

    return recorded


@pytest.fixture
def outbox_of():
    """The outbox of a client's application."""
    return lambda client: client.application.extensions["triage.services"].event_outbox


@pytest.fixture
def host(system):
    return urlsplit(system.stack.endpoints["web"]).hostname


def fingerprint(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


def token_in(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def told(row, *names):
    return tuple(row[name] for name in names)


def test_every_endpoint_that_writes_or_exports_is_recorded_or_routine(client):
    writes = {
        rule.endpoint for rule in client.application.url_map.iter_rules() if rule.methods - SAFE_METHODS
    }
    exports = {
        endpoint
        for endpoint, needed in ACCESS.items()
        if needed in {Permission.EXPORT, Permission.EXPORT_VAULT_LOG}
    }
    assert (writes | exports | {"sign_in.callback"}) - set(ACTS) - ROUTINE == set()
    assert not ROUTINE & set(ACTS)


def test_signing_in_and_out_is_recorded_with_the_session_and_the_method(coming_from, browser, events, host):
    client = coming_from(None)
    assert client.get(browser.choose(client.get("/sign-in/start").location, "officer-b")).status_code == 302
    session = fingerprint(client.get_cookie(COOKIE, domain=host).value)
    client.post("/sign-out", data={"csrf_token": token_in(client.get("/flags"))})
    begun, ended = events(2)
    assert told(begun, "action", "outcome", "person") == ("sign-in", "succeeded", "officer-b")
    assert told(ended, "action", "outcome", "person") == ("sign-out", "succeeded", "officer-b")
    assert begun["fingerprint"] == ended["fingerprint"] == session
    assert begun["detail"] == {
        "roles": ["officer"],
        "acr": "phrh",
        "amr": ["sc", "pin", "mfa"],
        "status": 302,
    }
    assert begun["at"] <= begun["recorded_at"]


def test_a_change_of_roles_is_noticed_at_the_next_sign_in(system, coming_from, browser, events):
    client = coming_from(None)
    client.get(browser.choose(client.get("/sign-in/start").location, "officer-b"))
    events(1)
    system.execute("UPDATE person SET roles = '{operator}' WHERE subject = 'officer-b'")
    client.get(browser.choose(client.get("/sign-in/start").location, "officer-b"))
    changed = events(3)[2]
    assert told(changed, "action", "outcome", "person") == ("roles changed", "noted", "officer-b")
    assert changed["detail"] == {"before": ["operator"], "now": ["officer"]}
    client.get(browser.choose(client.get("/sign-in/start").location, "officer-b"))
    assert [row["action"] for row in events(4)] == ["sign-in", "sign-in", "roles changed", "sign-in"]


def test_a_refused_sign_in_is_recorded_with_its_reason(coming_from, events):
    assert coming_from(None).get("/sign-in/callback?state=x&code=y").status_code == 400
    (row,) = events()
    assert told(row, "action", "outcome", "person") == ("sign-in", "refused", None)
    assert "another browser" in row["detail"]["reason"]


def test_a_page_that_a_role_may_not_open_is_recorded_with_the_reference_of_its_error(coming_from, events):
    answer = coming_from("officer-a").get("/security-events?person=x")
    assert answer.status_code == 403
    (row,) = events()
    assert told(row, "action", "outcome", "person", "object") == (
        *("read", "refused", "officer-a"),
        "/security-events",
    )
    assert row["reference"] in answer.text


@pytest.mark.parametrize(
    ("headers", "action", "reason"),
    [
        ({}, "read", None),
        ({"Authorization": "Bearer a.b.c"}, "use a token", "DecodeError"),
        ({"Authorization": "Basic b2ZmaWNlci1hOng="}, "use a token", "it is not a bearer token"),
    ],
)
def test_a_bad_token_is_recorded_and_nothing_of_it(coming_from, events, headers, action, reason):
    assert coming_from(None).get("/api/v1/me", headers=headers).status_code == 401
    (row,) = events()
    assert told(row, "action", "outcome", "person", "fingerprint") == (action, "refused", None, None)
    assert row["detail"].get("reason") == reason
    assert "a.b.c" not in str(row)


def test_a_program_is_known_by_the_fingerprint_of_its_token(coming_from, events, tokens_of, flagged):
    token = tokens_of("officer-a")["access_token"]
    (flag,) = flagged({})
    answer = coming_from(None).post(
        f"/api/v1/flags/{flag}/decisions",
        json={"version": 0, "decision": "confirmed", "rationale": "They differ."},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200
    (row,) = events()
    assert told(row, "action", "outcome", "person", "object") == (
        *("decide", "succeeded", "officer-a"),
        f"flag {flag}",
    )
    assert row["fingerprint"] == fingerprint(token)
    assert row["detail"] == {"review": "decided", "decision": "confirmed", "status": 200}


def test_what_was_asked_for_and_not_done_is_recorded_as_failed(coming_from, events):
    client = coming_from("officer-a")
    page = client.get("/flags")
    assert client.post(f"/flags/{UNKNOWN}/undo", data={"csrf_token": token_in(page)}).status_code in {
        404,
        422,
    }
    (row,) = events()
    assert told(row, "action", "outcome", "person") == ("undo a decision", "failed", "officer-a")


def test_a_form_of_another_site_is_recorded_as_refused(coming_from, events):
    assert coming_from("officer-a").post("/sign-out", data={}).status_code == 400
    (row,) = events()
    assert told(row, "action", "outcome", "person") == ("sign-out", "refused", "officer-a")
    assert "CSRF" in row["detail"]["reason"]


def test_an_export_is_recorded_and_a_look_is_not(coming_from, events):
    client = coming_from("auditor-a")
    for page in ("/", "/flags", "/runs", "/security-events", "/healthz", "/nowhere"):
        client.get(page, buffered=True)
    assert client.get("/flags.csv?rule=R01", buffered=True).status_code == 200
    (row,) = events()
    assert told(row, "action", "outcome", "person", "object") == (
        *("export flags", "succeeded", "auditor-a"),
        "/flags.csv",
    )


def test_an_act_that_its_view_breaks_off_is_recorded_as_failed(coming_from, events, monkeypatch):
    client = coming_from("operator-a")
    monkeypatch.setitem(client.application.view_functions, "runs.confirm_stop", lambda **_: 1 / 0)
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = client.get(f"/runs/{UNKNOWN}/stop")
    assert answer.status_code == 500
    (row,) = events()
    assert told(row, "action", "outcome", "person") == ("error", "failed", "operator-a")
    assert row["reference"] in answer.text


def test_a_flood_of_anonymous_requests_leaves_few_events(coming_from, outbox_of, events):
    client = coming_from(None)
    for _ in range(EACH + 40):
        assert client.get("/api/v1/me").status_code == 401
    outbox_of(client).close(seconds=10)
    *single, counted = events(EACH + 1)
    assert len(single) == EACH
    assert told(counted, "action", "outcome", "times") == ("further refusals", "refused", 40)


def test_an_act_is_carried_out_and_recorded_later_if_the_record_alone_is_away(  # noqa: PLR0917  # fixtures
    coming_from, flagged, events, system, monkeypatch, until
):
    monkeypatch.setattr(event_outbox, "PATIENCE", 0.1)
    (flag,) = flagged({})
    client = coming_from("officer-a")
    known = client.application.extensions["triage.services"]
    away = [True]

    def store(batch):
        if away:
            raise OperationalError("x", {}, Exception())
        known.event_outbox._store(batch)

    replace(known, event_outbox=EventOutbox(store, now=known.clock.now)).init_app(client.application)
    page = client.get(f"/flags/{flag}")
    form = {"csrf_token": token_in(page), "version": "0", "assignee": "officer-a"}
    assert client.post(f"/flags/{flag}/assignment", data=form).status_code == 303
    assert system.rows("SELECT 1 FROM review_event WHERE flag_id = %s", flag)
    notice = "1 security event cannot be stored at the moment"
    until(lambda: notice in client.get("/stack").text, what="the notice")
    away.clear()
    (row,) = events()
    assert told(row, "action", "outcome", "object") == ("assign", "succeeded", f"flag {flag}")


def test_nothing_is_changed_or_exported_that_could_not_be_recorded(coming_from, flagged, system, monkeypatch):
    monkeypatch.setattr(event_outbox, "MOST", 0)
    (flag,) = flagged({})
    client = coming_from("officer-a")
    page = client.get(f"/flags/{flag}")
    form = {"csrf_token": token_in(page), "version": "0", "assignee": "officer-a"}
    refused = client.post(f"/flags/{flag}/assignment", data=form)
    assert refused.status_code == 503
    assert 'data-error="unrecordable"' in refused.text
    assert client.get("/flags.csv").status_code == 503
    assert client.get("/sign-in/callback?state=x").status_code == 503
    assert client.get("/flags").status_code == 200
    assert system.rows("SELECT 1 FROM review_event WHERE flag_id = %s", flag) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE security_event SET person = 'x'",
        "DELETE FROM security_event",
        "TRUNCATE security_event",
        "INSERT INTO security_event (event_id, at, action) VALUES (gen_random_uuid(), now(), 'x')",
    ],
)
def test_no_login_changes_the_record_and_its_owner_only_without_the_trigger(system, statement):
    with system.sessions() as db, pytest.raises(Exception, match="permission denied"):
        db.connection().exec_driver_sql(statement)
    if not statement.startswith("INSERT"):
        with (
            system.stack.services.database.connect("triage") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="its rows are kept as they are"),
        ):
            connection.execute(statement)


def test_an_event_that_is_sent_again_is_stored_once_and_none_lies_in_the_future(system):
    sent = {
        "event_id": "00000000-0000-4000-8000-0000000000e1",
        "at": "2100-01-01T00:00:00Z",
        "action": "sent again",
        "outcome": "noted",
        "detail": {},
        "times": 1,
    }
    for _ in range(2):
        with system.sessions.begin() as db:
            db.connection().exec_driver_sql(
                "SELECT record_security_events(CAST(%s AS jsonb))", (json.dumps([sent]),)
            )
    rows = system.rows("SELECT at <= now() AS past FROM security_event WHERE action = 'sent again'")
    assert rows == [{"past": True}]


def test_the_served_pages_recorded_their_start_and_their_settings_without_a_secret(system):
    row = system.rows("SELECT * FROM security_event WHERE action = 'start' ORDER BY number LIMIT 1")[0]
    settings = row["detail"]["settings"]
    assert settings["oidc_client_id"] == "triage-web"
    assert settings["database_password_file"].startswith("/")
    assert row["detail"]["log_level"]
    for file in system.stack.layout.home.rglob("secrets/web/*"):
        assert file.read_text().strip() not in json.dumps(row["detail"])


def test_a_process_that_ends_records_it_and_stores_what_waits(system, client_of):
    client = client_of(persona=None)
    end = record_start(client.application, system.settings("web"))
    for _ in range(EACH + 1):
        client.get("/api/v1/me", environ_overrides={"REMOTE_ADDR": "198.51.100.1"})
    end()
    *_, counted, stop = system.rows("SELECT action FROM security_event ORDER BY number")
    assert {counted["action"], stop["action"]} == {"further refusals", "stop"}
    assert len(system.rows("SELECT 1 FROM security_event WHERE address = '198.51.100.1'")) == EACH + 1


def test_the_served_pages_write_each_event_as_a_line(system):
    log = (system.stack.layout.logs / "web.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"log": "security-event"')]
    (start,) = (line for line in lines if line["action"] == "start")
    stored = system.rows("SELECT action FROM security_event WHERE event_id = %s", UUID(start["event_id"]))
    assert stored == [{"action": "start"}]


def test_the_page_filters_and_leads_on(signed_in, coming_from, events, address, read):
    client = coming_from("officer-a")
    for _ in range(EACH):
        client.get("/alarms")
    for _ in range(20):
        client.post("/sign-out-everywhere", headers={"X-CSRFToken": "x"})
    events(EACH)
    auditor = signed_in("auditor-a")
    page = read(auditor, f"/security-events?address={address}&outcome=refused&within=1&person=officer-a")
    assert len(page.rows) == 1 + EACH
    assert "Read" in page.rows[1][0]
    assert address in page.text
    nothing = read(auditor, f"/security-events?address={address}&action=decide")
    assert "No event matches your filter" in nothing.text
    first = read(auditor, "/security-events")
    (older,) = (link for link in first.links if "before=" in link)
    second = read(auditor, older)
    assert "Back to the newest events" in second.text
    wrong = read(auditor, "/security-events?before=x&within=0&outcome=maybe&action=x")
    for name in ("before", "within", "outcome", "action"):
        assert name in wrong.text


def test_a_value_of_an_event_is_text_on_the_page(coming_from, signed_in, address, events, read):
    coming_from(None).get("/api/v1/flags/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    coming_from("officer-a").get("/runs/x/<script>")
    coming_from(None).get("/sign-in/callback?state=<script>alert(1)</script>")
    events()
    assert "<script>alert" not in read(signed_in("auditor-a"), f"/security-events?address={address}").html


def test_programs_read_the_same_a_page_at_a_time(client_of, coming_from, events, address, tokens_of):
    client = coming_from("officer-a")
    for _ in range(5):
        client.get("/alarms")
    rows = events(5)
    program = client_of(persona=None)
    headers = {"Authorization": f"Bearer {tokens_of('auditor-a')['access_token']}"}
    where, found = f"/api/v1/security-events?address={address}&limit=2&outcome=refused", []
    while where:
        answer = program.get(where, headers=headers)
        assert answer.status_code == 200
        found += answer.json["items"]
        where = answer.json["next"]
    assert [each["number"] for each in found] == [row["number"] for row in reversed(rows)]
    assert program.get("/api/v1/security-events?action=x", headers=headers).status_code == 400


def test_every_recorded_action_can_be_filtered_for(system):
    """Without those of routes that other tests add to their applications."""
    found = {row["action"] for row in system.rows("SELECT DISTINCT action FROM security_event")}
    assert {each for each in found if not each.startswith("probe.")} - {"sent again"} <= set(ACTIONS)
