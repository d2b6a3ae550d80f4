"""Follows the log of one tool: reads what is new, each line once, over rotations, failures and restarts.

How far a log has been read is recorded in the same transaction as the uses found there.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from app.credentials.log_files import open_all, sizes
from app.credentials.log_place import BEGINNING, LogPlace
from app.credentials.log_stretch import PieceKind, pieces
from app.credentials.vault_events import FileKey, PositionMovedError
from app.reconciliation.use_lines import LineReader, ToolUse, UnreadableLineError
from app.reconciliation.use_store import SourceNote, UseStore

#: Bytes read into one transaction, at least.
_BATCH = 1_000_000
_TRIES = 10
_LOST = "lines may be lost: the log was cut short, replaced or removed before it was read to its end"


@dataclass(slots=True)
class _Batch:
    """The lines up to a place: their uses by the ids of the lines, and counts."""

    place: int
    uses: dict[str, ToolUse] = field(default_factory=dict)
    lines: int = 0
    unreadable: int = 0


class UseLog:
    """The log of one tool. Not safe to use from several threads; other processes may read the same log."""

    def __init__(
        self,
        system: str,
        named: Path | None,
        *,
        setting: str,
        read_line: LineReader,
        store: UseStore,
        observed: Collection[int],
    ) -> None:
        """`named`: the file being written, from `setting`; with wildcards where several servers write one each.

        `observed` are the user ids of the processes that are compared with the log, and must not write it.
        """
        self.system = system
        self._named = named
        self._setting = setting
        self._read_line = read_line
        self._store = store
        self._observed = observed
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._is_written_apart = False

    @property
    def is_known(self) -> bool:
        """Whether a setting names the log."""
        return self._named is not None

    def look(self, now: datetime) -> SourceNote:
        """Read and record what was in the log at `now`, by the database's clock. Raises `OperationalError`."""
        if self._named is None:
            return SourceNote(source=self.system, problem=f"{self._setting.upper()} is not set")
        try:
            found = sizes(self._named)
            read = SourceNote(source=self.system, start=now)
            if found != self._sizes:
                read = self._read_all(self._named, read)
            self._sizes = found
        except OSError as error:
            self._sizes = {}
            reason = f"{error.filename or self._named}: {error.strerror or type(error).__name__}"
            return SourceNote(source=self.system, problem=reason)
        return replace(read, until=now, written_apart=self._is_written_apart)

    def _read_all(self, named: Path, note: SourceNote) -> SourceNote:
        for _ in range(_TRIES):
            try:
                with open_all(named) as logs:
                    self._is_written_apart = all(self._is_apart(log) for log in logs)
                    return self._read_files(named.name, logs, note)
            except PositionMovedError:
                continue  # another reader was faster: go on where it is
        raise OSError(0, "several processes read it at once", str(named))

    def _read_files(self, name: str, logs: Collection[BinaryIO], note: SourceNote) -> SourceNote:
        # A rotated file belongs to the one beside it that is being written.
        files = {(Path(log.name).parent / name, os.fstat(log.fileno()).st_ino): log for log in logs}
        positions = self._store.positions()
        if _is_cut(positions, files):
            note = replace(note, gap=True, problem=_LOST)
            # At once: what is read from here on must not be taken for what follows.
            self._store.note([note])
        for key, log in files.items():
            known = positions.get(key)
            start = known if known is not None and known.is_in(log) else BEGINNING
            inodes = [inode for file, inode in files if file == key[0]]
            if known is not None and start is not known:
                self._record(key, known, _Batch(0), start, inodes)
                known = start
            for batch in self._batches(key[0], log, start.place):
                reached = LogPlace.at(batch.place, log, lines=start.lines + batch.lines)
                self._record(key, known, batch, reached, inodes)
                known = start = reached
                times = [use.at for use in batch.uses.values() if not note.gap]
                note = replace(note, start=min([note.start or times[0], *times]) if times else note.start)
        return note

    def _record(
        self, key: FileKey, known: LogPlace | None, batch: _Batch, reached: LogPlace, inodes: Collection[int]
    ) -> None:
        self._store.record(
            key,
            system=self.system,
            known=known,
            reached=reached,
            lines=batch.lines,
            unreadable=batch.unreadable,
            inodes=inodes,
            uses=batch.uses,
        )

    def _is_apart(self, log: BinaryIO) -> bool:
        return os.fstat(log.fileno()).st_uid not in self._observed and not os.access(log.name, os.W_OK)

    def _batches(self, file: Path, log: BinaryIO, start: int) -> Iterator[_Batch]:
        batch = _Batch(start)
        for piece in pieces(log, start):
            if piece.kind is PieceKind.LINES:
                self._read_lines(batch, file, piece.place, piece.text)
            elif piece.kind is PieceKind.LONG_LINE:
                batch.lines, batch.unreadable = batch.lines + 1, batch.unreadable + 1
            batch.place = piece.end
            if batch.place - start >= _BATCH:
                at = log.tell()
                yield batch
                log.seek(at)
                start, batch = batch.place, _Batch(batch.place)
        if batch.place > start:
            yield batch

    def _read_lines(self, batch: _Batch, file: Path, place: int, block: bytes) -> None:
        for line in block.split(b"\n")[:-1]:
            batch.lines += 1
            try:
                use = self._read_line(line)
            except UnreadableLineError:
                batch.unreadable += 1
            else:
                if use is not None:
                    batch.uses[_line_id(file, place, line)] = use
            place += len(line) + 1


def _is_cut(positions: dict[FileKey, LogPlace], files: dict[FileKey, BinaryIO]) -> bool:
    """Whether something that was read is no longer there, neither in its file nor in a copy of it."""
    for file in {file for file, _ in files}:
        places = {key: place for key, place in positions.items() if key[0] == file}
        there = {key: log for key, log in files.items() if key[0] == file}
        if places and places.keys().isdisjoint(there):
            return True
        for key in places.keys() & there.keys():
            copies = (log for other, log in there.items() if other != key)
            if not places[key].is_in(there[key]) and not any(places[key].is_in(copy) for copy in copies):
                return True
    return False


def _line_id(file: Path, place: int, line: bytes) -> str:
    """The same for a line that is read again, also in a copy that rotation made of its file."""
    return sha256(b"%s\0%d\0%s" % (os.fsencode(file), place, line)).hexdigest()
