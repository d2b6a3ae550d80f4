"""Whatever is done to a line of the vault's log after it was read is found, and its first changed line is named."""

import json
import os
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from app.connections.database import connect
from app.credentials.vault_events import PositionMovedError
from app.reconciliation import log_reading
from app.reconciliation.log_anchors import AnchorStore
from app.reconciliation.log_devices import LogDevices
from app.reconciliation.log_reading import LogReading

NOW = datetime(2026, 11, 1, tzinfo=UTC)
#: What an attacker may do to one line of a list, at a place; each changes the list.
ACTS = {
    "remove": lambda lines, at: lines[:at] + lines[at + 1 :],
    "edit": lambda lines, at: [*lines[:at], lines[at].replace(b"update", b"delete"), *lines[at + 1 :]],
    "edit to another length": lambda lines, at: [*lines[:at], lines[at][:-3] + b"}\n", *lines[at + 1 :]],
    "double": lambda lines, at: [*lines[: at + 1], *lines[at:]],
    "insert": lambda lines, at: [*lines[:at], entry(10_000), *lines[at:]],
    "move to the end": lambda lines, at: [*lines[:at], *lines[at + 1 :], lines[at]],
    "swap with the next": lambda lines, at: [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
    "cut": lambda lines, at: lines[:at],
    "cut in a line": lambda lines, at: [*lines[:at], lines[at][:20]],
    "break a line": lambda lines, at: [*lines[:at], lines[at][:20] + b"\n", lines[at][20:], *lines[at + 1 :]],
    "join two lines": lambda lines, at: [*lines[:at], lines[at].rstrip() + lines[at + 1], *lines[at + 2 :]],
}


def entry(number):
    """A line as the vault writes it, of another length for each number."""
    request = {
        "id": f"{number:08d}-0000-0000-0000-000000000000",
        "operation": "update",
        "path": "x" * (number % 50),
    }
    return (
        json.dumps(
            {"time": "2026-11-01T00:00:00Z", "type": "request", "request": request}, separators=(",", ":")
        ).encode()
        + b"\n"
    )


@pytest.fixture(scope="module")
def store(system):
    """Anchors, with the login of the reconciler."""
    engine = connect(system.settings("reconciler"), pool_size=2)
    yield AnchorStore(engine)
    engine.dispose()
    examples = "SELECT chain FROM log_anchor WHERE source LIKE 'example%%'"
    system.execute(f"DELETE FROM log_loss WHERE chain IN ({examples})")  # noqa: S608  # text of this test
    system.execute("DELETE FROM log_anchor WHERE source LIKE 'example%%'")
    system.execute("DELETE FROM alarm WHERE kind = 'vault log edited' AND detail LIKE '%%/log%%/audit.log%%'")


@pytest.fixture(scope="module")
def reading_of(store):
    """A reading of a file, as a reconciler that has just started has it."""

    def make(log, saw=lambda _: None):
        return LogReading(
            f"example {log}", log, store, observed={os.getuid()}, kept=timedelta(days=30), saw=saw
        )

    return make


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A log of its own for each example of a property."""

    def make(lines=()):
        log = tmp_path_factory.mktemp("log") / "audit.log"
        log.write_bytes(b"".join(lines))
        return log

    return make


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sizes=st.lists(st.integers(1, 8), min_size=1, max_size=5),
    act=st.sampled_from(sorted(ACTS)),
    where=st.floats(0, 1, exclude_max=True),
    then=st.sampled_from(["", "restarted", "grown"]),
)
def test_each_act_on_a_line_that_was_read_is_found_and_its_line_is_named(  # noqa: PLR0917  # by hypothesis
    fresh, reading_of, sizes, act, where, then
):
    lines = list(map(entry, range(sum(sizes) + 1)))
    log = fresh()
    reading = reading_of(log)
    read = 0
    for size in (*sizes, 1):
        read += size
        with log.open("ab") as writer:
            writer.write(b"".join(lines[read - size : read]))
        assert reading.look(NOW)[1] == []
    assert reading.prove_all() == []
    at = int(where * (len(lines) - 1))
    changed = ACTS[act](lines, at)
    log.write_bytes(b"".join(changed) + (entry(20_000) if then == "grown" else b""))
    if then == "restarted":
        reading = reading_of(log)
    losses = reading.look(NOW)[1] or reading.prove_recent()
    (loss,) = losses
    first = next(
        (number for number, pair in enumerate(zip(lines, changed, strict=False), 1) if pair[0] != pair[1]),
        len(changed) + 1,
    )
    assert re.search(
        rf"audit\.log: line {first} \(byte {len(b''.join(lines[: first - 1]))}\) ", loss.reason
    ), loss
    assert reading.look(NOW)[1] == []  # what is there now is a chain of its own
    assert reading.prove_all() == []


def grow(log, *numbers):
    with log.open("ab") as writer:
        writer.writelines(map(entry, numbers))


def test_a_renamed_file_goes_on_in_its_chain_also_when_it_grows_late(fresh, reading_of):
    log = fresh(map(entry, range(3)))
    reading = reading_of(log)
    reading.look(NOW)
    rotated = log.rename(log.with_name("audit.log.1"))
    grow(rotated, 3)
    grow(log, 4, 5)
    for its in (reading, reading_of(log)):
        note, losses = its.look(NOW)
        assert (losses, note.gap) == ([], False)
        assert its.prove_all() == []
    rotated.write_bytes(rotated.read_bytes().replace(b"update", b"delete", 1))
    (loss,) = reading.prove_recent()
    assert "line 1 (byte 0) reads differently" in loss.reason


def test_a_copy_that_is_emptied_in_place_takes_the_chain_with_it(fresh, reading_of):
    log = fresh(map(entry, range(3)))
    reading = reading_of(log)
    reading.look(NOW)
    copy = log.with_name("audit.log.1")
    copy.write_bytes(log.read_bytes())
    log.write_bytes(entry(9))
    assert reading.look(NOW)[1] == []
    grow(log, 10)
    assert [reading.look(NOW)[1], reading.prove_all(), reading_of(log).look(NOW)[1]] == [[], [], []]
    copy.write_bytes(b"".join(map(entry, (0, 2))))
    (loss,) = reading.look(NOW)[1]
    assert "line 2 " in loss.reason


@pytest.mark.parametrize("leaves", ["nothing", "its inode"])
@pytest.mark.parametrize("days", [29, 31])
def test_a_file_that_goes_before_its_time_is_an_alarm(system, fresh, reading_of, days, leaves):
    log = fresh([entry(1)])
    reading = reading_of(log)
    reading.look(NOW)
    if leaves == "its inode":
        log.unlink()
        grow(log, 2)
    else:
        rotated = log.rename(log.with_name("audit.log.1"))
        grow(log, 2)
        rotated.unlink()
    read = datetime.now(UTC)
    note, (loss,) = reading.look(read + timedelta(days=days))
    needs_alarm = days < 30
    assert loss.needs_alarm is note.gap is needs_alarm
    if leaves == "nothing":
        assert loss.reason.endswith("the file that held lines 1 to 1 was removed")
    assert bool(system.rows("SELECT 1 FROM alarm WHERE detail = %s", loss.reason)) is needs_alarm


def test_a_line_of_any_length_is_part_of_the_chain_and_one_that_does_not_end_yet_is_not(fresh, reading_of):
    long = b"x" * 2_500_000 + b"\n"
    log = fresh([entry(1), long, entry(2), b"begun"])
    reading = reading_of(log)
    note, _ = reading.look(NOW)
    assert (note.lines, note.unreadable) == (3, 1)
    with log.open("ab") as writer:
        writer.write(b" and ended\n")
    assert reading.look(NOW)[0].lines == 1
    with log.open("r+b") as writer:
        writer.seek(len(entry(1)) + 2_000_000)
        writer.write(b"y")
    (loss,) = reading.prove_recent()
    assert "line 2 " in loss.reason


def test_lines_are_compared_one_by_one_only_once_after_a_start(fresh, reading_of, monkeypatch):
    log = fresh(map(entry, range(50)))
    reading_of(log).look(NOW)
    read = []
    compare = log_reading.first_difference
    monkeypatch.setattr(log_reading, "first_difference", lambda *its: read.append(its) or compare(*its))
    started_again = reading_of(log)
    started_again.look(NOW)
    for number in range(50, 53):
        grow(log, number)
        started_again.look(NOW)
        assert started_again.prove_recent() == []
    assert len(read) == 1
    changed = log.read_bytes().replace(b"update", b"delete", 1)
    log.write_bytes(changed)
    (loss,) = started_again.prove_recent()
    assert "line 1 " in loss.reason


def test_a_chain_that_another_reader_has_extended_is_not_extended_twice(fresh, reading_of):
    log = fresh([entry(1)])
    one, other = reading_of(log), reading_of(log)
    one.look(NOW)
    other.look(NOW)
    grow(log, 2)
    one.look(NOW)
    with pytest.raises(PositionMovedError):
        other.look(NOW)
    note, losses = other.look(NOW)
    assert (note.lines, losses, other.prove_all()) == (0, [], [])


def test_lines_that_are_read_again_after_an_error_are_compared_once(fresh, reading_of, monkeypatch):
    log, seen = fresh([entry(0)]), []
    reading = reading_of(log, seen.append)
    reading.look(NOW)
    grow(log, 1, 2)
    with monkeypatch.context() as away:
        away.delattr(AnchorStore, "record")
        with pytest.raises(AttributeError):
            reading.look(NOW)
    grow(log, 3)
    reading.look(NOW)
    assert seen == list(map(entry, range(4)))


def test_an_anchor_whose_answer_was_lost_takes_no_line_from_the_comparison(fresh, reading_of, monkeypatch):
    seen, log = [], fresh(map(entry, range(2)))
    reading = reading_of(log, saw=seen.append)
    reading.look(NOW)
    grow(log, 2, 3)
    stored = AnchorStore.record

    def unanswered(*arguments, **named):
        stored(*arguments, **named)
        raise OperationalError("", {}, Exception("the connection is lost"))

    with monkeypatch.context() as lost:
        lost.setattr(AnchorStore, "record", unanswered)
        with pytest.raises(OperationalError):
            reading.look(NOW)
    grow(log, 4)
    reading.look(NOW)
    assert seen == list(map(entry, range(5)))


def test_entries_that_one_device_lacks_are_named(monkeypatch):
    moment = [0.0]
    monkeypatch.setattr("app.reconciliation.log_devices.time.monotonic", lambda: moment[0])
    devices = LogDevices(("one", "two"), since="2026-11-01")
    for number in (1, 2, 3):
        devices.saw(0, entry(number))
    for number in (3, 1):  # in any order
        devices.saw(1, entry(number))
    devices.saw(1, b"no entry\n")
    assert devices.differences() == []
    moment[0] += 6
    assert devices.differences() == ["two lacks entries that one has, the first at 2026-11-01T00:00:00Z"]
    devices.saw(
        1, entry(2).replace(b"2026-11-01", b"2026-10-31")
    )  # read by an earlier process from the other one
    moment[0] += 6
    assert devices.differences() == []


def test_question_and_answer_of_a_request_are_two_entries(monkeypatch):
    devices = LogDevices(("one", "two"), since="")
    devices.saw(0, entry(1))
    devices.saw(1, entry(1).replace(b'"type":"request"', b'"type":"response"'))
    monkeypatch.setattr("app.reconciliation.log_devices._GRACE", -1.0)
    assert len(devices.differences()) == 2
