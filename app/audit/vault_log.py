"""The vault's own audit log, read for one run. Read only, a line at a time, whatever the size of the file.

Every request leaves two lines with the same request id. The run is named in `auth.metadata.run_id`, which the
dispatcher bound to the identity; what came before that identity is found by the accessor of its wrapping token.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from app.audit.vault_line import AuditLine, request_id_of, time_of

#: Bytes of one line, and lines of one run, at most; more is skipped or cut, and said so.
LINE_LIMIT = 1_000_000
RUN_LIMIT = 1_000
#: How far clocks and the order of lines may differ.
_MARGIN = timedelta(minutes=1)


class VaultLogError(Exception):
    """The log cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultTrail:
    """All lines about one run, in the order of the log; `cut` when there were more than `RUN_LIMIT`.

    `unreadable` counts lines in that stretch of the log that are no audit line, such as one half written.
    """

    lines: tuple[AuditLine, ...]
    unreadable: int
    cut: bool

    @property
    def answered(self) -> frozenset[str]:
        """Request ids the vault answered without an error."""
        return frozenset(line.request_id for line in self.lines if line.type == "response" and not line.error)


class VaultLog:
    """The audit log file of a vault."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def trail(
        self,
        run_id: UUID,
        *,
        wrapping_accessors: Collection[str] = (),
        since: datetime,
        until: datetime | None = None,
    ) -> VaultTrail:
        """The lines about `run_id` between two times (UTC); without `until`, to the end of the log.

        Raises `VaultLogError` when the file cannot be read.
        """
        try:
            with self._path.open("rb") as log:
                start = _offset(log, since - _MARGIN)
                stretch = _Stretch(log, start, None if until is None else until + _MARGIN)
                ids = stretch.request_ids(str(run_id), frozenset(wrapping_accessors))
                return stretch.read(ids)
        except OSError as error:
            raise VaultLogError(error.strerror or type(error).__name__) from None


class _Stretch:
    """Part of an open log, from an offset in bytes until a time."""

    def __init__(self, log: BinaryIO, start: int, until: datetime | None) -> None:
        self._log = log
        self._start = start
        self._until = until

    def request_ids(self, run_id: str, wrapping_accessors: frozenset[str]) -> frozenset[str]:
        """Ids of the requests that are about the run."""
        needles = [text.encode() for text in (run_id, *wrapping_accessors)]
        found: set[str] = set()
        for raw in self._raw():
            if any(needle in raw for needle in needles):
                line = AuditLine.parse(raw)
                if line is not None and line.is_about(run_id, wrapping_accessors):
                    found.add(line.request_id)
            if len(found) > RUN_LIMIT:
                break
        return frozenset(found)

    def read(self, ids: frozenset[str]) -> VaultTrail:
        """The lines of these requests."""
        found: list[AuditLine] = []
        unreadable = 0
        for raw in self._raw():
            request_id = request_id_of(raw)
            if request_id is not None and request_id not in ids and raw.endswith(b"\n"):
                continue
            line = AuditLine.parse(raw)
            if line is None:
                unreadable += 1
            elif line.request_id in ids:
                found.append(line)
            if len(found) > RUN_LIMIT:
                break
        return VaultTrail(lines=tuple(found[:RUN_LIMIT]), unreadable=unreadable, cut=len(found) > RUN_LIMIT)

    def _raw(self) -> Iterator[bytes]:
        self._log.seek(self._start)
        for raw in _whole_lines(self._log):
            if self._until is not None:
                moment = time_of(raw)
                if moment is not None and moment > self._until:
                    return
            yield raw


def _whole_lines(log: BinaryIO) -> Iterator[bytes]:
    """Lines up to the limit; of a longer one only the beginning. The last may be half written."""
    while raw := log.readline(LINE_LIMIT):
        yield raw
        while len(raw) == LINE_LIMIT and not raw.endswith(b"\n"):
            raw = log.readline(LINE_LIMIT)  # the rest of the same line


def _offset(log: BinaryIO, since: datetime) -> int:
    """Where to start reading, by halving: some line start before which all lines are older than `since`."""
    low, high = 0, log.seek(0, 2)
    while high - low > LINE_LIMIT:
        middle = (low + high) // 2
        log.seek(middle)
        log.readline(LINE_LIMIT)  # the rest of the line that was hit
        here = log.tell()
        moment = time_of(log.readline(LINE_LIMIT))
        if moment is not None and moment < since:
            low = here
        else:
            high = middle
    return low
