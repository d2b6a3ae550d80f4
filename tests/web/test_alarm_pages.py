"""Alarms: who handles them, and that they only go forward."""

import re
from uuid import UUID, uuid4

import psycopg
import pytest

from app.credentials.alarm_kinds import ALARM_KINDS

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def alarm(system):
    """Raises an alarm as the sweeper does, and returns its id: `alarm("second login", "detail")`."""
    ids = list[UUID]()

    def raised(kind: str, detail: str) -> UUID:
        system.rows("SELECT alarm_once(%s, %s, NULL, NULL)", kind, detail)
        (newest,) = system.rows(
            "SELECT alarm_id FROM alarm WHERE kind = %s AND detail = %s ORDER BY state = 'closed', raised_at DESC LIMIT 1",
            kind,
            detail,
        )
        ids.append(newest["alarm_id"])
        return newest["alarm_id"]

    yield raised
    for table in ("alarm_delivery", "alarm_event", "alarm"):
        system.execute(f"DELETE FROM {table} WHERE alarm_id = ANY(%s)", ids)  # noqa: S608  # names of this list


def row(system, alarm_id):
    (found,) = system.rows("SELECT * FROM alarm WHERE alarm_id = %s", alarm_id)
    return found


def send(client, alarm_id, form, **fields):
    token = TOKEN.search(client.get(f"/alarms/{alarm_id}").text)[1]
    return client.post(f"/alarms/{alarm_id}/{form}", data={"csrf_token": token, **fields})


def test_an_operator_acknowledges_and_closes_an_alarm_with_a_reason(system, alarm, signed_in, read):
    operator = signed_in("operator-a")
    alarm_id = alarm("second login", "twice <b>")
    assert alarm("second login", "twice <b>") == alarm_id
    page = read(operator, f"/alarms/{alarm_id}")
    assert ALARM_KINDS["second login"].action in page.text
    assert "Critical" in page.text
    assert "Times seen 2" in page.text
    assert send(operator, alarm_id, "acknowledgement").status_code == 303
    assert "Acknowledged" in read(operator, f"/alarms/{alarm_id}").text
    assert send(operator, alarm_id, "closing", reason=" ").status_code == 422
    hidden = send(operator, alarm_id, "closing", reason="fine\u202e")
    assert "cannot be seen" in hidden.text
    assert row(system, alarm_id)["state"] == "acknowledged"
    assert send(operator, alarm_id, "closing", reason="A test of ours.").status_code == 303
    page = read(operator, f"/alarms/{alarm_id}")
    assert "A test of ours." in page.text
    assert "csrf_token" not in page.html.partition('id="handling"')[2].partition("</section>")[0]
    events = system.rows("SELECT state, by FROM alarm_event WHERE alarm_id = %s ORDER BY at", alarm_id)
    assert [each["state"] for each in events] == ["acknowledged", "closed"]
    assert {each["by"] for each in events} == {"operator-a"}
    assert alarm("second login", "twice <b>") != alarm_id, "a closed alarm that occurs again is a new one"


def test_an_auditor_reads_an_alarm_and_cannot_handle_it(system, alarm, signed_in, read):
    alarm_id = alarm("message stolen", "x")
    auditor, officer = signed_in("auditor-a"), signed_in("officer-a")
    page = read(auditor, f"/alarms/{alarm_id}")
    assert "Reason for closing" not in page.text
    token = TOKEN.search(page.html)[1]
    for form in ("acknowledgement", "closing"):
        sent = auditor.post(f"/alarms/{alarm_id}/{form}", data={"csrf_token": token, "reason": "x"})
        assert sent.status_code == 403
    assert officer.get(f"/alarms/{alarm_id}").status_code == 403
    assert row(system, alarm_id)["state"] == "open"
    assert signed_in("operator-a").get(f"/alarms/{uuid4()}").status_code == 404


def test_the_page_leads_to_the_runbook_where_it_is_published(alarm, client_of):
    alarm_id = alarm("clock differs", "x")
    operator = client_of(persona="operator-a", runbook_url="https://docs.example/runbook.md")
    link = 'href="https://docs.example/runbook.md#what-waits-and-why"'
    assert link in operator.get(f"/alarms/{alarm_id}").text  # the one address outside that pages may have


def test_a_form_without_its_token_changes_nothing(system, alarm, signed_in):
    alarm_id = alarm("message stolen", "x")
    assert signed_in("operator-a").post(f"/alarms/{alarm_id}/acknowledgement").status_code == 400
    assert row(system, alarm_id)["state"] == "open"


def test_the_list_is_filtered_by_state_severity_and_kind(alarm, signed_in, read):
    operator = signed_in("operator-a")
    stolen, clock = alarm("message stolen", "first"), alarm("clock differs", "second")
    send(operator, stolen, "closing", reason="Known.")
    for query, shown in {
        "": {clock},
        "?state=any": {stolen, clock},
        "?state=closed": {stolen},
        "?state=any&severity=critical": {stolen},
        "?state=any&kind=clock+differs": {clock},
        "?state=open&severity=critical": set(),
    }.items():
        links = set(read(operator, f"/alarms{query}").links)
        assert {each for each in (stolen, clock) if f"/alarms/{each}" in links} == shown, query
    assert "state" in read(operator, "/alarms?state=canary").text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alarm SET state = 'open' WHERE alarm_id = %s",
        "UPDATE alarm SET seen = 0 WHERE alarm_id = %s",
        "UPDATE alarm SET detail = 'y' WHERE alarm_id = %s",
        "UPDATE alarm SET raised_at = now() WHERE alarm_id = %s",
        "UPDATE alarm_event SET reason = 'y' WHERE alarm_id = %s",
        "DELETE FROM alarm_event WHERE alarm_id = %s",
        "DELETE FROM alarm WHERE alarm_id = %s",
        "DELETE FROM alarm_delivery WHERE alarm_id = %s",
    ],
)
def test_not_even_the_owner_of_the_tables_rewrites_an_alarm(system, alarm, statement):
    alarm_id = alarm("message stolen", "x")
    system.rows("SELECT handle_alarm(%s, 'acknowledged', 'p', 'P', '')", alarm_id)
    before = row(system, alarm_id)
    with (
        system.stack.services.database.connect("triage") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement, [alarm_id])
    assert row(system, alarm_id) == before


def test_a_closed_alarm_stays_closed(system, alarm):
    alarm_id = alarm("message stolen", "x")
    for state, changed in (("closed", True), ("closed", False), ("acknowledged", False)):
        (answer,) = system.rows("SELECT handle_alarm(%s, %s, 'p', 'P', 'why')", alarm_id, state)
        assert answer["handle_alarm"] is changed
    for state, why in (("closed", " "), ("closed", None), ("open", "why"), ("deleted", "why")):
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            system.rows("SELECT handle_alarm(%s, %s, 'p', 'P', %s)", alarm_id, state, why)


def test_an_alarm_about_a_credential_names_it_and_its_run(system, alarm):
    system.rows("SELECT alarm_credential('example', 'no such credential', %s)", uuid4())
    (found,) = system.rows("SELECT * FROM alarm WHERE kind = 'example'")
    assert (found["run_id"], found["credential_id"]) == (None, None)
    alarm("example", "no such credential")
