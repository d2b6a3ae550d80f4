"""Sockets whose every step ends by a deadline: name, connection, TLS handshake, each write and each read.

For httpcore it is a network backend. The `timeout` that httpcore hands through is here no length of time but the
moment on the monotonic clock when the whole call must be over; so a peer that sends a byte now and then gains nothing.
"""

import os
import select
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import httpcore

#: As `socket.getaddrinfo` has them.
_Found = list[tuple[Any, ...]]
#: Names being looked up, by process, host and port: a fork takes over the questions, but not the threads that ask.
_asked: dict[tuple[int, str, int], "Future[_Found]"] = {}


class LostConnectionError(httpcore.ReadError):
    """The peer closed the connection without a byte of the answer.

    `was_kept` says that it had answered on this connection before. It then most likely closed it while nothing was
    under way, and did not see the request.
    """

    def __init__(self, *, was_kept: bool) -> None:
        super().__init__("closed without an answer")
        self.was_kept = was_kept


def look_up(host: str, port: int, *, until: float) -> _Found:
    """The addresses of a host. The system's resolver knows no deadline, so a thread asks it, one for each name.

    Raises `TimeoutError`, and `OSError` when there is no such host.
    """
    with suppress(socket.gaierror, UnicodeError):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    key, mine = (os.getpid(), host, port), Future[_Found]()
    answer = _asked.setdefault(key, mine)
    if answer is mine:
        try:
            Thread(target=_ask, args=(key, mine), name="look-up", daemon=True).start()
        except RuntimeError as error:  # no more threads
            del _asked[key]
            raise OSError(str(error)) from None
    return answer.result(_left(until))


def _ask(key: tuple[int, str, int], answer: "Future[_Found]") -> None:
    _, host, port = key
    try:
        answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError as error:
        answer.set_exception(error)
    except UnicodeError:  # a label too long for a name
        answer.set_exception(socket.gaierror(socket.EAI_NONAME, "no such host"))
    finally:
        del _asked[key]


class BoundedStream(httpcore.NetworkStream):
    """A connected socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._is_kept = False
        self._is_silent = True

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has arrived, at least one byte; nothing once the peer has closed the connection."""
        with _as(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(_left(timeout))
            try:
                data = self._socket.recv(max_bytes)
            except (ConnectionError, ssl.SSLEOFError):
                if not self._is_silent:
                    raise
                data = b""
        if not data and self._is_silent:
            raise LostConnectionError(was_kept=self._is_kept)
        self._is_silent = False
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._is_kept = self._is_kept or not self._is_silent
        self._is_silent = True
        remaining = memoryview(buffer)
        with _as(httpcore.WriteTimeout, httpcore.WriteError):
            while remaining:
                self._socket.settimeout(_left(timeout))
                remaining = remaining[self._socket.send(remaining) :]

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        with _as(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                self._socket.settimeout(_left(timeout))
                return BoundedStream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname))
            except BaseException:
                self.close()
                raise

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks: whether there is something to read, which between two requests can only be the end."""
        if info == "is_readable":
            return _is_readable(self._socket)
        if info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket):
            return self._socket
        return None


class BoundedNetwork(httpcore.NetworkBackend):
    """Connects over TCP."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  # httpcore's signature; no pool here sets it
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  # as above
    ) -> httpcore.NetworkStream:
        """A connection to the first address of `host` that takes one."""
        with _as(httpcore.ConnectTimeout, httpcore.ConnectError):
            return BoundedStream(_connected(look_up(host, port, until=timeout or 0.0), until=timeout))


def _connected(found: Sequence[tuple[Any, ...]], *, until: float | None) -> socket.socket:
    failure = OSError("no address")
    for number, (family, kind, protocol, _, address) in enumerate(found):
        connection = socket.socket(family, kind, protocol)
        try:
            # An address that does not answer leaves time for the others.
            connection.settimeout(_left(until) / (len(found) - number))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _left(until: float | None) -> float:
    """Seconds until this moment. Raises `TimeoutError` when it has passed."""
    left = (until or 0.0) - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _is_readable(connection: socket.socket) -> bool:
    if connection.fileno() < 0:
        return True  # closed
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def _as(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    """Errors of sockets as httpcore has them."""
    try:
        yield
    except TimeoutError as error:
        raise late from error
    except OSError as error:
        raise broken from error


def unconnected(cause: BaseException | None) -> str:
    """Why no connection came about, or why it broke, in a word or two."""
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    if isinstance(cause, socket.gaierror):
        return "no name server answers" if cause.errno == socket.EAI_AGAIN else "no such host"
    words = cause.strerror if isinstance(cause, OSError) else None
    return (words or type(cause).__name__).lower()
