"""Follows the vault's log: reads what is new, each line once, over rotations, failures and restarts.

How far the log has been read is recorded in the same transaction as the events found there.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from app.credentials.log_files import being_written, open_all, sizes
from app.credentials.log_place import BEGINNING, Batch, LogPlace, batches
from app.credentials.log_stretch import offset_at
from app.credentials.vault_events import EventStore, FileKey, PositionMovedError

#: Bytes that may stay unrecorded where no event is in them: reading them again costs less than a transaction.
_UNRECORDED = 1_000_000
#: Seconds for which a rotation may leave no file of the usual name.
_PATIENCE = 5.0
#: Seconds for which nobody may read the new file of a rotation, and between two tries.
_PATIENCE_ONCE, _POLL = 1.0, 0.02
_TRIES, _MOST_NOTES = 10, 20


class LogUnreadableError(Exception):
    """The log cannot be read to its end. The text says why, in plain words."""


class LogFollower:
    """Reads the log of one vault. Safe to use from several threads, and beside other readers."""

    def __init__(self, named: Path, store: EventStore) -> None:
        """`named`: the file being written; with wildcards where several servers write one each."""
        self._named = named
        self._store = store
        self._lock = Lock()
        #: As the database has it; None if that must be asked.
        self._recorded: dict[FileKey, LogPlace] | None = None
        #: Where reading goes on, which may be beyond what is recorded.
        self._reached: dict[FileKey, LogPlace] = {}
        #: What was read between the two.
        self._unrecorded: dict[FileKey, Batch] = {}
        #: Inode and size of each file, its path, and which were being written, at the last look.
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._paths: dict[FileKey, Path] = {}
        self._written: set[Path] = set()
        self._missing_since: float | None = None
        self._is_down = False
        self._notes: dict[str, None] = {}

    def read_to_end(self) -> None:
        """Read and record everything that was in the log at the time of the call.

        The very first time it begins at `EventStore.horizon`, not with the oldest line: no token of before is alive,
        and to confirm the ends of months would take hours. Raises `LogUnreadableError` when a file cannot be read or
        is missing, and `OperationalError`; what was recorded until then stays recorded.
        """
        with self._lock:
            deadline = time.monotonic() + (0 if self._is_down else _PATIENCE_ONCE)
            while True:
                try:
                    self._read_if_changed()
                except OSError as error:
                    self._sizes = {}
                    if time.monotonic() >= deadline:
                        self._is_down = True
                        reason = error.strerror or type(error).__name__
                        raise LogUnreadableError(f"{error.filename or self._named}: {reason}") from None
                    time.sleep(_POLL)
                else:
                    self._is_down = False
                    self._look_for_written()
                    return

    def take_notes(self) -> list[str]:
        """What was strange about the log since the last call, such as a file that was cut short, in plain words."""
        with self._lock:
            notes, self._notes = list(self._notes), {}
            return notes

    def _read_if_changed(self) -> None:
        found = sizes(self._named)
        if found != self._sizes:
            self._read_all()
        self._sizes = found

    def _read_all(self) -> None:
        for _ in range(_TRIES):
            if self._recorded is None:
                self._recorded, self._reached, self._unrecorded = self._store.positions(), {}, {}
            try:
                with open_all(self._named) as logs:
                    files = {self._key(log): log for log in logs}
                    self._look_over({key: Path(log.name) for key, log in files.items()})
                    known = {file for file, _ in self._recorded}
                    for key, log in files.items():
                        place = self._place(key, log, is_first=key[0] not in known)
                        for batch in batches(log, place):
                            self._take(key, batch)
            except PositionMovedError:
                self._recorded = None  # another reader was faster: go on where it is
            else:
                return
        raise LogUnreadableError(f"{self._named}: several processes read it at once")

    def _key(self, log: BinaryIO) -> FileKey:
        """A rotated file belongs to the one beside it that is being written."""
        return Path(log.name).parent / self._named.name, os.fstat(log.fileno()).st_ino

    def _place(self, key: FileKey, log: BinaryIO, *, is_first: bool) -> LogPlace:
        place = self._reached.get(key) or (self._recorded or {}).get(key)
        if place is None:
            return LogPlace.at(offset_at(log, self._store.horizon()), log) if is_first else BEGINNING
        if place.is_in(log):
            return place
        self._note(key, "was cut short or replaced, and is read again from its beginning")
        return BEGINNING

    def _take(self, key: FileKey, batch: Batch) -> None:
        """Record a batch, unless it holds nothing worth a transaction."""
        recorded = self._recorded if self._recorded is not None else {}
        known = recorded.get(key)
        if (earlier := self._unrecorded.get(key)) is not None:
            batch.stretches.add(earlier.stretches)
        if batch.events or known is None or not 0 <= batch.reached.place - known.place < _UNRECORDED:
            inodes = [inode for file, inode in self._paths if file == key[0]]
            self._store.record(key, known=known, inodes=inodes, batch=batch)
            for gone in [other for other in recorded if other[0] == key[0] and other[1] not in inodes]:
                del recorded[gone]
            recorded[key] = batch.reached
            self._unrecorded.pop(key, None)
        else:
            self._unrecorded[key] = batch
        self._reached[key] = batch.reached
        for note in batch.notes:
            self._note(key, note)

    def _look_over(self, paths: Mapping[FileKey, Path]) -> None:
        """Notice files that were removed, and inodes that were given to new files."""
        written = being_written(self._named)
        for key, path in self._paths.items():
            if key not in paths:
                self._reached.pop(key, None)
                if path in self._written:
                    self._note(key, "was removed while the vault was writing it")
            elif paths[key] in written and path not in self._written:
                self._reached[key] = BEGINNING
        self._paths, self._written = dict(paths), written

    def _look_for_written(self) -> None:
        if being_written(self._named):
            self._missing_since = None
            return
        self._missing_since = self._missing_since or time.monotonic()
        if time.monotonic() - self._missing_since > _PATIENCE:
            raise LogUnreadableError(f"{self._named}: there is no such file")

    def _note(self, key: FileKey, what: str) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes[f"{key[0]} {what}"] = None
