"""What is taken from the vault's log for a contract file, whatever has become of the log since it was read."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import product
from uuid import UUID

import pytest

from app.contract_file import log_search
from app.contract_file.log_check import check_log
from app.contract_file.log_reader import LogReader
from app.contract_file.run_content import row_fields
from app.reconciliation.log_anchors import Anchor, ChainStretch
from app.reconciliation.log_chain import BEGUN
from app.reconciliation.log_coverage import SHARED
from tests.unit.contract_file.conftest import NOON, RUN, audit_line, lines_of_run

END = NOON + timedelta(minutes=5)


class Known:
    """Anchors as a reconciler would have made them, of files that are read as they are now."""

    anchored = ()
    premise = None

    def read(self, log, *, each=1, at=NOON, loss=None, needs_alarm=True):
        chain, place, reached = UUID(int=1000 + len(self.anchored)), 0, BEGUN
        lines = log.read_bytes().splitlines(keepends=True)
        anchors = []
        for number in range(len(lines) + 1):
            if number % each == 0 or number == len(lines):
                anchors.append(
                    Anchor(
                        number=len(self.anchored) * 10_000 + number + 1,
                        chain=chain,
                        source="vault-log",
                        file=str(log),
                        inode=log.stat().st_ino,
                        place=place,
                        lines=number,
                        digest=reached,
                        marks=b"",
                        at=at + timedelta(seconds=number),
                    )
                )
            if number < len(lines):
                reached = sha256(reached + sha256(lines[number]).digest()).digest()
                place += len(lines[number])
        self.anchored = (*self.anchored, (anchors, loss, needs_alarm))

    def chains(self, since):
        return [
            ChainStretch(
                start=next((each for each in reversed(anchors) if each.at <= since), anchors[0]),
                end=anchors[-1],
                loss=loss,
                needs_alarm=needs_alarm,
            )
            for anchors, loss, needs_alarm in self.anchored
            if anchors[-1].at >= since
        ]

    def anchors(self, chain):
        (anchors,) = (its for its, _, _ in self.anchored if its[0].chain == chain.start.chain)
        return (each for each in anchors if each.number > chain.start.number)

    def gap(self, _since, _until):
        return self.premise


@pytest.fixture
def known():
    return Known()


@pytest.fixture
def log(tmp_path):
    return tmp_path / "audit.log"


OTHERS = [audit_line(f"other-{number}", "sys/health") for number in range(6)]
MINT, LOGIN, ISSUE = lines_of_run()
LINES = [*OTHERS[:2], MINT, OTHERS[2], LOGIN, ISSUE, *OTHERS[3:]]


@pytest.fixture
def found(make_file, known, log):
    """What a check of the extract finds; `was` returns the extract itself."""

    def extract(named=log):
        file = make_file()
        extract.file = file
        return LogReader(known, named).extract(file.runs, END)

    def check(named=log):
        made = extract(named)
        (run,) = extract.file.runs
        content = {
            "attempts": [row_fields(row) for row in run.attempts],
            "not_recorded_by_the_worker": [],
        }
        manifest = {
            "vault_log": made.stated(),
            "runs": [str(RUN)],
            "identities": content["attempts"],
            "credentials": [row_fields(row) for row in run.credentials],
        }
        return check_log(manifest, [content], dict(made.files()))

    check.extract = extract
    return check


def test_the_lines_of_a_run_are_taken_whole_between_the_nearest_anchors(found, known, log):
    log.write_bytes(b"".join(LINES))
    known.read(log)
    (stretch,) = found.extract().stretches
    assert [line for line, _ in stretch.lines()] == [MINT, LOGIN, ISSUE]
    assert [each.lines for each in stretch.anchors] == [2, 3, 4, 5, 6]
    assert len(stretch.content.splitlines()) == 4
    assert (found().problems, found().missing) == ([], [])


def test_both_lines_of_a_request_are_taken(found, known, log):
    asked = audit_line("login-request", "auth/approle/login", kind="request")
    log.write_bytes(b"".join([OTHERS[0], asked, *LINES]))
    known.read(log)
    (stretch,) = found.extract().stretches
    assert [line for line, _ in stretch.lines()] == [asked, MINT, LOGIN, ISSUE]


@pytest.mark.parametrize("act", ["remove", "edit", "insert", "move", "cut"])
@pytest.mark.parametrize("each_and_line", list(product([1, 2, 5, 100], range(2, 6))))
def test_a_line_changed_after_it_was_read_is_found_offline(found, known, log, act, each_and_line):
    each, line = each_and_line
    log.write_bytes(b"".join(LINES))
    known.read(log, each=each)
    lines = list(LINES)
    match act:
        case "remove":
            del lines[line]
        case "edit":
            lines[line] = lines[line].replace(b"update", b"delete")
        case "insert":
            lines.insert(line, audit_line("inserted", "sys/health"))
        case "move":
            lines.append(lines.pop(line))
        case "cut":
            del lines[line:]
    with log.open("wb") as file:  # the same inode
        file.write(b"".join(lines))
    problems = found().problems
    assert any(problem.startswith("vault-log/1 ") for problem in problems), problems


def test_a_log_whose_every_line_of_the_run_is_gone_contradicts_the_records(found, known, log):
    log.write_bytes(b"".join(OTHERS))
    known.read(log)
    assert len(found().problems) == 3


def test_a_rotated_file_and_a_copy_of_it_are_read_too(found, known, log, tmp_path):
    log.write_bytes(b"".join(LINES))
    known.read(log)
    log.rename(tmp_path / "audit.log.1")
    log.write_bytes(OTHERS[0])
    known.read(log, at=END)
    assert (found().problems, found().missing) == ([], [])
    content = (tmp_path / "audit.log.1").read_bytes()
    (tmp_path / "audit.log.2").write_bytes(content)  # while the first is there, so that it has another inode
    (tmp_path / "audit.log.1").unlink()
    assert (found().problems, found().missing) == ([], [])


def test_lines_in_the_files_of_two_servers_are_all_taken(found, known, tmp_path):
    for name, lines in (("a", [MINT, OTHERS[0]]), ("b", [OTHERS[1], LOGIN, ISSUE])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "audit.log").write_bytes(b"".join(lines))
        known.read(tmp_path / name / "audit.log")
    named = tmp_path / "*" / "audit.log"
    assert len(found.extract(named).stretches) == 2
    assert (found(named).problems, found(named).missing) == ([], [])


def test_without_its_file_nothing_is_established(found, known, log):
    log.write_bytes(b"".join(LINES))
    known.read(log)
    log.rename(log.with_name("elsewhere"))
    log.write_bytes(OTHERS[0])
    known.read(log, at=END + timedelta(days=1))
    checked = found()
    assert checked.problems == []
    assert checked.missing == [f"a file of the vault's log of this time is not here (run {RUN})"]


def test_a_file_that_was_kept_long_enough_is_no_contradiction_though_another_has_its_inode(found, known, log):
    log.write_bytes(b"".join(LINES))
    known.read(log, loss="it was removed", needs_alarm=False)
    with log.open("wb") as file:
        file.write(OTHERS[0])
    known.read(log, at=END + timedelta(days=60))
    checked = found()
    assert checked.problems == []
    assert "it was removed" in checked.missing[0]


def test_a_change_in_the_file_at_another_time_leaves_the_run_proven(found, known, log):
    """The reconciler begins a new chain then; the old one still covers the lines of the run."""
    later = [audit_line(f"later-{number}", "x", at=NOON + timedelta(seconds=number)) for number in range(100)]
    log.write_bytes(b"".join([*LINES, *later]))
    known.read(log, loss="line 100 reads differently")
    lines = [*LINES, *later[:90], later[90].replace(b"update", b"delete"), *later[91:]]
    with log.open("wb") as file:
        file.write(b"".join(lines))
    known.read(log, at=END + timedelta(hours=1))
    assert (found().problems, found().missing) == ([], [])


def test_lines_that_were_read_late_are_found_and_said_to_be(found, known, log):
    log.write_bytes(b"".join(LINES))
    known.read(log, at=END + timedelta(hours=1))
    checked = found()
    assert checked.problems == []
    assert [premise[:35] for premise in checked.missing] == ["a line in vault-log/1 was written a"]


def test_what_the_database_does_not_prove_is_said(found, known, log):
    log.write_bytes(b"".join(LINES))
    known.read(log)
    known.premise = "not all was read"
    assert found().missing == [f"not all was read (run {RUN})"]
    known.premise = SHARED
    assert found().missing == [SHARED]


def test_a_gap_excuses_no_line_that_is_there(found, known, log):
    forged = lines_of_run(secret={"lease_id": "lease"})
    log.write_bytes(b"".join([MINT, LOGIN, forged[2]]))
    known.read(log)
    known.premise = "not all was read"
    (problem,) = found().problems
    assert problem.endswith("the record says lease none, the vault's log lease.")


def test_nothing_that_was_read_is_no_proof_of_absence(found, log):
    log.write_bytes(b"".join(LINES))
    checked = found()
    assert checked.problems == []
    assert checked.missing == [f"a file of the vault's log of this time is not here (run {RUN})"]


def test_without_a_setting_or_with_a_log_that_cannot_be_read_the_reason_is_said(found, tmp_path):
    for named, reason in (
        (None, "VAULT_AUDIT_LOG is not set"),
        (tmp_path / "none", "the vault's log cannot be read: No such file or directory"),
    ):
        checked = found(named)
        assert checked.problems == []
        assert checked.missing[0].startswith(reason)


def test_more_lines_than_a_file_takes_are_said(found, known, log, monkeypatch):
    monkeypatch.setattr(log_search, "LINES_LIMIT", 4)
    log.write_bytes(b"".join(LINES))
    known.read(log)
    checked = found()
    assert checked.problems == []
    assert "more than" in checked.missing[0]


def test_an_attempt_that_has_not_ended_is_read_to_the_time_of_the_export(make_file, known, log):
    log.write_bytes(b"".join(LINES))
    known.read(log)
    asked = []
    known.gap = lambda *times: asked.append(times)
    (run,) = make_file().runs
    open_end = type(run.attempts[0])(**run.attempts[0].model_dump() | {"revoked_at": None})
    LogReader(known, log).extract([replace(run, attempts=[open_end])], END)
    assert asked == [(NOON, END)]


def test_a_line_of_any_length_takes_little_memory(found, known, log):
    long = audit_line("vault-request", "x" * 3_000_000)
    log.write_bytes(b"".join([*LINES, long, OTHERS[0]]))
    known.read(log)
    (stretch,) = found.extract().stretches
    assert len(stretch.content) < 10_000
    assert (found().problems, found().missing) == ([], [])
