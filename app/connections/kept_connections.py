"""Connections to HTTP servers that are used again. No call ever waits for another's."""

import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpcore

from app.connections.bounded_network import BoundedNetwork

#: Seconds an idle connection is kept. Many gateways forget one after a minute, without a word.
_IDLE = 30


class KeptConnections:
    """Keeps up to `size` idle connections for each server; the one used last is used next.

    httpcore's own pool looks at every idle connection before and after each call.
    """

    def __init__(self, context: ssl.SSLContext, *, size: int) -> None:
        self._context = context
        self._size = size
        self._network = BoundedNetwork()
        self._idle: dict[tuple[str, str], deque[httpcore.HTTPConnection]] = {}

    def close(self) -> None:
        """Close the idle connections."""
        for idle in list(self._idle.values()):
            with suppress(IndexError):
                while True:
                    idle.pop().close()

    @contextmanager
    def connection(self, scheme: str, place: str) -> Iterator[httpcore.HTTPConnection]:
        """A connection to `place`, a host with or without a port, for one call."""
        idle = self._idle.setdefault((scheme, place), deque())
        used = _usable(idle) or httpcore.HTTPConnection(
            httpcore.URL(f"{scheme}://{place}").origin,
            ssl_context=self._context,
            keepalive_expiry=_IDLE,
            network_backend=self._network,
        )
        try:
            yield used
        finally:
            if used.is_available():
                idle.append(used)
                self._close_oldest(idle)

    def _close_oldest(self, idle: deque[httpcore.HTTPConnection]) -> None:
        """If there are too many, or its server has closed it: at this end nobody else would notice."""
        with suppress(IndexError):
            oldest = idle.popleft()
            if len(idle) >= self._size or oldest.has_expired():
                oldest.close()
            else:
                idle.appendleft(oldest)


def _usable(idle: deque[httpcore.HTTPConnection]) -> httpcore.HTTPConnection | None:
    with suppress(IndexError):
        while (connection := idle.pop()).has_expired():
            connection.close()
        return connection
    return None
