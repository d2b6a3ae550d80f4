"""The files of a log that is rotated, or written by several servers: which there are, opened together."""

import glob
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from app.credentials.log_stretch import LINE_LIMIT
from app.credentials.vault_line import time_of

#: How often the files are opened anew, because some were renamed while they were being opened.
_TRIES = 5
_PACKED = (".gz", ".xz", ".bz2", ".zst")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@contextmanager
def open_all(named: Path) -> Iterator[list[BinaryIO]]:
    """All files of a log, in order of their first lines.

    `named` is the file being written, beside which rotation leaves `audit.log.1` or `audit.log-20261128`; packed ones
    are not read. Where several servers write, it has wildcards, as in `/logs/*/audit.log`. Raises OSError.
    """
    with ExitStack() as stack:
        yield sorted(_opened(named, stack), key=_first_time)


def being_written(named: Path) -> set[Path]:
    """The files that servers write now; none for a moment while the log is rotated."""
    return {Path(path) for path in glob.glob(str(named))}  # noqa: PTH207 - the pattern may be absolute


def sizes(named: Path) -> dict[Path, tuple[int, int]]:
    """Inode and size of each file of a log: unless they change, nothing is written. Raises OSError."""
    return {path: (status.st_ino, status.st_size) for path in _files(named) for status in [path.stat()]}


def _opened(named: Path, stack: ExitStack) -> list[BinaryIO]:
    problem: OSError = FileNotFoundError()
    for _ in range(_TRIES):
        with ExitStack() as draft:
            try:
                logs: list[BinaryIO] = [draft.enter_context(path.open("rb")) for path in _files(named)]
                now = {path.stat().st_ino for path in _files(named)}
            except FileNotFoundError as missing:
                problem = missing
                continue
            if now == {os.fstat(log.fileno()).st_ino for log in logs}:
                stack.push(draft.pop_all())
                return logs
            problem = BlockingIOError(0, "it is being rotated all the time")
    raise problem


def _files(named: Path) -> list[Path]:
    """The files of the log. Without any, the named file, so that its absence is noticed."""
    current = being_written(named)
    rotated = {
        path
        for each in current or {named}
        for mark in (".", "-")
        for path in each.parent.glob(f"{glob.escape(each.name)}{mark}*")
        if path.suffix not in _PACKED
    }
    return sorted(current | rotated) or [named]


def _first_time(log: BinaryIO) -> datetime:
    log.seek(0)
    return time_of(log.readline(LINE_LIMIT)) or _LONG_AGO
