"""No event is lost or doubled on its way into the database, and none holds up a request for long."""

import json
import logging
import os
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DataError, OperationalError

from app.review.event_records import EventOutcome, SecurityEvent
from app.web.recording import event_lines, event_outbox
from app.web.recording.event_lines import EventLines
from app.web.recording.event_outbox import EventOutbox
from app.web.recording.refusal_limit import EACH

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
#: Of a network for documentation (RFC 5737).
ADDRESS = "192.0.2.1"


def event(**changed):
    return SecurityEvent.of(
        **{"at": NOW, "action": "decide", "outcome": EventOutcome.SUCCEEDED, "address": ADDRESS, **changed}
    )


class Database:
    """Stores events by their id, or raises `error`."""

    def __init__(self) -> None:
        self.stored = []
        self.error = None
        self.poison = None

    def add(self, events):
        if self.error is not None:
            raise self.error
        if self.poison in events:
            raise DataError("x", {}, Exception())
        self.stored += events


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture
def outbox(database, pipe):
    made = EventOutbox(database.add, now=lambda: NOW, lines=EventLines(pipe[1]))
    yield made
    made.close(seconds=0)


def lines(pipe):
    return [json.loads(line) for line in os.read(pipe[0], 1 << 20).splitlines()]


def test_an_event_is_stored_before_its_request_goes_on(outbox, database, pipe):
    known = event(person="officer-a", detail={"decision": "confirmed"})
    outbox.record(known)
    assert database.stored == [known]
    assert lines(pipe) == [{"log": "security-event", **known.as_json()}]


def test_events_wait_for_a_database_that_is_away_and_are_stored_once_in_order(
    outbox, database, monkeypatch, until, caplog
):
    monkeypatch.setattr(event_outbox, "_LONGEST_PAUSE", 0.05)
    database.error = OperationalError("x", {}, Exception())
    events = [event(object=f"flag {number}") for number in range(120)]
    for each in events:
        outbox.record(each, patience=0)
    until(lambda: caplog.records, what="the report")
    database.error = None
    until(lambda: len(database.stored) >= len(events), what="storing")
    assert database.stored == events
    reports = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(reports) == 1
    assert "security events wait for the database (OperationalError)" in reports[0].message


def test_an_answer_waits_only_so_long_for_a_database(outbox, database):
    database.error = RuntimeError("whatever it is")
    began = time.monotonic()
    outbox.record(event(), patience=0.1)
    assert 0.1 <= time.monotonic() - began < 5


def test_an_event_that_cannot_be_stored_holds_up_no_other(outbox, database, monkeypatch, until, caplog):
    monkeypatch.setattr(event_outbox, "_LONGEST_PAUSE", 0.05)
    database.error = OperationalError("x", {}, Exception())
    events = [event(object=f"flag {number}") for number in range(3)]
    database.poison = events[1]
    for each in events:
        outbox.record(each, patience=0)
    database.error = None
    until(lambda: len(database.stored) == 2, what="storing")
    assert database.stored == [events[0], events[2]]
    assert f"security event {events[1].event_id} cannot be stored" in caplog.text


def test_the_room_is_limited_and_refusals_get_half_of_it(outbox, database):
    database.error = OperationalError("x", {}, Exception())
    for _ in range(event_outbox.ROOM_OF_REFUSALS):
        outbox.record(event(), patience=0)
    outbox.record_refusal(event(action="use a token", outcome=EventOutcome.REFUSED))
    while not outbox.is_full:
        outbox.record(event(), patience=0)
    database.error = None
    outbox.close(seconds=10)
    assert len(database.stored) == event_outbox.MOST + 1
    assert [each.times for each in database.stored if each.outcome is EventOutcome.REFUSED] == [1]
    assert "use a token" not in {each.action for each in database.stored}


def test_a_flood_of_refusals_is_counted(outbox, database, pipe, until):
    for _ in range(EACH + 90):
        outbox.record_refusal(event(outcome=EventOutcome.REFUSED))
    outbox.close(seconds=10)
    *single, counted = database.stored
    assert len(single) == EACH
    assert (counted.action, counted.address, counted.times) == ("further refusals", ADDRESS, 90)
    assert [line["times"] for line in lines(pipe)] == [*[1] * EACH, 90]


def test_what_waits_at_the_end_is_stored_or_reported(database, pipe, caplog):
    database.error = OperationalError("x", {}, Exception())
    outbox = EventOutbox(database.add, now=lambda: NOW, lines=EventLines(pipe[1]))
    outbox.record(event(), patience=0)
    outbox.close(seconds=0.1)
    assert "1 security events are on standard output and not in the database" in caplog.text


def test_a_collector_that_does_not_read_costs_lines_and_they_are_counted(pipe, monkeypatch):
    monkeypatch.setattr(event_lines, "_PATIENCE", 0.05)
    written = EventLines(pipe[1])
    for _ in range(300):
        written.write(event(object="x" * 500))
    first = lines(pipe)
    written.write(event(object="the next"))
    (after,) = lines(pipe)
    assert len(first) + after["lines_lost_before"] == 300
    assert all("lines_lost_before" not in line for line in first)


def test_a_collector_that_is_gone_stops_nothing(caplog):
    reading, writing = os.pipe()
    os.close(reading)
    EventLines(writing).write(event())
    os.close(writing)
    assert "are not written to standard output" in caplog.text


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", 'a"},{"b', "a\x00b", "\ud800", "a\u2028b", "b" * 5_000])
def test_no_value_forges_a_line(pipe, text):
    EventLines(pipe[1]).write(event(person=text, object=text, detail={text: [text, {"x": text}]}))
    written = os.read(pipe[0], 1 << 20)
    assert written.count(b"\n") == 1
    assert written.isascii()
    (line,) = (json.loads(each) for each in written.splitlines())
    assert len(line["object"]) <= 500
    assert "\x00" not in line["object"]


def test_no_value_holds_a_secret():
    token = "eyJ" + "a" * 40
    made = event(object=f"/x?token={token}", detail={"reason": f"password: {'s' * 20}", "list": [token]})
    assert token not in str(made)
    assert "s" * 20 not in str(made)
