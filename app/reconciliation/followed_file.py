"""A file of the vault's log that is followed in a chain, and the loss of its lines."""

import os
from dataclasses import dataclass, field
from typing import BinaryIO
from uuid import UUID

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

    `seen` and `proven` are the states of its file when it was last read, and read again; None if unknown.
    """

    anchors: list[Anchor]
    chain: LogChain = field(init=False)
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


def state_of(log: BinaryIO) -> tuple[int, ...]:
    """Unless it changes, nobody has written to the file."""
    status = os.fstat(log.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
