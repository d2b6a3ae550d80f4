"""Sockets whose every step ends by a deadline: name, connection, TLS handshake, each write and each read.

The deadline is the moment on the monotonic clock when a whole call must be over; so a peer that sends a byte now and then
gains nothing.
"""

import io
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from app.connections.host_lookup import look_up, seconds_until

Stepped = TypeVar("Stepped")
#: Bytes that are sent together, such as the headers of a request and its body.
_GATHERED = 65_536


class LostConnectionError(OSError):
    """The peer closed the connection without a byte of the answer.

    `was_kept` says that it had answered on this connection before. It then most likely closed it while nothing was
    under way, and did not see the request.
    """

    def __init__(self, *, was_kept: bool) -> None:
        super().__init__("closed without an answer")
        self.was_kept = was_kept


class UnconnectedError(OSError):
    """No connection came about; its cause says why."""


def connected(host: str, port: int, *, until: float, tls: ssl.SSLContext | None = None) -> "DeadlineSocket":
    """A connection to the first address of `host` that takes one. Raises `UnconnectedError` and `TimeoutError`."""
    try:
        plain = _connected(look_up(host, port, until=until), until=until)
        try:
            encrypted = plain if tls is None else _encrypted(plain, host, tls, until)
        except BaseException:
            plain.close()
            raise
    except TimeoutError:
        raise
    except OSError as error:
        raise UnconnectedError(*error.args) from error
    return DeadlineSocket(encrypted, until=until)


class DeadlineSocket:
    """A connected socket, as `http.client` uses it. Every step ends by `until`, and raises `TimeoutError` then.

    It never blocks without need: to look first whether it can send, and for how long, costs more than to send.
    """

    def __init__(self, connected: socket.socket, *, until: float) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._unsent = bytearray()
        self._is_kept = False
        self._is_silent = True
        self.until = until

    def sendall(self, data: bytes) -> None:
        """Send it, or keep it until more of the same message follows or an answer is awaited."""
        if not self._unsent:
            self._is_kept = self._is_kept or not self._is_silent
            self._is_silent = True
        self._unsent += data
        if len(self._unsent) >= _GATHERED:
            self._send()

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the peer answers to what was sent."""
        self._send()
        return io.BufferedReader(_Incoming(self.read_into))

    def read_into(self, buffer: bytearray) -> int:
        """How many bytes came, at least one; none once the peer has closed the connection."""
        try:
            number = self._step(select.POLLIN, self._socket.recv_into, buffer)
        except (ConnectionError, ssl.SSLEOFError):
            if not self._is_silent:
                raise
            number = 0
        if not number and self._is_silent:
            raise LostConnectionError(was_kept=self._is_kept)
        self._is_silent = False
        return number

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def is_readable(self) -> bool:
        """Whether there is something to read, which between two requests can only be the end."""
        return self._socket.fileno() < 0 or bool(_ready(self._socket, select.POLLIN, 0))

    def _send(self) -> None:
        remaining = memoryview(bytes(self._unsent))
        self._unsent.clear()
        # A server may refuse a message that it has not read to its end: its answer says more than the broken pipe.
        with suppress(ConnectionError, ssl.SSLEOFError):
            while remaining:
                sent = self._step(select.POLLOUT, self._socket.send, remaining)
                remaining = remaining[sent:]

    def _step(self, event: int, step: Callable[..., Stepped], *arguments: Any) -> Stepped:
        while True:
            left = seconds_until(self.until)
            try:
                return step(*arguments)
            except ssl.SSLWantReadError:
                awaited = select.POLLIN
            except ssl.SSLWantWriteError:
                awaited = select.POLLOUT
            except BlockingIOError:
                awaited = event
            _ready(self._socket, awaited, left)


class _Incoming(io.RawIOBase):
    def __init__(self, read_into: Callable[[bytearray], int]) -> None:
        self._read_into = read_into

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._read_into(buffer)


def _connected(found: Sequence[tuple[Any, ...]], *, until: float) -> socket.socket:
    failure = OSError("no address")
    for number, (family, kind, protocol, _, address) in enumerate(found):
        connection = socket.socket(family, kind, protocol)
        try:
            # An address that does not answer leaves time for the others.
            connection.settimeout(seconds_until(until) / (len(found) - number))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _encrypted(plain: socket.socket, host: str, tls: ssl.SSLContext, until: float) -> socket.socket:
    plain.settimeout(seconds_until(until))
    return tls.wrap_socket(plain, server_hostname=host)


def _ready(connection: socket.socket, event: int, seconds: float) -> list[tuple[int, int]]:
    poll = select.poll()
    poll.register(connection, event)
    return poll.poll(seconds * 1000)


def unconnected(cause: BaseException | None) -> str:
    """Why no connection came about, or why it broke, in a word or two."""
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    if isinstance(cause, socket.gaierror):
        return "no name server answers" if cause.errno == socket.EAI_AGAIN else "no such host"
    words = cause.strerror if isinstance(cause, OSError) else None
    return (words or type(cause).__name__).lower()
