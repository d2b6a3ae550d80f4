"""Reading the parts of a log that the sweeper noted shows what reading all of it shows, whatever the log holds."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credentials import log_follower, log_parts, log_place, log_stretch
from app.credentials.approle import MINT_PATH
from app.credentials.log_follower import LogFollower
from app.credentials.log_parts import FileNotes
from app.credentials.log_place import LogPlace
from app.credentials.run_stretches import ANY_RUN, RunStretches
from app.credentials.vault_log import VaultLog

RUNS = tuple(UUID(int=number, version=4) for number in (1, 2, 3))
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AFTER = timedelta(seconds=7)


@dataclass
class NotingStore:
    """Keeps positions and stretches as the database does."""

    places: dict = field(default_factory=dict)
    noted_from: dict = field(default_factory=dict)
    minted: dict = field(default_factory=dict)
    rows: list = field(default_factory=list)

    def positions(self):
        return dict(self.places)

    def horizon(self):
        return NOON - timedelta(days=1)

    def record(self, key, *, known, inodes, batch):
        assert (known, key[1] in inodes) == (self.places.get(key), True)
        self.noted_from.setdefault(key, batch.start)
        self.places[key] = batch.reached
        self.minted |= {each.accessor: str(each.run_id) for each in batch.events if each.kind == "minted"}
        self.rows += [
            (each.run_id or self.minted.get(each.accessor, ANY_RUN), key[1], each.begins, each.ends)
            for each in batch.stretches
        ]

    def notes(self, run_id):
        return [
            FileNotes(
                inode=key[1],
                reached=reached,
                noted_from=self.noted_from[key],
                stretches=sorted(
                    (begins, ends)
                    for run, inode, begins, ends in self.rows
                    if inode == key[1] and run in {str(run_id), ANY_RUN} and begins < reached.place
                ),
            )
            for key, reached in self.places.items()
        ]


def accessor(run_id):
    return f"wrapping-{run_id.int % 10}"


def auth_of(kind, run_id):
    named = {"run_id": str(run_id), "attempt": "1"}
    if kind in {"issue", "denied"}:
        return {"accessor": "run-token", "metadata": named | {"role_name": "triage-run"}}
    if kind in {"unwrap", "rewrap"}:
        return {"accessor": accessor(run_id), "policies": ["response-wrapping"]}
    return {
        "key": {"accessor": "key", "metadata": named},
        "mint": {"accessor": "dispatcher", "metadata": {"role_name": "triage-dispatcher"}},
        "made by an operator": {"accessor": "operator"},
    }.get(kind)


PATHS = {
    "mint": MINT_PATH,
    "unwrap": "sys/wrapping/unwrap",
    "rewrap": "sys/wrapping/rewrap",
    "login": "auth/approle/login",
    "issue": "auth/token/create/documents",
    "denied": "auth/token/create/no-such-role",
    "key": "auth/token/lookup-self",
    "made by an operator": "auth/token/create",
}


def pair(kind, run_id, number):
    """The question and the answer of a request, as the vault writes them; their times come later."""
    named = {"run_id": str(run_id), "attempt": "1"}
    request = {"id": f"request-{number}", "operation": "update", "path": PATHS[kind], "data": {}}
    if kind == "mint":
        request["data"] = {"metadata": json.dumps(named)}
    auth = auth_of(kind, run_id)
    question = {"type": "request"} | ({"auth": auth} if auth else {}) | {"request": request}
    response = {
        "mint": {"wrap_info": {"accessor": accessor(run_id), "wrapped_accessor": "secret-id"}},
        "login": {"auth": {"accessor": "run-token", "metadata": named | {"role_name": "triage-run"}}},
        "issue": {"auth": {"accessor": "key", "metadata": named}},
        "made by an operator": {"auth": {"accessor": "odd", "metadata": named}},
    }.get(kind, {})
    answer = question | {"type": "response", "response": response}
    if kind == "login":
        answer = {"type": "response", "auth": response["auth"]} | answer
    if kind == "denied":
        answer["error"] = "permission denied"
    return question, answer


def text_of(line, at):
    time = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return json.dumps({"time": time} | line, separators=(",", ":")).encode() + b"\n"


STRANGE = {
    "garbage": lambda _: b"garbage\n",
    "empty": lambda _: b"\n",
    "long": lambda run: b'{"auth":{"metadata":{"run_id":"%s"}},' % str(run).encode() + b"x" * 20_000 + b"\n",
    "cut off": lambda run: text_of(pair("key", run, 0)[0], NOON)[:-30] + b"\n",
    "cut off before it says whose": lambda run: (
        b'{"type":"response","request":{"id":"cut"},"data":{"run_id":"%s"\n' % str(run).encode()
    ),
}
KINDS = st.sampled_from([*PATHS, *STRANGE])


@st.composite
def logs(draw):
    """The lines of a log: answers come after some questions of others, and some never."""
    lines, open_answers = [], []
    for number, (kind, run_id) in enumerate(
        draw(st.lists(st.tuples(KINDS, st.sampled_from(RUNS)), max_size=25))
    ):
        if kind in STRANGE:
            lines.append(STRANGE[kind](run_id))
            continue
        question, answer = pair(kind, run_id, number)
        lines.append(question)
        open_answers.append(answer)
        while open_answers and draw(st.booleans()):
            lines.append(open_answers.pop(draw(st.integers(0, len(open_answers) - 1))))
    moments = (NOON + n * AFTER for n in range(len(lines)))
    return [line if isinstance(line, bytes) else text_of(line, next(moments)) for line in lines]


def both_ways(named, store, run_id, **wanted):
    """The trail with notes, which must be the one without."""
    log = VaultLog(named)
    wanted = {"wrapping_accessors": [accessor(run_id)], "since": NOON} | wanted
    found = log.trail(run_id, notes=store.notes(run_id), **wanted)
    assert found == log.trail(run_id, **wanted)
    return found


@given(
    lines=logs(),
    reads=st.tuples(st.lists(st.integers(0, 1_000_000), max_size=6), st.integers(200, 3_000)),
    time=st.tuples(st.integers(-60, 300), st.one_of(st.none(), st.integers(0, 200))),
    events=st.sets(st.sampled_from(["upgrade", "rotation"])),
)
def test_what_is_shown_of_a_run_does_not_depend_on_what_was_noted(
    tmp_path_factory, lines, reads, time, events
):
    named = tmp_path_factory.mktemp("log") / "audit.log"
    (cuts, block), (whole, store) = reads, (b"".join(lines), NotingStore())
    places = sorted(cut % (len(whole) + 1) for cut in cuts)
    begins = NOON + timedelta(seconds=time[0])
    until = None if time[1] is None else begins + timedelta(seconds=time[1])
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in (
            (log_stretch, "BLOCK", block),
            (log_stretch, "LINE_LIMIT", 5_000),
            (log_place, "_BATCH", block),
            (log_parts, "_BEFORE", 100),
            (log_follower, "_UNRECORDED", 1_000),
        ):
            patch.setattr(module, name, value)
        follower = LogFollower(named, store)
        for number, (start, end) in enumerate(zip([0, *places], [*places, len(whole)], strict=True)):
            with named.open("ab") as file:
                file.write(whole[start:end])
            if end < len(whole):
                follower.read_to_end()
            if number == 0 and "upgrade" in events:  # nothing of before was noted
                store.noted_from = {key: place.place for key, place in store.places.items()}
                store.rows = []
            if number == 1 and "rotation" in events and whole[:end].endswith(b"\n"):
                named.rename(named.with_name("audit.log.1"))
        for run_id in RUNS:
            both_ways(named, store, run_id, since=begins, until=until)


def crowded(named, *, others):
    """A log in which a run began and ended, with the lines of many others before, between and after."""
    crowd = b"".join(text_of(pair("issue", RUNS[1], number)[1], NOON) for number in range(others))
    mine = [text_of(line, NOON) for kind in ("mint", "login", "key") for line in pair(kind, RUNS[0], kind)]
    named.write_bytes(crowd + b"".join(mine) + crowd)
    return 2 * len(crowd)


@pytest.fixture
def bytes_read(monkeypatch):
    read, of_log = [], log_stretch.pieces

    def counted(*args):
        for piece in of_log(*args):
            read.append(piece.end - piece.place)
            yield piece

    monkeypatch.setattr(log_stretch, "pieces", counted)
    return lambda: sum(read)


def test_what_others_did_is_not_read(tmp_path, bytes_read):
    named, store = tmp_path / "audit.log", NotingStore()
    size = crowded(named, others=12_000)
    LogFollower(named, store).read_to_end()
    assert store.notes(RUNS[0])[0].stretches[0][1] < size  # the run is not spread over all batches
    found = VaultLog(named).trail(
        RUNS[0], wrapping_accessors=[accessor(RUNS[0])], since=NOON, notes=store.notes(RUNS[0])
    )
    assert [line.path for line in found.lines if line.type == "response"] == [
        PATHS[kind] for kind in ("mint", "login", "key")
    ]
    assert bytes_read() < 3 * log_stretch.BLOCK < size / 10


def test_what_the_sweeper_has_not_read_is_shown(tmp_path):
    named, store = tmp_path / "audit.log", NotingStore()
    crowded(named, others=2_000)
    LogFollower(named, store).read_to_end()
    with named.open("ab") as log:
        log.write(text_of(pair("issue", RUNS[0], "late")[1], NOON))
    assert both_ways(named, store, RUNS[0]).lines[-1].request_id == "request-late"


@pytest.mark.parametrize("change", ["cut short", "replaced", "another file"])
def test_notes_about_other_bytes_hide_nothing(tmp_path, change):
    named, store = tmp_path / "audit.log", NotingStore()
    crowded(named, others=500)
    LogFollower(named, store).read_to_end()
    lines = named.read_bytes().splitlines(keepends=True)
    mine = [line for line in lines if str(RUNS[0]).encode() in line]
    if change == "cut short":
        named.write_bytes(b"".join(mine))
    elif change == "replaced":  # the same inode, and as long as before
        named.write_bytes(b"".join([*mine, *lines])[: named.stat().st_size])
    else:
        named.rename(tmp_path / "kept")
        named.write_bytes(b"".join([*mine, *lines]))
    assert both_ways(named, store, RUNS[0]).lines


def test_a_line_that_was_taken_out_is_missing_either_way(tmp_path):
    named, store = tmp_path / "audit.log", NotingStore()
    crowded(named, others=500)
    LogFollower(named, store).read_to_end()
    before = both_ways(named, store, RUNS[0])
    edited = [
        line.replace(str(RUNS[0]).encode(), str(RUNS[2]).encode()) if PATHS["key"].encode() in line else line
        for line in named.read_bytes().splitlines(keepends=True)
    ]
    named.write_bytes(b"".join(edited))
    after = both_ways(named, store, RUNS[0])
    assert [line.path for line in before.lines[: len(after.lines)]] == [line.path for line in after.lines]
    assert len(before.lines) == len(after.lines) + 2


@pytest.mark.parametrize("odd", ["\x00", "\u00e9", "", "'; DROP TABLE run; --", "x" * 500])
def test_nothing_that_a_database_refuses_is_noted(odd):
    """Such as a NUL, which no text of it holds: the sweeper would come to a stop there."""
    found = RunStretches()
    for who in (
        f'"accessor":"{odd}","policies":["response-wrapping"]',
        f'"metadata":{{"run_id":"{odd}"}}',
        '"metadata":{"run_id":"AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA"}',
    ):
        line = f'{{"time":"{NOON.isoformat()}","auth":{{{who}}},"request":{{"id":"odd"}}}}\n'
        found.add_lines(0, line.encode())
    assert {(each.run_id, each.accessor) for each in found} <= {(ANY_RUN, None)}


def test_a_place_of_the_beginning_proves_no_file(tmp_path):
    """Nothing before it can differ: then all of a file is unread."""
    named = tmp_path / "audit.log"
    crowded(named, others=10)
    notes = FileNotes(
        inode=named.stat().st_ino,
        reached=LogPlace(place=0, mark=log_place.BEGINNING.mark),
        noted_from=0,
        stretches=[],
    )
    with named.open("rb") as log:
        assert log_parts.parts_of(log, [notes]) == [(0, None)]
