"""The end of a wait, however many steps it has."""

import time


class Deadline:
    """A moment on the monotonic clock, `seconds` from now. Hand the same one to every step of a task."""

    __slots__ = ("at", "seconds")

    def __init__(self, seconds: float, *, spent: float = 0.0) -> None:
        """`spent` seconds of them are over already."""
        #: The time given in all, for messages.
        self.seconds = seconds
        self.at = time.monotonic() + seconds - spent

    @property
    def left(self) -> float:
        """Seconds that remain, never below zero."""
        return max(0.0, self.at - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether no time remains."""
        return self.left == 0.0

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and one that is `seconds` from now."""
        return Deadline(seconds).before(self)

    def before(self, other: "Deadline") -> "Deadline":
        """The earlier of the two."""
        return self if self.at < other.at else other
