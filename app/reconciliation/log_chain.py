"""The chain of digests over the lines of a log: h(n) = SHA-256(h(n-1) + SHA-256(line n with its newline)).

Who changes, removes, inserts or reorders one line changes every later digest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, Protocol

from app.credentials.log_stretch import LINE_LIMIT
from app.reconciliation.content_digest import ContentDigest, Contents

#: The digest before the first line.
BEGUN = sha256().digest()
#: Bytes of each line's digest that are kept, so that the first changed line can be named. The chain rests on whole ones.
MARK = 8


@dataclass(frozen=True, slots=True)
class LogLine:
    """A whole line: its SHA-256, its first bytes (all of it up to `LINE_LIMIT`), and the place in bytes after it."""

    digest: bytes
    beginning: bytes
    end: int


class Reached(Protocol):
    """A chain up to a place: bytes and lines before it, and the digest there."""

    @property
    def place(self) -> int:
        """Bytes before it."""

    @property
    def lines(self) -> int:
        """Lines before it."""

    @property
    def digest(self) -> bytes:
        """32 bytes."""


class Anchored(Reached, Protocol):
    """A place that is recorded, with the marks of the lines since the one before."""

    @property
    def marks(self) -> bytes:
        """`MARK` bytes of each line's digest."""


@dataclass(slots=True)
class LogChain:
    """A chain that grows by lines. `marks` and `content` are of the lines that were added."""

    place: int = 0
    lines: int = 0
    digest: bytes = BEGUN
    marks: bytearray = field(default_factory=bytearray)
    content: ContentDigest = field(default_factory=ContentDigest)

    def add(self, line: LogLine) -> None:
        """Append a line."""
        self.content.add(line.beginning, is_whole=len(line.beginning) == line.end - self.place)
        self.digest = sha256(self.digest + line.digest).digest()
        self.marks += line.digest[:MARK]
        self.lines += 1
        self.place = line.end


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The first line that is not what was read: its number from 1, its first byte, and what is wrong with it."""

    line: int
    place: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line} (byte {self.place}) {self.what}"


def lines_from(log: BinaryIO, place: int) -> Iterator[LogLine]:
    """The whole lines of a log from the start of a line on. A line of any length takes little memory."""
    log.seek(place)
    while beginning := log.readline(LINE_LIMIT):
        digest, more = sha256(beginning), beginning
        place += len(more)
        while not more.endswith(b"\n"):
            more = log.readline(LINE_LIMIT)
            if not more:
                return  # it does not end yet
            digest.update(more)
            place += len(more)
        yield LogLine(digest.digest(), beginning, place)


def first_difference(
    log: BinaryIO, start: Reached, anchors: Iterable[Anchored], contents: Contents | None = None
) -> Difference | None:
    """The first line between a place of the log and the last of the anchors after it that is not what was read.

    What reads the same is noted in `contents`.
    """
    chain = LogChain(start.place, start.lines, start.digest)
    lines = lines_from(log, start.place)
    for anchor in anchors:
        begun = chain.lines + 1, chain.place
        for at in range(0, len(anchor.marks), MARK):
            line = next(lines, None)
            if line is None:
                return Difference(
                    line=chain.lines + 1, place=chain.place, what="is missing: the file ends before it"
                )
            if line.digest[:MARK] != anchor.marks[at : at + MARK]:
                return Difference(line=chain.lines + 1, place=chain.place, what="reads differently")
            chain.add(line)
        chain.marks.clear()
        if (chain.place, chain.lines, chain.digest) != (anchor.place, anchor.lines, anchor.digest):
            return Difference(line=begun[0], place=begun[1], what="or a later one reads differently")
        if contents is not None:
            contents[anchor.digest] = chain.content.take()
    return None
