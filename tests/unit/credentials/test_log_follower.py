"""The follower of the vault's log: each line once, whatever happens to files, readers and positions."""

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credentials import log_follower, log_place, log_stretch
from app.credentials.log_follower import LogFollower, LogUnreadableError
from app.credentials.vault_answer import AnswerKind, Hidden, VaultEvent
from app.credentials.vault_events import PositionMovedError

RUN = UUID("11111111-1111-4111-8111-111111111111")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CREATE = "auth/token/create/documents"


def raw(number, *, at=NOON, kind="response", path=CREATE, padding=""):
    """A line as the vault writes it: an API key for the run."""
    metadata = {"attempt": "1", "role_name": "triage-run", "run_id": str(RUN)}
    line = {
        "time": at.isoformat().replace("+00:00", "Z"),
        "type": kind,
        "auth": {"accessor": "run-token", "metadata": metadata},
        "request": {
            "id": f"request-{number}",
            "operation": "update",
            "path": path,
            "data": {"meta": padding},
        },
        "response": {"auth": {"accessor": f"key-{number}", "metadata": {"run_id": str(RUN)}}},
    }
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


@dataclass
class MemoryStore:
    """Keeps events and positions as the database does: both or neither, and a request once."""

    places: dict = field(default_factory=dict)
    events: dict[str, VaultEvent] = field(default_factory=dict)
    since: datetime = NOON - timedelta(days=1)
    dies: bool = False
    transactions: int = 0

    def positions(self):
        return dict(self.places)

    def horizon(self):
        return self.since

    def record(self, key, *, known, inodes, batch):
        if (self.places.get(key) or known) and getattr(known, "place", None) != self.places[key].place:
            raise PositionMovedError
        if self.dies:
            raise KeyboardInterrupt
        self.transactions += 1
        self.places = {each: at for each, at in self.places.items() if each[0] != key[0] or each[1] in inodes}
        self.places[key] = batch.reached
        new = [event for event in batch.events if event.request_id not in self.events]
        self.events |= {event.request_id: event for event in new}

    @property
    def numbers(self):
        return [int(request_id.removeprefix("request-")) for request_id in self.events]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "audit.log"
    path.touch()
    return path


def write(log, *numbers, **line):
    with log.open("ab") as file:
        file.write(b"".join(raw(number, **line) for number in numbers))


class SayingFollower(LogFollower):
    """A follower that says what it has recorded."""

    def __init__(self, named, store) -> None:
        super().__init__(named, store)
        self.store = store

    def new_events(self):
        before = len(self.store.events)
        self.read_to_end()
        return list(self.store.events.values())[before:]


def read(follower):
    return [int(event.request_id.removeprefix("request-")) for event in follower.new_events()]


def test_a_line_is_an_event_only_if_it_is_an_answer_about_a_run(log):
    write(log, 1, kind="request")
    write(log, 2, path="auth/token/lookup-self-of-nobody")
    with log.open("ab") as file:
        file.write(raw(3).replace(b'"triage-run"', b'"triage-web"'))
        file.write(raw(4).replace(b'"response":{', b'"response":{"data":{"error":"hmac-sha256:00"},'))
        file.write(raw(5).replace(b'"response":{', b'"error":"permission denied","response":{'))
    write(log, 6)
    found = [each for each in SayingFollower(log, MemoryStore()).new_events() if each.path == CREATE]
    *denied, event = found
    assert [each.kind for each in denied] == [AnswerKind.DENIED] * 2
    assert (event.kind, event.run_id, event.attempt) == (AnswerKind.ISSUED, RUN, 1)
    assert (event.token_accessor, event.accessor, event.at) == ("run-token", "key-6", NOON)


LINES = [*(raw(number) for number in range(6)), b"garbage\n", b"\n", raw(6, kind="request"), raw(7)]
WHOLE = b"".join(LINES)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8), st.integers(100, 5000), st.booleans())
def test_however_the_log_grows_and_the_reader_restarts_each_event_comes_once(
    tmp_path_factory, cuts, block, restarts
):
    log = tmp_path_factory.mktemp("log") / "audit.log"
    store = MemoryStore()
    follower = SayingFollower(log, store)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_stretch, "BLOCK", block)
        patch.setattr(log_place, "_BATCH", block)
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(WHOLE)], strict=True):
            with log.open("ab") as file:
                file.write(WHOLE[start:end])
            found += read(SayingFollower(log, store) if restarts else follower)
    assert found == [0, 1, 2, 3, 4, 5, 7]
    assert store.numbers == found


def test_the_old_file_is_finished_before_the_new_one(log):
    store = MemoryStore()
    follower = SayingFollower(log, store)
    write(log, 1)
    assert read(follower) == [1]
    write(log, 2)
    log.rename(log.with_name("audit.log.1"))
    write(log.with_name("audit.log.1"), 3)  # the vault has not noticed yet
    write(log, 4, at=NOON + timedelta(minutes=1))
    assert read(follower) == [2, 3, 4]
    log.with_name("audit.log.1").rename(log.with_name("audit.log.2"))
    log.rename(log.with_name("audit.log.1"))
    write(log, 5, at=NOON + timedelta(minutes=2))
    assert read(follower) == [5]
    assert read(SayingFollower(log, store)) == []
    log.with_name("audit.log.2").unlink()
    write(log, 6)
    assert read(follower) == [6]
    assert len(store.places) == 2
    assert follower.take_notes() == []


def test_a_rotation_that_copies_and_empties_the_file_repeats_nothing(log):
    store = MemoryStore()
    follower = SayingFollower(log, store)
    write(log, 1, 2)
    assert read(follower) == [1, 2]
    log.with_name("audit.log.1").write_bytes(log.read_bytes())
    os.truncate(log, 0)
    write(log, 3)
    assert read(follower) == [3]
    assert follower.take_notes() == [f"{log} was cut short or replaced, and is read again from its beginning"]


@pytest.mark.parametrize("left", [0, 100, 1])
def test_a_file_that_is_cut_is_read_again_and_said_so_even_if_it_has_grown_since(log, left):
    store = MemoryStore()
    follower = SayingFollower(log, store)
    write(log, 1, 2)
    read(follower)
    os.truncate(log, left)
    with log.open("ab") as file:
        file.write(b"\n" if left else b"")
    write(log, 3, 4, 5, 6)
    for reader in (follower, SayingFollower(log, store)):
        assert set(read(reader)) <= {3, 4, 5, 6}
    assert store.numbers == [1, 2, 3, 4, 5, 6]
    assert "was cut short" in follower.take_notes()[0]
    assert follower.take_notes() == []


def test_an_inode_given_to_a_new_file_is_no_alarm(log, monkeypatch):
    """As file systems do when the oldest file is deleted in a rotation."""
    follower = SayingFollower(log, MemoryStore())
    old = log.with_name("audit.log.1")
    write(old, 1, 2, 3)
    write(log, 4, at=NOON + timedelta(minutes=1))
    assert read(follower) == [1, 2, 3, 4]
    log.rename(log.with_name("audit.log.2"))
    old.rename(log)  # its inode, with other bytes
    log.write_bytes(raw(5, at=NOON + timedelta(minutes=2)))
    assert read(follower) == [5]
    assert follower.take_notes() == []


def test_a_file_that_is_removed_while_it_is_written_is_noticed(log, monkeypatch):
    follower = SayingFollower(log, MemoryStore())
    write(log.with_name("audit.log.1"), 1)
    write(log, 2, at=NOON + timedelta(minutes=1))
    assert read(follower) == [1, 2]
    log.unlink()
    assert read(follower) == []  # as for a moment in a rotation
    monkeypatch.setattr(log_follower, "_PATIENCE", 0.0)
    with pytest.raises(LogUnreadableError, match="there is no such file"):
        follower.read_to_end()
    assert follower.take_notes() == [f"{log} was removed while the vault was writing it"]
    log.with_name("audit.log.1").unlink()
    with pytest.raises(LogUnreadableError, match="No such file or directory"):
        follower.read_to_end()
    write(log, 3)
    assert read(follower) == [3]


def test_the_new_file_of_a_rotation_may_be_closed_to_readers_for_a_moment(log, monkeypatch):
    opened = iter([PermissionError(13, "Permission denied"), None])
    sizes = log_follower.sizes

    def closed_once(named):
        if error := next(opened, None):
            raise error
        return sizes(named)

    monkeypatch.setattr(log_follower, "sizes", closed_once)
    write(log, 1)
    assert read(SayingFollower(log, MemoryStore())) == [1]


def test_a_folder_in_place_of_the_file_is_said_so(tmp_path):
    with pytest.raises(LogUnreadableError, match="Is a directory"):
        SayingFollower(tmp_path, MemoryStore()).read_to_end()


def test_several_servers_are_read_with_a_place_of_each(tmp_path):
    store = MemoryStore()
    follower = SayingFollower(tmp_path / "*" / "audit.log", store)
    for server in "ab":
        (tmp_path / server).mkdir()
    write(tmp_path / "a" / "audit.log", 1)
    write(tmp_path / "b" / "audit.log", 2, at=NOON + timedelta(minutes=1))
    assert read(follower) == [1, 2]
    write(tmp_path / "a" / "audit.log", 3)
    (tmp_path / "c").mkdir()
    write(tmp_path / "c" / "audit.log", 4, at=NOON + timedelta(minutes=2))
    assert read(follower) == [3, 4]
    assert {key[0].parent.name for key in store.places} == {"a", "b", "c"}


def test_two_readers_at_once_lose_and_repeat_nothing(log):
    store = MemoryStore()
    one, other = SayingFollower(log, store), SayingFollower(log, store)
    found = []
    for number in range(10):
        write(log, 2 * number)
        found += read(one if number % 3 else other)
        write(log, 2 * number + 1)
        found += read(other) + read(one)
    assert found == store.numbers == list(range(20))


def test_a_reader_killed_while_it_records_leaves_the_line_to_the_next(log):
    store = MemoryStore(dies=True)
    write(log, 1)
    follower = SayingFollower(log, store)
    with pytest.raises(KeyboardInterrupt):
        follower.read_to_end()
    store.dies = False
    assert read(follower) == [1]
    assert read(SayingFollower(log, store)) == []


def test_the_first_start_leaves_out_what_is_long_dead_and_the_next_leaves_out_nothing(log, monkeypatch):
    monkeypatch.setattr(log_stretch, "BLOCK", 2_000)
    for minute in range(100):
        write(log, minute, at=NOON + timedelta(minutes=minute))
    store = MemoryStore(since=NOON + timedelta(minutes=90))
    found = read(SayingFollower(log, store))
    assert found[-10:] == list(range(90, 100))
    assert len(found) < 20
    log.rename(log.with_name("audit.log.1"))
    write(log, 100, at=NOON)  # however old it says it is
    assert read(SayingFollower(log, store)) == [100]


def test_what_a_sender_makes_too_long_to_read_is_an_event_that_says_so(log, monkeypatch):
    monkeypatch.setattr(log_stretch, "LINE_LIMIT", 10_000)
    monkeypatch.setattr(log_stretch, "BLOCK", 2_000)
    write(log, 1)
    write(log, 2, padding='{"data":{' * 5_000)
    write(log, 3)
    with log.open("ab") as file:
        file.write(b"x" * 30_000 + b"\n")
    write(log, 4)
    follower = SayingFollower(log, MemoryStore())
    events = follower.new_events()
    assert [event.hidden for event in events] == [None, Hidden.TOO_LONG, None, None]
    assert (events[1].kind, events[1].run_id, events[1].token_accessor) == ("issued", RUN, "run-token")
    (note,) = follower.take_notes()
    assert "has a line that is too long to be read" in note


def test_lines_that_the_vault_has_not_written_are_noted_and_hide_no_other(log):
    write(log, 1)
    with log.open("ab") as file:
        file.write(b'{"time":"soon"}\n\x00\x00\n' + b"[" * 100_000 + b'"role_name":"triage-run"\n')
    write(log, 2)
    follower = SayingFollower(log, MemoryStore())
    assert read(follower) == [1, 2]
    (note,) = follower.take_notes()
    assert "holds lines that are not the vault's (3 near byte 0)" in note


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attempt", "99999999999999999999"),
        ("attempt", "-1"),
        ("attempt", "²"),
        ("run_id", f"urn:uuid:{RUN}"),
        ("run_id", str(RUN).upper().replace("1", "A")),
        ("run_id", "x" * 100_000),
    ],
)
def test_metadata_that_names_no_attempt_is_none_rather_than_an_error(log, name, value):
    metadata = {"attempt": "1", "role_name": "triage-run", "run_id": str(RUN), name: value}
    line = json.loads(raw(1))
    line["auth"]["metadata"] = metadata
    log.write_bytes(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    (event,) = SayingFollower(log, MemoryStore()).new_events()
    assert getattr(event, name) is None


def test_text_that_no_database_stores_is_mended(log):
    line = json.loads(raw(1))
    line["auth"]["metadata"] |= {"requested_by": "a\x00b\ud800" + "c" * 1000, "job_id": "ø🚢"}
    log.write_bytes(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    (event,) = SayingFollower(log, MemoryStore()).new_events()
    assert event.requested_by.startswith("a\ufffdb?c")
    assert (len(event.requested_by), event.job_id) == (500, "ø🚢")


def test_reading_without_events_costs_no_transaction_until_much_was_read(log, monkeypatch):
    monkeypatch.setattr(log_follower, "_UNRECORDED", 10_000)
    store = MemoryStore()
    follower = SayingFollower(log, store)
    write(log, 1)
    read(follower)
    for _ in range(10):
        write(log, 2, kind="request")
        assert read(follower) == []
    assert store.transactions == 1
    write(log, *range(3, 40), kind="request")
    read(follower)
    assert store.transactions == 2
    (place,) = store.places.values()
    assert (place.place, place.lines) == (log.stat().st_size, 48)
