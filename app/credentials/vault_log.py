"""The vault's own audit log, read for one run. Read only, a block at a time, whatever the size of its files.

Every request leaves two lines with the same request id. The run is named in `auth.metadata.run_id`, which the
dispatcher bound to the identity; what came before that identity is found by the accessor of its wrapping token.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from app.credentials.log_files import open_all
from app.credentials.log_parts import FileNotes, parts_of
from app.credentials.log_stretch import LogStretch, lines_with
from app.credentials.vault_line import AuditLine, lines_without_id, request_id_of

#: Lines of one run at most; more is cut, and said so.
RUN_LIMIT = 1_000
#: How far clocks and the order of lines may differ.
_MARGIN = timedelta(minutes=1)


class VaultLogError(Exception):
    """The log cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultTrail:
    """All lines about one run, in order of time; `cut` when there were more than `RUN_LIMIT`.

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
    """The audit log of a vault: the file being written, and those beside it that rotation has left."""

    def __init__(self, path: Path) -> None:
        """`path`: the file being written; with wildcards where several servers write one each."""
        self._path = path

    def trail(
        self,
        run_id: UUID,
        *,
        wrapping_accessors: Collection[str] = (),
        since: datetime,
        until: datetime | None = None,
        notes: Collection[FileNotes] = (),
    ) -> VaultTrail:
        """The lines about `run_id` between two times (UTC); without `until`, to the end of the log.

        `notes` about this run spare reading what is about others; what is found is the same. Raises
        `VaultLogError` when a file cannot be read.
        """
        since, until = since - _MARGIN, None if until is None else until + _MARGIN
        with self._stretches(since, until, notes) as stretches:
            return _Reading(stretches, str(run_id), frozenset(wrapping_accessors)).trail()

    def lines_of_runs(self, *, since: datetime) -> Iterator[AuditLine]:
        """The lines that name any run, from `since` (UTC) or little earlier to the end. Raises `VaultLogError`."""
        with self._stretches(since - _MARGIN, None) as stretches:
            for stretch in stretches:
                for _, block in stretch.blocks():
                    parsed = (AuditLine.parse(raw) for _, raw in lines_with(block, [b'"run_id"']))
                    yield from (line for line in parsed if line is not None and line.run_id is not None)

    @contextmanager
    def _stretches(
        self, since: datetime, until: datetime | None, notes: Collection[FileNotes] = ()
    ) -> Iterator[list[LogStretch]]:
        try:
            with open_all(self._path) as logs:
                yield [LogStretch(log, since=since, until=until, parts=parts_of(log, notes)) for log in logs]
        except OSError as error:
            raise VaultLogError(error.strerror or type(error).__name__) from None


class _Reading:
    """The lines found about one run, in the same stretch of each file.

    Each line found is kept by the number of its file and its place there.
    """

    def __init__(self, stretches: list[LogStretch], run_id: str, wrapping_accessors: frozenset[str]) -> None:
        self._stretches = stretches
        self._run_id = run_id
        self._wrapping_accessors = wrapping_accessors
        self._lines: dict[tuple[int, int], AuditLine] = {}
        self._unreadable = 0

    def trail(self) -> VaultTrail:
        """Every line of every request that is about the run."""
        self._find_named()
        in_parts = any(stretch.is_in_parts for stretch in self._stretches)
        for everywhere in (False, True) if in_parts else (True,):
            unpaired = self._unpaired()
            if unpaired and len(self._lines) <= RUN_LIMIT:
                for file, place, block in self._blocks(everywhere=everywhere):
                    self._find_others(file, place, block, unpaired)
        lines = [line for _, line in sorted(self._lines.items())]
        if len(self._stretches) > 1:
            lines.sort(key=lambda line: line.time)
        return VaultTrail(
            lines=tuple(lines[:RUN_LIMIT]),
            unreadable=self._unreadable + sum(stretch.skipped for stretch in self._stretches),
            cut=len(lines) > RUN_LIMIT,
        )

    def _blocks(self, *, everywhere: bool = False) -> Iterator[tuple[int, int, bytes]]:
        for file, stretch in enumerate(self._stretches):
            for place, block in stretch.blocks(everywhere=everywhere):
                yield file, place, block

    def _find_named(self) -> None:
        needles = [text.encode() for text in (self._run_id, *self._wrapping_accessors)]
        for file, place, block in self._blocks():
            self._unreadable += lines_without_id(block)
            for start, raw in lines_with(block, needles):
                line = AuditLine.parse(raw)
                if line is None:
                    self._unreadable += request_id_of(raw) is not None  # else it is counted already
                elif line.is_about(self._run_id, self._wrapping_accessors):
                    self._lines[file, place + start] = line
            # The other half is nearly always near: then the log need not be gone through again.
            self._find_others(file, place, block, self._unpaired())
            if len(self._lines) > RUN_LIMIT:
                return

    def _unpaired(self) -> frozenset[str]:
        """Requests of which only the question or only the answer has been found."""
        kinds: dict[str, set[str]] = {}
        for line in self._lines.values():
            kinds.setdefault(line.request_id, set()).add(line.type)
        return frozenset(request_id for request_id, found in kinds.items() if len(found) == 1)

    def _find_others(self, file: int, place: int, block: bytes, request_ids: frozenset[str]) -> None:
        for start, raw in lines_with(block, [request_id.encode() for request_id in request_ids]):
            line = AuditLine.parse(raw)
            if line is not None and line.request_id in request_ids:
                self._lines[file, place + start] = line
