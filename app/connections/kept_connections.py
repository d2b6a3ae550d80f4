"""Connections to HTTP servers that are used again. No call ever waits for another's."""

import ssl
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from app.connections.bounded_network import DeadlineSocket, connected

#: Seconds an idle connection is kept. Many gateways forget one after a minute, without a word.
_IDLE = 30
_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class Connection:
    """A connection for one call, which notes at its end that the server `is_free` for another."""

    socket: DeadlineSocket
    is_free: bool = False
    since: float = field(default_factory=time.monotonic)

    def is_over(self) -> bool:
        """Whether its server has closed it, or may have forgotten it."""
        return time.monotonic() - self.since > _IDLE or self.socket.is_readable()


class KeptConnections:
    """Keeps up to `size` idle connections for each server; the one used last is used next."""

    def __init__(self, context: ssl.SSLContext, *, size: int) -> None:
        self._context = context
        self._size = size
        self._idle: dict[tuple[str, str, int], deque[Connection]] = {}

    def close(self) -> None:
        """Close the idle connections."""
        for idle in list(self._idle.values()):
            with suppress(IndexError):
                while True:
                    idle.pop().socket.close()

    @contextmanager
    def connection(self, scheme: str, host: str, port: int | None, *, until: float) -> Iterator[Connection]:
        """A connection for one call that ends by `until`. Raises `UnconnectedError` and `TimeoutError`."""
        place = (scheme, host, port or _PORTS[scheme])
        idle = self._idle.setdefault(place, deque())
        used = _usable(idle) or self._new(*place, until=until)
        used.is_free, used.socket.until = False, until
        try:
            yield used
        finally:
            if used.is_free:
                used.since = time.monotonic()
                idle.append(used)
                self._close_oldest(idle)
            else:
                used.socket.close()

    def _new(self, scheme: str, host: str, port: int, *, until: float) -> Connection:
        return Connection(
            connected(host, port, until=until, tls=self._context if scheme == "https" else None)
        )

    def _close_oldest(self, idle: deque[Connection]) -> None:
        """If there are too many, or its server has closed it: at this end nobody else would notice."""
        with suppress(IndexError):
            oldest = idle.popleft()
            if len(idle) >= self._size or oldest.is_over():
                oldest.socket.close()
            else:
                idle.appendleft(oldest)


def _usable(idle: deque[Connection]) -> Connection | None:
    with suppress(IndexError):
        while (connection := idle.pop()).is_over():
            connection.socket.close()
        return connection
    return None
