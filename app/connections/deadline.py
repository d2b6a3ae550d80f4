"""The end of a wait, however many steps it has."""

import time


class Deadline:
    """A moment on the monotonic clock, `seconds` from now. Hand the same one to every step of a task."""

    __slots__ = ("at", "seconds")

    def __init__(self, seconds: float) -> None:
        #: The time given in all, for messages.
        self.seconds = seconds
        self.at = time.monotonic() + seconds

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
        other = Deadline(seconds)
        return other if other.at < self.at else self
