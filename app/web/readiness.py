"""Readiness: whether the database answers in time and has a schema this program can use.

The endpoint is public, so the database is queried at most once a second, over a dedicated connection. Reasons are only
logged, because they name logins and servers.
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
#: Seconds that the database may take to answer, and that an answer stays valid.
PATIENCE = 1.0
FRESH = 1.0
SILENT = f"no answer within {PATIENCE:g} s"


class Readiness:
    """Caches the state of the database. `look` returns the problem, or None; `clock` counts seconds."""

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
        """Make this available through `readiness()` in `app`."""
        app.extensions[_KEY] = self

    def problem(self) -> str | None:
        """The problem with the database, or None; takes at most `PATIENCE` seconds."""
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
        except Exception as error:  # noqa: BLE001  # any failure means not ready
            problem = type(error).__name__
        if problem is not None and problem != self._logged:
            log.warning("not ready: %s", problem)
        self._logged = problem
        looking.set_result(problem)


def readiness() -> Readiness:
    """The readiness of the current application."""
    return cast("Readiness", current_app.extensions[_KEY])
