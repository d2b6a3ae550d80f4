"""The log of one tool: each line once, whatever happens to its files, and no stretch claimed that was not read."""

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credentials.vault_events import PositionMovedError
from app.reconciliation import use_log
from app.reconciliation.use_lines import read_request
from app.reconciliation.use_log import UseLog

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@dataclass
class MemoryUses:
    """Keeps uses and positions as the database does: both or neither, and a line once."""

    places: dict = field(default_factory=dict)
    uses: dict = field(default_factory=dict)
    tries: Counter = field(default_factory=Counter)
    moved: int = 0
    lines: int = 0
    unreadable: int = 0
    dies: bool = False
    notes: list = field(default_factory=list)

    def positions(self):
        return dict(self.places)

    def note(self, notes):
        self.notes += notes

    def record(self, key, *, system, known, reached, lines, unreadable, inodes, uses):
        assert system == "tool"
        if self.dies:
            raise KeyboardInterrupt
        if self.moved:
            self.moved -= 1
            raise PositionMovedError
        if self.places.get(key) != known:
            raise PositionMovedError
        self.places = {each: at for each, at in self.places.items() if each[0] != key[0] or each[1] in inodes}
        self.places[key] = reached
        self.lines += lines
        self.unreadable += unreadable
        self.tries.update(uses.keys())
        self.uses = uses | self.uses

    @property
    def numbers(self):
        return sorted(int(use.operation.removeprefix("GET /")) for use in self.uses.values())


def raw(number):
    at = NOON + timedelta(seconds=number)
    return (
        json.dumps({"time": at.isoformat(), "method": "GET", "route": f"/{number}", "status": 200}).encode()
        + b"\n"
    )


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "access.log"
    path.touch()
    return path


def write(log, *numbers):
    with log.open("ab") as file:
        file.write(b"".join(raw(number) for number in numbers))


def reader(log, store, *, observed=()):
    return UseLog("tool", log, setting="tool_log", read_line=read_request, store=store, observed=observed)


@given(
    steps=st.lists(st.sampled_from(["write", "look", "rename", "copy", "restart"]), max_size=25),
    batch=st.sampled_from([1, 200, 1_000_000]),
)
def test_each_line_is_read_once_over_rotations_and_restarts(tmp_path_factory, steps, batch):
    log = tmp_path_factory.mktemp("logs") / "access.log"
    log.touch()
    store, written, rotated = MemoryUses(), 0, 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(use_log, "_BATCH", batch)
        following, notes = reader(log, store), []
        for step in [*steps, "look"]:
            if step == "write":
                write(log, written, written + 1)
                written += 2
            elif step == "rename":
                rotated += 1
                log.rename(log.with_name(f"access.log.{rotated}"))
                log.touch()
            elif step == "copy":
                notes.append(following.look(LATER))
                rotated += 1
                log.with_name(f"access.log.{rotated}").write_bytes(log.read_bytes())
                os.truncate(log, 0)
            elif step == "restart":
                following = reader(log, store)
            else:
                notes.append(following.look(LATER))
    assert store.numbers == list(range(written))
    assert [note for note in notes if note.gap or note.problem] == []
    assert store.unreadable == 0
    assert {note.until for note in notes} == {LATER}


def test_what_was_read_first_says_from_when_on_every_line_is_known(log):
    write(log, 5, 6)
    following = reader(log, MemoryUses())
    assert following.look(LATER).start == NOON + timedelta(seconds=5)
    assert reader(log.with_name("empty"), MemoryUses()).look(LATER).until is None


@pytest.mark.parametrize("loss", ["emptied", "edited", "removed", "replaced"])
def test_lines_that_may_be_lost_end_what_is_known(log, loss):
    write(log, 1, 2, 3)
    store = MemoryUses()
    reader(log, store).look(LATER)
    if loss == "emptied":
        os.truncate(log, 0)
    elif loss == "edited":
        log.write_bytes(log.read_bytes().replace(b"/3", b"/8"))
    else:
        log.rename(log.with_name("elsewhere"))
        if loss == "replaced":
            write(log, 9)
    note = reader(log, store).look(LATER)
    if loss == "removed":
        assert note.until is None
        assert "No such file" in note.problem
        write(log, 9)
        note = reader(log, store).look(LATER)
    assert (note.gap, note.start, note.until) == (True, LATER, LATER)
    assert "lost" in note.problem


def test_a_loss_is_noted_before_anything_that_follows_is_read(log):
    write(log, 1, 2, 3)
    store = MemoryUses()
    reader(log, store).look(LATER)
    os.truncate(log, 0)
    write(log, 9)
    store.dies = True
    with pytest.raises(KeyboardInterrupt):
        reader(log, store).look(LATER)
    assert [(note.gap, note.start, note.until) for note in store.notes] == [(True, LATER, None)]


def test_lines_that_cannot_be_read_are_counted_and_the_rest_is_read(log, monkeypatch):
    monkeypatch.setattr("app.credentials.log_stretch.LINE_LIMIT", 1_000)
    monkeypatch.setattr("app.credentials.log_stretch.BLOCK", 256)
    write(log, 1)
    with log.open("ab") as file:
        file.write(b"half a li\n" + b"x" * 5_000 + b"\n\n")
    write(log, 2)
    with log.open("ab") as file:
        file.write(raw(3)[:20])
    store = MemoryUses()
    reader(log, store).look(LATER)
    assert (store.lines, store.unreadable, store.numbers) == (5, 3, [1, 2])
    with log.open("ab") as file:
        file.write(raw(3)[20:])
    reader(log, store).look(LATER)
    assert (store.lines, store.unreadable, store.numbers) == (6, 3, [1, 2, 3])


def test_a_second_reader_takes_nothing_twice(log):
    write(log, 1)
    store = MemoryUses(moved=2)
    one, other = reader(log, store), reader(log, store)
    one.look(LATER)
    write(log, 2)
    other.look(LATER)
    one.look(LATER)
    assert store.lines == 2
    assert set(store.tries.values()) == {1}


def test_readers_that_always_come_first_are_said(log):
    write(log, 1)
    note = reader(log, MemoryUses(moved=1000)).look(LATER)
    assert note.until is None
    assert "several processes read it at once" in note.problem


def test_the_logs_of_several_servers_are_one(tmp_path):
    store = MemoryUses()
    for number, server in enumerate(("one", "two")):
        (tmp_path / server).mkdir()
        write(tmp_path / server / "access.log", number)
    reader(tmp_path / "*" / "access.log", store).look(LATER)
    assert store.lines == 2
    assert store.numbers == [0, 1]


def test_the_same_line_in_two_places_is_two_uses(log):
    write(log, 1, 1)
    store = MemoryUses()
    reader(log, store).look(LATER)
    assert store.numbers == [1, 1]


def test_without_a_setting_the_tool_says_nothing(log):
    note = reader(None, MemoryUses()).look(LATER)
    assert (note.until, note.problem) == (None, "TOOL_LOG is not set")


def test_a_log_of_an_observed_user_is_not_written_apart(log):
    write(log, 1)
    assert not reader(log, MemoryUses(), observed={log.stat().st_uid}).look(LATER).written_apart
    # The owner of the log may write it in this test, hence it is not apart from its reader either.
    assert not reader(log, MemoryUses()).look(LATER).written_apart
