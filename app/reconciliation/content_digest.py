"""Whether a stretch of a file still has the bytes that it had when its lines were read, at a third of reading its lines."""

from collections.abc import Iterable
from hashlib import sha256
from typing import BinaryIO, Protocol

#: Bytes read at a time.
_BLOCK = 1_000_000


class ContentDigest:
    """The SHA-256 of the bytes of the lines that were added since it was last taken."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._digest, self._is_known = sha256(), True

    def add(self, line: bytes, *, is_whole: bool) -> None:
        """Add a line. Of one that is not whole the digest is not known until it is taken."""
        self._digest.update(line)
        self._is_known = self._is_known and is_whole

    def take(self) -> bytes | None:
        """The digest, None if it is not known; the next begins."""
        digest = self._digest.digest() if self._is_known else None
        self._begin()
        return digest


class StretchEnd(Protocol):
    """The end of a stretch that is recorded."""

    @property
    def place(self) -> int:
        """Bytes before it."""

    @property
    def digest(self) -> bytes:
        """Of all lines before it."""


#: Digests of the bytes between each recorded place and the one before, by the digest of all lines there. None: not known.
Contents = dict[bytes, bytes | None]


def reads_the_same(log: BinaryIO, begin: int, ends: Iterable[StretchEnd], contents: Contents) -> bool:
    """Whether each stretch after byte `begin` has the bytes that it had; False also if that is not known of one."""
    log.seek(begin)
    for end in ends:
        known = contents.get(end.digest)
        if known is None or _digest_of(log, end.place - begin) != known:
            return False
        begin = end.place
    return True


def _digest_of(log: BinaryIO, length: int) -> bytes:
    digest = sha256()
    while length > 0 and (block := log.read(min(length, _BLOCK))):
        digest.update(block)
        length -= len(block)
    return digest.digest()
