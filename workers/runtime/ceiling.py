"""How many attempts may be open at a time: fewer while the vault answers slowly, so that it can catch up."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds. The vault mints an identity in a few milliseconds; beyond this it has more to do than it can.
_SLOW = 0.5
#: What is left of the ceiling after a slow answer. A quick one raises it by one.
_SHRINKS_TO = 0.5


class Ceiling:
    """Between one and `most` attempts; `most` at first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._now = float(most)

    @property
    def now(self) -> int:
        """How many attempts may be open now."""
        return int(self._now)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Ask the vault in this block."""
        asked_at = time.monotonic()
        try:
            yield
        finally:
            self.answered(time.monotonic() - asked_at)

    def answered(self, seconds: float) -> None:
        """The vault has answered, or has failed, after so many seconds."""
        if seconds > _SLOW:
            self._now = max(1.0, self._now * _SHRINKS_TO)
        else:
            self._now = min(float(self._most), self._now + 1)
