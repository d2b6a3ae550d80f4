"""How far the vault's clock is from this process's, by the date of its answers."""

import time
from collections.abc import Callable
from typing import Protocol, Self

from workers.runtime.rounds import Lane, Rounds
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

#: Seconds between two measurements.
_REST = 15.0
#: Seconds after which an answer is too late to say what time it is.
_PROMPT = 2.0


class DatedAnswers(Protocol):
    """A vault whose answers say what time it is."""

    def compare_clocks(self) -> float | None:
        """Ask the vault; returns the seconds by which its clock is ahead, None if its answer does not say."""


class VaultClock:
    """Measures the vault's clock."""

    def __init__(self, vault: DatedAnswers, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._vault = vault
        self._clock = clock
        self._ahead: float | None = None

    @classmethod
    def started(cls, vault: DatedAnswers) -> Self:
        """One that measures in a thread, at once and four times a minute, for as long as the process lives."""
        found = cls(vault)
        Lane(Rounds("measuring the vault's clock", found.look), rest=_REST).start()
        return found

    def look(self) -> None:
        """Measure. A vault that does not answer is asked again the next time; others say that it does not."""
        began = self._clock()
        try:
            ahead = self._vault.compare_clocks()
        except (VaultUnavailableError, VaultRefusedError):
            return
        if self._clock() - began <= _PROMPT:
            self._ahead = ahead

    def take(self) -> float | None:
        """The seconds by which the vault is ahead of this process, once for each measurement; else None."""
        ahead, self._ahead = self._ahead, None
        return ahead
