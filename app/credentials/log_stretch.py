"""A stretch of a log of lines in order of time, found by halving and read in blocks of whole lines.

Whole blocks are searched at once: a line at a time is twenty times slower.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import BinaryIO

from app.credentials.vault_line import time_of

#: Bytes of one line at most; what is longer is skipped.
LINE_LIMIT = 1_000_000
#: Bytes read at once, and how exactly the beginning is found.
BLOCK = 262_144

#: A part of a log from one line's start to another, of which None is the end of the log.
LogPart = tuple[int, int | None]
WHOLE: Sequence[LogPart] = ((0, None),)


class PieceKind(Enum):
    """What a piece of a log is."""

    LINES = auto()
    LONG_LINE = auto()
    UNFINISHED = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines, or the beginning of a line that is too long, or of one that does not end yet.

    `place` and `end` are where it begins and ends in the log; a piece that does not end yet ends at its place.
    """

    kind: PieceKind
    place: int
    end: int
    text: bytes


def pieces(log: BinaryIO, start: int, end_at: int | None = None) -> Iterator[Piece]:
    """A log from a line's start to another or its end, in pieces of about `BLOCK` bytes. Of a too long line little is held."""
    log.seek(start)
    place, here, rest, too_long = start, start, b"", False
    while read := log.read(BLOCK if end_at is None else max(0, min(BLOCK, end_at - here))):
        here += len(read)
        if too_long:
            _, newline, read = read.partition(b"\n")
            if not newline:
                continue
            end = here - len(read)
            yield Piece(PieceKind.LONG_LINE, place, end, rest)
            place, rest, too_long = end, b"", False
        text = rest + read
        end = text.rfind(b"\n") + 1
        if end:
            yield Piece(PieceKind.LINES, place, place + end, text[:end])
        place, rest = place + end, text[end:]
        too_long = len(rest) > LINE_LIMIT
    if rest:
        yield Piece(PieceKind.UNFINISHED, place, place, rest)


class LogStretch:
    """The lines of an open log from one time to another, of which `None` is the end of the log.

    `skipped` counts those of the last reading that were too long, or half written at the end of the log.
    """

    def __init__(
        self, log: BinaryIO, *, since: datetime, until: datetime | None, parts: Sequence[LogPart] = WHOLE
    ) -> None:
        """`parts`, in order, hold all lines that are looked for."""
        self._log = log
        self._start = offset_at(log, since)
        self._end = None if until is None else _offset_behind(log, until)
        self._parts = parts
        self.skipped = 0

    @property
    def is_in_parts(self) -> bool:
        """Whether all of it is more than its parts."""
        return self._parts is not WHOLE

    def blocks(self, *, everywhere: bool = False) -> Iterator[tuple[int, bytes]]:
        """Its parts, or all of it, as whole lines with their place in the log."""
        self.skipped = 0
        for begins, ends in WHOLE if everywhere else self._parts:
            end = min((each for each in (ends, self._end) if each is not None), default=None)
            for piece in pieces(self._log, max(begins, self._start), end):
                if piece.kind is PieceKind.LINES:
                    yield piece.place, piece.text
                else:
                    self.skipped += 1


def lines_with(block: bytes, needles: Collection[bytes]) -> list[tuple[int, bytes]]:
    """The lines of a block that hold any of the needles, in order, each with its place in the block."""
    found: dict[int, bytes] = {}
    for needle in needles:
        here = block.find(needle)
        while here >= 0:
            start, end = block.rfind(b"\n", 0, here) + 1, block.find(b"\n", here) + 1
            found[start] = block[start:end]
            here = block.find(needle, end)
    return sorted(found.items())


def line_start(log: BinaryIO, place: int) -> int:
    """The first start of a line at a place or after it; the end of the log where there is none."""
    if place <= 0:
        return 0
    log.seek(place - 1)
    while (read := log.readline(LINE_LIMIT)) and not read.endswith(b"\n"):
        pass
    return log.tell()


def offset_at(log: BinaryIO, since: datetime) -> int:
    """Some line start before which all lines are older than `since`."""
    low, high = 0, log.seek(0, 2)
    while high - low > BLOCK:
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


def _offset_behind(log: BinaryIO, until: datetime) -> int | None:
    """The start of the first line that is later than `until`; None where there is none."""
    for piece in pieces(log, offset_at(log, until)):
        here = piece.place
        for line in piece.text.split(b"\n") if piece.kind is PieceKind.LINES else ():
            moment = time_of(line)
            if moment is not None and moment > until:
                return here
            here += len(line) + 1
    return None
