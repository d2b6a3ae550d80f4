"""The reader of the vault's audit log: every line of a run and no other, whatever state the file is in."""

import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.credentials import log_files, log_stretch, vault_log
from app.credentials.log_stretch import lines_with
from app.credentials.vault_line import time_of
from app.credentials.vault_log import VaultLog, VaultLogError

RUN = UUID("11111111-1111-4111-8111-111111111111")
OTHER = UUID("22222222-2222-4222-8222-222222222222")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def line(
    request_id,
    kind="response",
    *,
    run=None,
    path="auth/token/create/contracts",
    at=NOON,
    accessor=None,
    response=None,
    **more,
):
    auth = {"accessor": accessor} | ({"metadata": {"run_id": str(run)}} if run else {})
    return {
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z",
        "type": kind,
        "auth": auth,
        "request": {"id": request_id, "operation": "update", "path": path},
        "response": response,
    } | more


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "audit.log"

    def write(*lines, end="\n"):
        texts = [each if isinstance(each, str) else json.dumps(each, separators=(",", ":")) for each in lines]
        path.write_text("\n".join(texts) + end)
        return VaultLog(path)

    return write


def read(log, **wanted):
    return log.trail(RUN, since=NOON, **wanted)


def test_both_lines_of_a_login_are_found_though_only_the_answer_names_the_run(log):
    trail = read(
        log(
            line("login", "request", path="auth/approle/login"),
            line("strange", "request", path="auth/approle/login"),
            line("login", run=RUN, path="auth/approle/login", response={"auth": {"accessor": "acc"}}),
            line("strange", run=OTHER, path="auth/approle/login"),
        )
    )
    assert [(each.request_id, each.type) for each in trail.lines] == [
        ("login", "request"),
        ("login", "response"),
    ]
    assert trail.lines[1].issued_accessor == "acc"
    assert trail.answered == {"login"}
    assert trail.lines[0].time == NOON.replace(microsecond=0)


def test_the_mint_and_the_unwrap_are_found_by_the_accessor_of_the_wrapping_token(log):
    trail = read(
        log(
            line("mint", "request", path="auth/approle/role/triage-run/secret-id"),
            line("mint", response={"wrap_info": {"accessor": "wrapping"}}),
            line("unwrap", "request", accessor="wrapping", path="sys/wrapping/unwrap"),
            line("unwrap", accessor="wrapping", path="sys/wrapping/unwrap"),
            line("mint2", response={"wrap_info": {"accessor": "another"}}),
        ),
        wrapping_accessors=["wrapping"],
    )
    assert [each.request_id for each in trail.lines] == ["mint", "mint", "unwrap", "unwrap"]


def test_leases_and_errors_are_read_and_a_refusal_is_no_answer(log):
    lease = "database/creds/ledger-reader/abc"
    trail = read(
        log(
            line("lease", run=RUN, response={"secret": {"lease_id": lease}}),
            line("refused", run=RUN, error="1 error occurred: permission denied"),
        )
    )
    assert trail.lines[0].lease_id == lease
    assert trail.lines[1].error == "1 error occurred: permission denied"
    assert trail.answered == {"lease"}


def test_the_run_id_in_another_place_does_not_count(log):
    """A path or a child's own metadata may say anything; only what the identity carries counts."""
    stranger = line("x", run=OTHER, path=f"auth/token/create/{RUN}")
    stranger["request"]["data"] = {"meta": {"run_id": str(RUN)}}
    assert read(log(stranger)).lines == ()


def test_a_half_written_last_line_is_left_out_and_counted(log):
    half = json.dumps(line("late", run=RUN), separators=(",", ":"))[:-20]
    trail = read(log(line("one", run=RUN), half, end=""))
    assert [each.request_id for each in trail.lines] == ["one"]
    assert trail.unreadable == 1


@pytest.mark.parametrize(
    "broken",
    [
        f"{RUN} no json",
        f'["{RUN}"]',
        f'{{"auth":["{RUN}"],"request":"{RUN}"}}',
        "[" * 100_000 + str(RUN),
        f'{{"time":"soon","auth":{{"metadata":{{"run_id":"{RUN}"}}}},"request":{{"id":"one"}}}}',
        f'{{"time":5,"auth":{{"metadata":{{"run_id":["{RUN}"]}}}},"request":{{"id":{{}}}}}}',
        f'{{"time":"2026-11-24T12:00:00","auth":{{"metadata":{{"run_id":"{RUN}"}}}},"request":{{"id":"one"}}}}',
        "",
        "\x00\x00",
    ],
)
def test_a_broken_line_hides_no_other(log, broken):
    trail = read(log(line("one", run=RUN), broken, line("two", run=RUN)))
    assert [each.request_id for each in trail.lines] == ["one", "two"]


def test_a_line_of_any_length_is_skipped_without_being_held_in_memory(log):
    huge = line("huge", run=RUN, padding="x" * 20_000_000)
    trail_of = log(line("one", run=RUN), huge, line("two", run=RUN))
    tracemalloc.start()
    trail = read(trail_of)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.request_id for each in trail.lines] == ["one", "two"]
    assert trail.unreadable == 1
    assert peak < 8_000_000


def test_a_run_with_very_many_lines_is_cut_and_says_so(log, monkeypatch):
    monkeypatch.setattr(vault_log, "RUN_LIMIT", 10)
    trail = read(log(*(line(f"id-{number}", run=RUN) for number in range(30))))
    assert (len(trail.lines), trail.cut) == (10, True)
    assert not read(log(line("one", run=RUN))).cut


def test_only_the_stretch_between_the_two_times_is_read(log, monkeypatch):
    """The log of months is halved to the day, so the time of a page does not grow with the file."""
    monkeypatch.setattr(log_stretch, "BLOCK", 2_000)
    lines = [
        line(f"id-{minute}", run=RUN, at=NOON + timedelta(minutes=minute)) for minute in range(-3000, 3000)
    ]
    whole = log(*lines)
    seen = []
    monkeypatch.setattr(log_stretch, "time_of", lambda raw: seen.append(raw) or time_of(raw))
    monkeypatch.setattr(
        vault_log, "lines_with", lambda block, needles: seen.append(block) or lines_with(block, needles)
    )
    trail = read(whole, until=NOON + timedelta(minutes=2))
    assert {"id-0", "id-1", "id-2"} <= {each.request_id for each in trail.lines}
    assert "id-4" not in {each.request_id for each in trail.lines}
    assert sum(map(len, seen)) < 20_000


@pytest.mark.parametrize("position", [0, 1, 399, 400, 798, 799])
def test_no_line_is_lost_wherever_it_lies(log, position, monkeypatch):
    monkeypatch.setattr(log_stretch, "BLOCK", 2_000)
    moments = [NOON + timedelta(minutes=10 * number) for number in range(800)]
    lines = [line(str(uuid4()), run=OTHER, at=moment) for moment in moments]
    lines[position] = line("mine", run=RUN, at=moments[position])
    found = log(*lines).trail(RUN, since=moments[position], until=moments[position])
    assert [each.request_id for each in found.lines] == ["mine"]


def test_an_empty_log_and_one_that_is_not_there(log, tmp_path):
    assert read(log(end="")).lines == ()
    with pytest.raises(VaultLogError, match="No such file"):
        read(VaultLog(tmp_path / "nowhere"))
    with pytest.raises(VaultLogError, match="Is a directory"):
        read(VaultLog(tmp_path))


def test_a_run_is_whole_though_the_log_was_rotated_in_between(tmp_path):
    """Its lines lie in three files, one request's on both sides of a border; packed ones and others are left alone."""
    moments = [NOON + timedelta(seconds=number) for number in range(6)]
    halves = [line(name, kind, run=RUN) for name in "abc" for kind in ("request", "response")]
    lines = [
        json.dumps({**half, "time": at.isoformat()}, separators=(",", ":")) + "\n"
        for half, at in zip(halves, moments, strict=True)
    ]
    (tmp_path / "audit.log.2").write_text("".join(lines[:1]))
    (tmp_path / "audit.log-20261124").write_text("".join(lines[1:3]))
    (tmp_path / "audit.log").write_text("".join(lines[3:]))
    for other in ("audit.log.3.gz", "other.log"):
        (tmp_path / other).write_text(lines[0])
    trail = read(VaultLog(tmp_path / "audit.log"))
    assert [(each.request_id, each.type) for each in trail.lines] == [
        (name, kind) for name in "abc" for kind in ("request", "response")
    ]
    assert trail.unreadable == 0
    # Between renaming the file and the vault's next line there is none of the usual name.
    (tmp_path / "audit.log").rename(tmp_path / "audit.log.1")
    assert read(VaultLog(tmp_path / "audit.log")) == trail


def test_the_logs_of_several_servers_are_one_in_order_of_time(tmp_path):
    """After a failover, and after another one back."""
    for number, server in enumerate("abab"):
        (tmp_path / server).mkdir(exist_ok=True)
        with (tmp_path / server / "audit.log").open("a") as log:
            log.write(json.dumps(line(f"{number}", run=RUN, at=NOON + timedelta(minutes=number))) + "\n")
    assert [each.request_id for each in read(VaultLog(tmp_path / "*" / "audit.log")).lines] == [
        "0",
        "1",
        "2",
        "3",
    ]


def test_a_file_renamed_while_the_log_is_opened_is_not_missed(tmp_path, monkeypatch):
    (tmp_path / "audit.log").write_text(json.dumps(line("mine", run=RUN)) + "\n")
    files = log_files._files

    def rotated_once(named):
        found = files(named)
        if named.exists():
            named.rename(tmp_path / "audit.log.1")
        return found

    monkeypatch.setattr(log_files, "_files", rotated_once)
    assert [each.request_id for each in read(VaultLog(tmp_path / "audit.log")).lines] == ["mine"]


def test_the_lines_of_a_day_are_read_over_a_rotation(tmp_path):
    log = VaultLog(tmp_path / "audit.log")
    for hour, name in ((-1, "audit.log.2"), (0, "audit.log.1"), (1, "audit.log")):
        at = NOON + timedelta(hours=hour)
        lines = [line(f"at {hour}", run=RUN, at=at), line("of no run", at=at)]
        (tmp_path / name).write_text(
            "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in lines)
        )
    found = [each.request_id for each in log.lines_of_runs(since=NOON)]
    assert found[-2:] == ["at 0", "at 1"]
