"""Requests to stop: the first interrupts whatever is under way, and nothing interrupts the cleaning up after it."""

import os
import signal
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STANDARD_ERROR = 2


class Interruption:
    """Makes the first SIGINT, SIGTERM or SIGHUP a KeyboardInterrupt; a context manager for the main thread."""

    def __init__(self) -> None:
        self._stopping = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in _ENDINGS:
            # nohup asks for the end of the terminal to be ignored.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def settle(self) -> None:
        """From now on requests are only answered: the cleaning up has begun."""
        self._stopping = True

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise KeyboardInterrupt
        # Written past the buffers, which may be in use where the signal came in.  A closed terminal hears nothing.
        with suppress(OSError):
            os.write(_STANDARD_ERROR, b"already stopping\n")
