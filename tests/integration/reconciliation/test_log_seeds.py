"""Whatever is done to the vault's log while the system runs raises its alarm within seconds: on real servers."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import wait_until

#: Seconds until the alarm.
SOON = 10
EDITED = "vault log edited"
#: How often an alarm of a kind was raised; the same words count up.
RAISED = "SELECT coalesce(sum(seen), 0) AS n FROM alarm WHERE kind = %s"


def rewrite(log: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change the lines in place, as the file stays open at the vault."""
    with log.open("r+b") as file:
        lines = file.readlines()
        changed = b"".join(change(lines))
        assert changed != b"".join(lines)
        file.seek(0)
        file.write(changed)
        file.truncate()


def issues(line: bytes) -> bool:
    entry = json.loads(line)
    path = entry["request"]["path"]
    return entry["type"] == "response" and (path.startswith(("database/creds/", "auth/token/create/")))


def without(wanted: Callable[[bytes], bool], most: int | None = None) -> Callable[[list[bytes]], list[bytes]]:
    """All lines but those wanted, of which only so many go."""

    def change(lines: list[bytes]) -> list[bytes]:
        gone = [number for number, line in enumerate(lines) if wanted(line)][:most]
        assert gone
        return [line for number, line in enumerate(lines) if number not in gone]

    return change


def exchanged(run_id: UUID) -> Callable[[list[bytes]], list[bytes]]:
    """The first line of a run, which was read, in the place of the line before it."""

    def change(lines: list[bytes]) -> list[bytes]:
        at = next(number for number, line in enumerate(lines) if str(run_id).encode() in line)
        return [*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]]

    return change


SEEDS: dict[str, Callable[[Path, UUID], None]] = {
    "lines of a run deleted": lambda log, run_id: rewrite(
        log, without(lambda line: str(run_id).encode() in line)
    ),
    "three issues deleted": lambda log, _: rewrite(log, without(issues, 3)),
    "all look-ups deleted": lambda log, _: rewrite(log, without(lambda line: b"auth/token/lookup-" in line)),
    "an accessor changed": lambda log, _: rewrite(
        log, lambda lines: [line.replace(b'"accessor":"', b'"accessor":"x') for line in lines]
    ),
    "an older line written again": lambda log, _: rewrite(log, lambda lines: [lines[0], *lines]),
    "two lines in another order": lambda log, run_id: rewrite(log, exchanged(run_id)),
    "emptied": lambda log, _: log.write_bytes(b"") and None,
    "cut to its half": lambda log, _: rewrite(log, lambda lines: lines[: len(lines) // 2]),
    "another file in its place": lambda log, _: replaced(log),
    "removed": lambda log, _: log.unlink(),
}


def replaced(log: Path) -> None:
    """A copy without its first line, under the same name."""
    copy = log.with_name("copy")
    copy.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[1:]))
    copy.replace(log)


@pytest.fixture(scope="module")
def watched(start_system, tmp_path_factory) -> Iterator[Any]:
    """A system of its own, whose log is spoilt."""
    with start_system(tmp_path_factory.mktemp("spoilt")) as running:
        yield running


@pytest.fixture
def log(watched) -> Iterator[Path]:
    """The vault's log, which the vault writes to again after the test."""
    found = watched.vault.layout.audit_log
    yield found
    watched.vault.process_table.kill("vault", signal.SIGHUP)
    wait_until(found.exists, what="a file for the vault's log")


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_done_to_lines_that_were_read_is_found(watched, log, seed):
    (run_id,) = watched.run(watched.actions[0])
    read = "SELECT 1 FROM log_source, (SELECT max(ended_at) AS at FROM attempt) AS last WHERE source = 'vault-log' AND read_until > at"
    wait_until(lambda: watched.rows(read), what="the reading of its lines")
    kind = "vault log unreadable" if seed == "removed" else EDITED
    before = watched.rows(RAISED, kind)[0]["n"]
    SEEDS[seed](log, run_id)
    wait_until(lambda: watched.rows(RAISED, kind)[0]["n"] > before, seconds=SOON, what=f"the alarm {kind}")


def test_logins_that_the_vault_refused_are_found(watched):
    login = {"role_id": "invented", "secret_id": "invented"}
    for _ in range(20):
        assert watched.ask_vault("POST", "auth/approle/login", login, token="").status_code == 400
    alarms = "SELECT 1 FROM alarm WHERE kind = 'logins refused'"
    wait_until(lambda: watched.rows(alarms), seconds=SOON, what="the alarm")
