"""Whether requests should be sent here: the database answers in time, and this program can work with it.

Anybody may ask, so the database is looked at once a second at most, over one connection that nothing else uses, and
the reason goes to the log only: it names logins and servers.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import cast

from flask import Flask, current_app

log = logging.getLogger(__name__)

_KEY = "triage.readiness"
#: Seconds the database may take to answer, and those an answer is good for.
PATIENCE = 1.0
FRESH = 1.0
SILENT = f"no answer within {PATIENCE:g} s"


class Readiness:
    """Remembers the last look at the database. `look` returns what is wrong, or None; `clock` counts seconds."""

    def __init__(
        self, look: Callable[[], str | None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._clock = clock
        self._lock = Lock()
        self._looking: Future[str | None] | None = None
        self._began = 0.0
        self._logged: str | None = None

    def init_app(self, app: Flask) -> None:
        """Make this what `readiness` finds in requests of `app`."""
        app.extensions[_KEY] = self

    def problem(self) -> str | None:
        """What is wrong with the database, or None; takes `PATIENCE` seconds at most."""
        with self._lock:
            now = self._clock()
            looking = self._looking
            if looking is None or (looking.done() and now - self._began >= FRESH):
                looking = self._looking = Future()
                self._began = now
                Thread(target=self._fulfil, args=(looking,), name="readiness", daemon=True).start()
            patience = max(0.0, self._began + PATIENCE - now)
        try:
            return looking.result(patience)
        except TimeoutError:
            return SILENT

    def _fulfil(self, looking: "Future[str | None]") -> None:
        try:
            problem = self._look()
        except Exception as error:  # noqa: BLE001  # whatever it is, requests should go elsewhere
            problem = type(error).__name__
        if problem is not None and problem != self._logged:
            log.warning("not ready: %s", problem)
        self._logged = problem
        looking.set_result(problem)


def readiness() -> Readiness:
    """The readiness of the current application."""
    return cast("Readiness", current_app.extensions[_KEY])
