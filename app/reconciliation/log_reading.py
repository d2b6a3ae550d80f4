"""Reads the vault's log as evidence: each of its files is a chain, and what is no longer as it was read is a loss."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import BinaryIO
from uuid import UUID

from app.credentials.log_files import open_all, sizes
from app.credentials.vault_line import request_id_of
from app.reconciliation.content_digest import Contents
from app.reconciliation.followed_file import FollowedFile, Loss, state_of
from app.reconciliation.log_anchors import Anchor, AnchorStore
from app.reconciliation.log_chain import LogChain, first_difference, lines_from
from app.reconciliation.use_store import SourceNote

#: Bytes of the log between two anchors at most.
_STRETCH = 4_000_000
#: Bytes at the end of each file that are read again every few seconds.
_RECENT = 64_000_000
_FIRST = ": line 1 (byte 0) "


class LogReading:
    """The vault's log as one audit device writes it. Safe to use from several threads.

    All methods raise `OSError`, `OperationalError` and `PositionMovedError`, after which they are to be asked again.
    """

    def __init__(
        self,
        source: str,
        named: Path,
        store: AnchorStore,
        *,
        observed: Collection[int],
        kept: timedelta,
        saw: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        """`named`: the file being written; with wildcards where several servers write one each.

        `observed` are the user ids that must not write it. A file whose last lines are older than `kept` may go. `saw`
        is given the beginning of each new line once, also if the line must be read again because it was not anchored.
        """
        self.source = source
        self._named = named
        self._store = store
        self._observed = observed
        self._kept = kept
        self._saw = saw
        self._lock = RLock()
        self._known: list[FollowedFile] | None = None
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._again: set[int] = set()  # files that are read again because lines of them were lost
        self._said: dict[UUID, int] = {}  # place in each chain up to which `saw` was given the lines
        self._is_apart = False

    def look(self, now: datetime) -> tuple[SourceNote, list[Loss]]:
        """Read and anchor what was in the log at `now`, by the database's clock; what was lost before it."""
        with self._followed() as known:
            note, losses, found = SourceNote(source=self.source, start=now, until=now), [], sizes(self._named)
            if found != self._sizes:
                with open_all(self._named) as logs:
                    self._is_apart = all(self._cannot_be_written(log) for log in logs)
                    places = self._placed(known, logs)
                    losses = [self._missing(each, logs, now) for each in known if id(each) not in places]
                    self._lose(losses)
                    for log in logs:
                        followed = next((each for each in known if places.get(id(each)) is log), None)
                        note = self._read(followed, log, note)
            self._sizes = found
            gap = any(loss.needs_alarm for loss in losses)
            return replace(note, gap=gap, written_apart=self._is_apart), losses

    def prove_recent(self) -> list[Loss]:
        """Read the end of each file again that was written to since the last time; what was lost there."""
        with self._followed() as known, open_all(self._named) as logs:
            losses = []
            for log, each in self._pairs(known, logs):
                if each.proven == (state := state_of(log)):
                    continue
                start = self._store.before(each.last.chain, max(0, each.last.place - _RECENT))
                if start and not each.has_its_bytes(log, start, list(self._store.between(start, each.last))):
                    losses += self._compare(each.last, start, log, each.contents)
                each.proven = state
            self._lose(losses)
            return losses

    def prove_all(self) -> list[Loss]:
        """Read every file again from its first line; what was lost. Others may read on meanwhile."""
        losses = []
        with open_all(self._named) as logs:
            with self._followed() as known:
                pairs = [(log, each.last) for log, each in self._pairs(known, logs)]
            for log, last in pairs:
                if start := self._store.before(last.chain, 0):
                    losses += self._compare(last, start, log)
        with self._followed():
            self._lose(losses)
        return losses

    @contextmanager
    def _followed(self) -> Iterator[list[FollowedFile]]:
        """The chains, for one thread. After any error they are as the database has them."""
        with self._lock:
            try:
                if self._known is None:
                    self._known = [FollowedFile(its) for its in self._store.last(self.source)]
                yield self._known
            except BaseException:
                self._known, self._sizes = None, {}
                raise

    def _placed(self, known: Collection[FollowedFile], logs: Collection[BinaryIO]) -> dict[int, BinaryIO]:
        """The file that holds each chain: its own, or a copy that rotation made before it emptied that."""
        own = {id(each): log for log, each in self._pairs(known, logs) if each.is_in(log)}
        free = [log for log in logs if log not in own.values()]
        for each in known:
            copy = next((log for log in free if each.last.lines and each.is_in(log)), None)
            if id(each) not in own and copy is not None:
                free.remove(copy)
                own[id(each)] = copy
                self._anchor(each, copy)
        return own

    def _pairs(
        self, known: Collection[FollowedFile], logs: Collection[BinaryIO]
    ) -> Iterator[tuple[BinaryIO, FollowedFile]]:
        held = {os.fstat(log.fileno()).st_ino: log for log in logs}
        return ((held[each.last.inode], each) for each in known if each.last.inode in held)

    def _missing(self, each: FollowedFile, logs: Collection[BinaryIO], now: datetime) -> Loss:
        last = each.last
        was_kept = last.at < now - self._kept
        for log, _ in self._pairs([each], logs):
            start = self._store.before(last.chain, 0) or each.anchors[0]
            for loss in self._compare(last, start, log):
                # A file that is gone may have left its inode to another.
                return replace(loss, needs_alarm=not (was_kept and _FIRST in loss.reason))
        what = f"{last.file}: the file that held lines 1 to {last.lines} was removed"
        return Loss(chain=last.chain, reason=what, needs_alarm=not was_kept)

    def _compare(
        self, last: Anchor, start: Anchor, log: BinaryIO, contents: Contents | None = None
    ) -> list[Loss]:
        found = first_difference(log, start, self._store.between(start, last), contents)
        return [] if found is None else [Loss(chain=last.chain, reason=f"{last.file}: {found}")]

    def _lose(self, losses: Collection[Loss]) -> None:
        for loss in losses:
            self._store.lose(loss.chain, loss.reason, needs_alarm=loss.needs_alarm)
        gone = {loss.chain for loss in losses}
        if gone and self._known is not None:
            self._again |= {each.last.inode for each in self._known if each.last.chain in gone}
            self._known[:] = [each for each in self._known if each.last.chain not in gone]
            self._sizes = {}  # what is there now is read from its beginning

    def _read(self, followed: FollowedFile | None, log: BinaryIO, note: SourceNote) -> SourceNote:
        state, lines, unreadable = state_of(log), 0, 0
        each = followed or self._begun(log)
        for line in lines_from(log, each.chain.place):
            each.chain.add(line)
            lines += 1
            unreadable += request_id_of(line.beginning) is None
            if each.chain.place > self._said.get(each.last.chain, 0):
                self._said[each.last.chain] = each.chain.place
                if each.last.inode not in self._again:
                    self._saw(line.beginning)
            if each.chain.place - each.last.place >= _STRETCH:
                self._anchor(each, log)
        if each.chain.place > each.last.place:
            self._anchor(each, log)
        each.seen = state
        self._again.discard(each.last.inode)
        return replace(note, lines=note.lines + lines, unreadable=note.unreadable + unreadable)

    def _begun(self, log: BinaryIO) -> FollowedFile:
        begun = FollowedFile([self._record(None, LogChain(), log)])
        if self._known is not None:
            self._known.append(begun)
        return begun

    def _anchor(self, each: FollowedFile, log: BinaryIO) -> None:
        new = self._record(each.last.chain, each.chain, log)
        each.contents[new.digest] = each.chain.content.take()
        before = max((number for number, its in enumerate(each.anchors) if its.lines < new.lines), default=0)
        each.anchors = [*each.anchors[before:], new]

    def _record(self, name: UUID | None, chain: LogChain, log: BinaryIO) -> Anchor:
        # A rotated file belongs to the one beside it that is being written.
        file, inode = str(Path(log.name).parent / self._named.name), os.fstat(log.fileno()).st_ino
        return self._store.record(name, chain, source=self.source, file=file, inode=inode)

    def _cannot_be_written(self, log: BinaryIO) -> bool:
        return os.fstat(log.fileno()).st_uid not in self._observed and not os.access(log.name, os.W_OK)
