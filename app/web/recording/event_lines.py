"""Security events on standard output, one JSON object a line, for a collector of logs."""

import json
import logging
import os
import select
from threading import Lock
from typing import Any

from app.review.event_records import SecurityEvent

log = logging.getLogger(__name__)

STANDARD_OUTPUT = 1
#: Seconds to wait for a collector that does not read, and bytes that a pipe takes at once when it takes any (POSIX).
_PATIENCE = 1.0
_PIECE = 4096


class EventLines:
    """Writes events as lines to a file descriptor. Safe for threads.

    A collector that does not read loses lines, never holds up a request for more than a second. The next line that it
    reads says how many are missing.
    """

    def __init__(self, descriptor: int = STANDARD_OUTPUT) -> None:
        self._descriptor = descriptor
        self._lock = Lock()
        self._lost = 0

    def write(self, event: SecurityEvent) -> None:
        """Write one event."""
        with self._lock:
            known: dict[str, Any] = {"log": "security-event", **event.as_json()}
            if self._lost:
                known["lines_lost_before"] = self._lost
            if self._written(json.dumps(known).encode() + b"\n"):
                self._lost = 0
                return
            self._lost += 1
            is_first = self._lost == 1
        if is_first:
            log.error("security events are not written to standard output, beginning with %s", event.event_id)

    def _written(self, line: bytes) -> bool:
        ready = select.poll()
        try:
            ready.register(self._descriptor, select.POLLOUT)
            while line:
                # While a collector is away, each further line is tried but does not wait.
                found = ready.poll(0 if self._lost else _PATIENCE * 1000)
                if not found or not found[0][1] & select.POLLOUT:
                    return False
                line = line[os.write(self._descriptor, line[:_PIECE]) :]
        except OSError:
            return False
        return True
