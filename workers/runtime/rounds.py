"""Work that is repeated for as long as a process lives, and outlives every error of one round."""

from collections.abc import Callable

import structlog
from sqlalchemy.exc import OperationalError

from app.connections.database import trouble

log = structlog.get_logger()
#: Seconds to wait after the first error, doubled with each that follows, up to the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


class Rounds:
    """Repeats `work`, which returns what is in the way or None."""

    def __init__(self, name: str, work: Callable[[], str | None]) -> None:
        self._name = name
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
            self.problem = f"a round of {self._name} failed ({type(error).__name__})"
        else:
            self._failures = 0
            return 0.0
        log.warning("round failed", work=self._name, reason=self.problem)
        self._failures += 1
        return min(_FIRST_PAUSE * 2.0 ** (self._failures - 1), _LONGEST_PAUSE)
