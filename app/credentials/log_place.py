"""A place in a log up to which it has been read, what is found after it, and whether the log before it is the same."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, Self

from app.credentials.log_stretch import PieceKind, lines_with, pieces
from app.credentials.run_stretches import RunStretches
from app.credentials.vault_answer import MARKS, VaultEvent
from app.credentials.vault_line import lines_without_id

#: Bytes before a place that must be what they were.
_MARKED = 256
#: Bytes read into one batch, at about 2 kB a line.
_BATCH = 4_000_000
_ANSWER = b'"type":"response"'
#: Bytes in which a line says whether it is a question or an answer.
_HEAD = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPlace:
    """A place in a file, in bytes. `mark` is a digest of the bytes just before it, `lines` how many were read so far."""

    place: int
    mark: str
    lines: int = 0

    @classmethod
    def at(cls, place: int, log: BinaryIO, *, lines: int = 0) -> Self:
        """A place of an open log."""
        return cls(place=place, mark=_mark(place, log), lines=lines)

    def is_in(self, log: BinaryIO) -> bool:
        """Whether the log reaches to this place, and reads the same before it."""
        return self.place <= os.fstat(log.fileno()).st_size and self.mark == _mark(self.place, log)


BEGINNING = LogPlace(place=0, mark=sha256().hexdigest())


@dataclass(slots=True)
class Batch:
    """What the log holds from a byte to a place: its events, where lines about runs stand, what is wrong with its lines."""

    start: int
    reached: LogPlace
    events: list[VaultEvent] = field(default_factory=list)
    stretches: RunStretches = field(default_factory=RunStretches)
    notes: list[str] = field(default_factory=list)


def batches(log: BinaryIO, start: LogPlace) -> Iterator[Batch]:
    """The log from a line's start to its last whole line, so that one transaction stays small."""
    batch, end, lines = Batch(start.place, start), start.place, start.lines
    for piece in pieces(log, start.place):
        if piece.kind is PieceKind.LINES:
            batch.events += _events(piece.text)
            batch.stretches.add_lines(piece.place, piece.text)
            if strange := lines_without_id(piece.text):
                batch.stretches.add_unreadable(piece.place, piece.end)
                batch.notes.append(
                    f"holds lines that are not the vault's ({strange} near byte {piece.place})"
                )
            lines += piece.text.count(b"\n")
        elif piece.kind is PieceKind.LONG_LINE:
            batch.stretches.add_unreadable(piece.place, piece.end)
            if event := VaultEvent.of_beginning(piece.text):
                batch.events.append(event)
            else:
                batch.notes.append(f"has a line that is too long to be read (at byte {piece.place})")
            lines += 1
        end = piece.end
        if end - batch.reached.place >= _BATCH:
            here = log.tell()
            batch.reached = LogPlace.at(end, log, lines=lines)
            log.seek(here)
            yield batch
            batch = Batch(end, batch.reached)
    if end > batch.reached.place:
        batch.reached = LogPlace.at(end, log, lines=lines)
        yield batch


def _events(block: bytes) -> Iterator[VaultEvent]:
    for _, raw in lines_with(block, MARKS):
        if _ANSWER in raw[:_HEAD] and (event := VaultEvent.of(raw)):
            yield event


def _mark(place: int, log: BinaryIO) -> str:
    log.seek(max(0, place - _MARKED))
    return sha256(log.read(min(place, _MARKED))).hexdigest()
