"""Work that is repeated for as long as a process lives, and outlives every error of one round."""

from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy.exc import OperationalError

from app.connections.database import trouble

log = structlog.get_logger()
#: Seconds to wait after the first error, doubled with each that follows, up to the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


class Rounds:
    """Repeats `work`, which may return what is in the way."""

    def __init__(self, name: str, work: Callable[[], str | None]) -> None:
        self.name = name
        self._work = work
        self._failures = 0
        self.problem: str | None = None
        """What was in the way in the last round, or why it failed."""

    def carry_out(self) -> float:
        """One round. Returns the seconds to wait before the next, 0 unless this one failed."""
        try:
            self.problem = self._work()
        except OperationalError as error:
            self.problem = trouble(error)
        except Exception as error:  # noqa: BLE001  # whatever one round meets, the next one must come
            # Its text is not repeated: it may hold what the round was about.
            self.problem = f"a round of {self.name} failed ({type(error).__name__})"
        else:
            self._failures = 0
            return 0.0
        log.warning("round failed", work=self.name, reason=self.problem)
        self._failures += 1
        return min(_FIRST_PAUSE * 2.0 ** (self._failures - 1), _LONGEST_PAUSE)


class Lane:
    """Rounds in a thread of their own, so that slow ones do not hold up others. Use as a context manager."""

    def __init__(self, rounds: Rounds, *, rest: float) -> None:
        """`rest`: seconds between two rounds, unless it is woken."""
        self.rounds = rounds
        self._rest = rest
        self._woken, self._ending = Event(), Event()
        self._thread = Thread(target=self._run, name=rounds.name, daemon=True)

    def wake(self) -> None:
        """Begin the next round at once, or as soon as the pause after an error is over."""
        self._woken.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._woken.set()
        self._thread.join(_LONGEST_PAUSE)

    def _run(self) -> None:
        while not self._ending.is_set():
            pause = self.rounds.carry_out()
            if pause:
                self._ending.wait(pause)
            else:
                self._woken.wait(self._rest)
            self._woken.clear()
