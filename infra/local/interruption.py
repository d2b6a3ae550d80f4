"""Signals that ask for a stop: the first one interrupts the work, later ones do not interrupt the cleanup."""

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
            # Under nohup, SIGHUP stays ignored.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def settle(self) -> None:
        """From now on only confirm further signals: the cleanup has begun."""
        self._stopping = True

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise KeyboardInterrupt
        # Not through the buffers, which may be in use where the signal arrived. The terminal may be closed.
        with suppress(OSError):
            os.write(_STANDARD_ERROR, b"already stopping\n")


@contextmanager
def postponed() -> Iterator[None]:
    """Deliver signals at the end of this block, so that they cannot separate a step from the record of it.

    A thread, process or lock that exists but is not in a variable yet would never be cleaned up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    received: list[signal.Signals] = []
    before = {
        number: signal.signal(number, lambda number, _: received.append(signal.Signals(number)))
        for number in _ENDINGS
        if callable(signal.getsignal(number))
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in received:
        signal.raise_signal(number)
