"""What our background processes have in common: how they stop, and how they show that they live."""

import signal
import threading
import time
from types import FrameType

import structlog

from app.credentials.dispatch import DispatchRecords
from workers.runtime.health_file import HealthFile

log = structlog.get_logger()


class Stop:
    """Becomes true on SIGTERM or SIGINT; the work in hand is finished first."""

    def __init__(self) -> None:
        self._event = threading.Event()
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()

    @property
    def asked(self) -> bool:
        """Whether it is time to stop."""
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """Pause, but not beyond the request to stop."""
        self._event.wait(seconds)


class Pulse:
    """Signs of life of one process: at once when its state changes, else once a second.

    They are left in the database for the state page, and in HEALTH_FILE for the probe.
    """

    def __init__(self, records: DispatchRecords, process: str, health: HealthFile) -> None:
        self._records = records
        self._process = process
        self._health = health
        self._last: tuple[float, str | None] = (0.0, None)

    def beat(self, problem: str | None) -> None:
        """Leave a sign of life; `problem` is what is in the way, or None."""
        at, before = self._last
        if problem != before or time.monotonic() - at >= 1.0:
            self._health.touch(problem)
            self._records.beat(self._process, problem)
            self._last = (time.monotonic(), problem)

    def without_database(self, problem: str) -> None:
        """Leave a sign of life, and a line in the log, while the database does not answer."""
        self._health.touch(problem)
        log.warning("the process waits", reason=problem)
