"""Alarms and metrics for programs."""

import re
from uuid import uuid4

import pytest

from app.credentials.alarm_kinds import ALARM_KINDS

SAMPLE = re.compile(r'(\w+)\{(\w+="[^"]*"(?:,\w+="[^"]*")*)\} (\d+(?:\.\d+)?(?:e[+-]\d+)?)')


@pytest.fixture
def stolen(system):
    """An open alarm."""
    alarm_id = uuid4()
    system.execute(
        "INSERT INTO alarm (alarm_id, kind, detail) VALUES (%s, 'message stolen', 'say \"x\" \\')", alarm_id
    )
    yield str(alarm_id)
    for table in ("alarm_delivery", "alarm_event", "alarm"):
        system.execute(f"DELETE FROM {table} WHERE alarm_id = %s", alarm_id)  # noqa: S608  # names of this list


def test_a_program_reads_and_handles_an_alarm(program_of, problem, stolen):
    operator, auditor = program_of("operator-a"), program_of("auditor-a")
    listed = auditor.get("/alarms?state=open&severity=critical&kind=message+stolen")["items"]
    assert [each["alarm_id"] for each in listed] == [stolen]
    assert listed[0]["severity"] == "critical"
    detail = auditor.get(f"/alarms/{stolen}")
    assert detail["action"] == ALARM_KINDS["message stolen"].action
    assert detail["events"] == []
    problem(auditor.post(f"/alarms/{stolen}/acknowledgements"), 403)
    answer = operator.post(f"/alarms/{stolen}/acknowledgements")
    assert answer.status_code == 200
    assert answer.json["state"] == "acknowledged"
    assert problem(operator.post(f"/alarms/{stolen}/acknowledgements"), 409)["type"].endswith(":not-now")
    told = problem(operator.post(f"/alarms/{stolen}/closings", {"reason": " "}), 422)
    assert told["errors"][0]["field"] == "reason"
    closed = operator.post(f"/alarms/{stolen}/closings", {"reason": "Known."}).json
    assert [(each["state"], each["by"], each["reason"]) for each in closed["events"]] == [
        ("acknowledged", "operator-a", ""),
        ("closed", "operator-a", "Known."),
    ]
    problem(operator.post(f"/alarms/{stolen}/closings", {"reason": "Again."}), 409)
    problem(operator.post(f"/alarms/{uuid4()}/closings", {"reason": "None."}), 404)


def test_metrics_are_for_those_who_may_read_alarms_and_count_them(system, program_of, problem, stolen):
    problem(program_of("officer-a").open("GET", "/metrics"), 403)
    system.execute(
        "INSERT INTO alarm_delivery (alarm_id, channel) VALUES (%s, 'mail to \"soc\"@agency.example')", stolen
    )
    system.execute("INSERT INTO log_source VALUES ('example', now(), now(), 5, 2, true, NULL, now())")
    answer = program_of("operator-a").open("GET", "/metrics")
    system.execute("DELETE FROM log_source WHERE source = 'example'")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line.replace('\\"', "'")) for line in samples), samples
    assert 'triage_alarms{kind="message stolen",severity="critical",state="open"} 1' in samples
    assert 'triage_alarm_deliveries_waiting{channel="mail to \\"soc\\"@agency.example"} 1' in samples
    assert 'triage_log_unreadable_lines{log="example"} 2' in samples
    assert any(line.startswith('triage_log_lag_seconds{log="example"} 0') for line in samples)
    named = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(named) == len(set(named))
    assert {line.partition("{")[0] for line in samples} <= set(named)
