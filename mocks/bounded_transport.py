"""HTTP for a mock that asks others: each request has one deadline and its answer one limit, whatever the peer does."""

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx


class BoundedTransport(httpx.BaseTransport):
    """Keeps connections for later requests. What an answer must be inflated for is refused."""

    def __init__(
        self, trust: ssl.SSLContext | None, *, timeout: float, connections: int, limit: int = 1_000_000
    ) -> None:
        """`timeout`: seconds for a request and its whole answer; `connections`: at most; `limit`: bytes of an answer."""
        self._timeout = timeout
        self._limit = limit
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            max_connections=connections,
            max_keepalive_connections=connections,
            network_backend=_Network(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, complete. Raises `httpx.TransportError`.

        Connections that were kept may all be dead, as after a restart of the peer. A GET goes on to the next, and at last
        to a new one.
        """
        until = time.monotonic() + self._timeout
        while True:
            steps: list[str] = []
            try:
                return self._sent(request, until, steps)
            except httpx.ReadError:
                if "connection.connect_tcp.started" in steps or request.method != "GET":
                    raise

    def _sent(self, request: httpx.Request, until: float, steps: list[str]) -> httpx.Response:
        """`steps` receives the name of each step, as httpcore has it."""
        # Moments, not lengths of time: see `_Stream`. Only the pool itself waits for a connection so long.
        moments = {**dict.fromkeys(("connect", "read", "write"), until), "pool": self._timeout}
        try:
            with self._pool.stream(
                request.method,
                str(request.url),
                headers=request.headers.raw,
                content=request.read(),
                extensions={"timeout": moments, "trace": lambda step, _: steps.append(step)},
            ) as answer:
                content = self._content(answer)
        except httpcore.TimeoutException as late:
            raise httpx.ReadTimeout(f"no answer within {self._timeout:g} s") from late
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as broken:
            raise httpx.ReadError(type(broken).__name__) from broken
        return httpx.Response(answer.status, headers=answer.headers, content=content)

    def _content(self, answer: httpcore.Response) -> bytes:
        if any(name.lower() == b"content-encoding" for name, _ in answer.headers):
            raise httpx.RemoteProtocolError("a content coding that was not asked for")
        content = bytearray()
        for part in answer.iter_stream():
            content += part
            if len(content) > self._limit:
                raise httpx.RemoteProtocolError(f"answer larger than {self._limit} bytes")
        return bytes(content)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Stream(httpcore.NetworkStream):
    """A connection for which `timeout` is not a length of time, but the monotonic time when the request must be over."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    """Connects over TCP."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(httpcore.SyncBackend().connect_tcp(host, port, left, local_address, socket_options))


def _left(until: float | None, late: type[Exception]) -> float:
    """Seconds until then. Raises `late` when it has passed."""
    left = (until or 0.0) - time.monotonic()
    if left <= 0:
        raise late
    return left
