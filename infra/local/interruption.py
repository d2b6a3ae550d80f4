"""Requests to stop: the first interrupts whatever is under way, and nothing interrupts the cleaning up after it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def postponed() -> Iterator[None]:
    """Deliver a request to stop at the end of this block, so that it cannot separate a step from the record of it.

    A thread, a process or a lock that exists but is not yet in any variable would be cleaned up by nobody.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    asked: list[signal.Signals] = []
    before = {
        number: signal.signal(number, lambda number, _: asked.append(signal.Signals(number)))
        for number in _ENDINGS
        if callable(signal.getsignal(number))
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in asked:
        signal.raise_signal(number)
