"""How far the vault's clock is from this process's, by the date of its answers."""

import time
from collections.abc import Callable
from typing import Protocol, Self

from workers.runtime.rounds import Lane, Rounds
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

#: Seconds between two measurements, and while the clocks differ by more than `_MUCH` seconds.
_SELDOM, _OFTEN, _MUCH = 60.0, 5.0, 5.0
#: Seconds after which an answer is too late to say what time it is.
_PROMPT = 1.0


class DatedAnswers(Protocol):
    """A vault whose answers say what time it is."""

    def compare_clocks(self) -> float | None:
        """Ask the vault; returns the seconds by which its clock is ahead, None if its answer does not say."""


class VaultClock:
    """Measures the vault's clock: at the start, then every minute, and every few seconds while it differs."""

    def __init__(self, vault: DatedAnswers, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._vault = vault
        self._clock = clock
        self._due = clock()
        self._ahead: float | None = None

    @classmethod
    def started(cls, vault: DatedAnswers) -> Self:
        """One that measures in a thread, for as long as the process lives."""
        found = cls(vault)
        Lane(Rounds("measuring the vault's clock", found.look), rest=_OFTEN).__enter__()
        return found

    def look(self) -> None:
        """Measure, if it is time to. A vault that does not answer is asked again; others say that it does not."""
        began = self._clock()
        if began < self._due:
            return
        try:
            ahead = self._vault.compare_clocks()
        except (VaultUnavailableError, VaultRefusedError):
            return
        ended = self._clock()
        if ahead is None or ended - began > _PROMPT:
            return
        self._ahead = ahead
        # `look` comes a little early or late.
        self._due = ended + (_OFTEN if abs(ahead) > _MUCH else _SELDOM) - _OFTEN / 2

    def take(self) -> float | None:
        """The seconds by which the vault is ahead of this process, once for each measurement; else None."""
        ahead, self._ahead = self._ahead, None
        return ahead
