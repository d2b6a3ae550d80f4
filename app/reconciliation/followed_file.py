"""A file of the vault's log that is followed in a chain, and the loss of its lines."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO
from uuid import UUID

from app.reconciliation.content_digest import Contents, reads_the_same
from app.reconciliation.log_anchors import Anchor
from app.reconciliation.log_chain import LogChain, first_difference


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Lines that were read and are no longer there as they were. Without `needs_alarm` they were kept long enough."""

    chain: UUID
    reason: str
    needs_alarm: bool = True


@dataclass(slots=True)
class FollowedFile:
    """A chain and the anchors of its last lines, from the one before them on.

    `seen` and `proven` are the states of its file when it was last read, and read again; None if unknown. `contents` are of
    the end of the file that is read again.
    """

    anchors: list[Anchor]
    chain: LogChain = field(init=False)
    contents: Contents = field(default_factory=dict)
    seen: tuple[int, ...] | None = None
    proven: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        self.chain = LogChain(self.last.place, self.last.lines, self.last.digest)

    @property
    def last(self) -> Anchor:
        """How far it is recorded."""
        return self.anchors[-1]

    def is_in(self, log: BinaryIO) -> bool:
        """Whether the log holds the lines that were read last."""
        return self.seen == state_of(log) or first_difference(log, self.anchors[0], self.anchors[1:]) is None

    def has_its_bytes(self, log: BinaryIO, start: Anchor, ends: Sequence[Anchor]) -> bool:
        """Whether the file has the same bytes since an anchor, up to the last of those after it; False also if that is not known."""
        recent = {end.digest for end in ends}
        self.contents = {name: its for name, its in self.contents.items() if name in recent}
        return reads_the_same(log, start.place, ends, self.contents)


def state_of(log: BinaryIO) -> tuple[int, ...]:
    """Unless it changes, nobody has written to the file."""
    status = os.fstat(log.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
