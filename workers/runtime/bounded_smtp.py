"""SMTP with an end: one deadline for a whole dialogue, and a limit of what is read, whatever the server does."""

import smtplib
import socket
import ssl
from contextlib import suppress
from threading import Timer
from typing import Any, Protocol

#: Seconds one step may take.
STEP = 10.0
#: Lines of all answers in one dialogue.
_MOST_LINES = 500


class _Source(Protocol):
    def readline(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class _Answers:
    """What a server says; it ends after the most lines a dialogue may have."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._left = _MOST_LINES

    def readline(self, size: int) -> bytes:
        self._left -= 1
        return self._source.readline(size) if self._left >= 0 else b""

    def close(self) -> None:
        self._source.close()


class _Bounded(smtplib.SMTP):
    """Connects when it is made, as its parent does, and must be closed."""

    def __init__(self, host: str, port: int, *, deadline: float, **more: Any) -> None:
        """`deadline`: seconds until the connection is cut."""
        self.sock: socket.socket | None = None
        self._end = Timer(deadline, self._cut)
        self._end.daemon = True
        self._end.start()
        try:
            # The name of this host is not asked of a name server, which may be slow.
            super().__init__(host, port, socket.gethostname(), timeout=STEP, **more)
        except BaseException:
            self._end.cancel()
            raise

    def getreply(self) -> tuple[int, bytes]:
        """One answer, of one or more lines."""
        if self.file is None and self.sock is not None:
            self.file = _Answers(self.sock.makefile("rb"))
        return super().getreply()

    def end(self) -> None:
        """Say goodbye, whatever the server answers, and close."""
        with suppress(smtplib.SMTPException, OSError, ValueError):
            self.quit()
        self._end.cancel()
        self.close()

    def _cut(self) -> None:
        if (used := self.sock) is not None:
            with suppress(OSError):
                # Not that of an SSLSocket, which takes the TLS away from the thread that reads.
                socket.socket.shutdown(used, socket.SHUT_RDWR)


class _BoundedOverTls(_Bounded, smtplib.SMTP_SSL):
    """TLS from the start."""


def dialogue(
    host: str, port: int | None, *, from_start: bool, context: ssl.SSLContext, deadline: float
) -> _Bounded:
    """A connection to a mail server, with TLS from the start or none yet. Raises `SMTPException` and `OSError`."""
    if from_start:
        return _BoundedOverTls(host, port or 465, deadline=deadline, context=context)
    return _Bounded(host, port or 587, deadline=deadline)
