"""Connections to the broker: each answer within a deadline and a size, TLS by this process's trust alone."""

import socket
import time
from typing import Any

import redis

from app.connections.tls import Trust

#: Seconds and bytes that one answer may take, however slowly its bytes arrive.
ANSWER_SECONDS, LARGEST_ANSWER = 5.0, 16 * 1024 * 1024


class NotABrokerError(redis.ConnectionError):
    """What answers does not answer as a broker does."""


class BoundedSocket:
    """A connected socket, plain or TLS; all that is read between two calls of `begin` has one deadline and one size."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._timeout = inner.gettimeout()
        self.begin()

    def begin(self) -> None:
        """The next answer begins."""
        self._deadline = time.monotonic() + ANSWER_SECONDS
        self._left = LARGEST_ANSWER

    def recv(self, size: int) -> bytes:
        """As the socket's own. Raises TimeoutError after the deadline, and `NotABrokerError` above the size."""
        if self._timeout != 0:
            seconds = self._deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("the answer did not end in time")
            self._inner.settimeout(seconds if self._timeout is None else min(seconds, self._timeout))
        received = self._inner.recv(size)
        self._left -= len(received)
        if self._left < 0:
            raise NotABrokerError(f"its answer is larger than {LARGEST_ANSWER} bytes")
        return received

    def settimeout(self, seconds: float | None) -> None:
        """As the socket's own; the deadline stays."""
        self._timeout = seconds
        self._inner.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        """As the socket's own, within the usual time."""
        self._inner.settimeout(self._timeout)
        self._inner.sendall(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Bounded(redis.Connection):
    """Whatever the other side sends, it is an answer or an error of redis-py's."""

    def _connect(self) -> Any:
        return BoundedSocket(super()._connect())  # type: ignore[no-untyped-call]  # redis-py has few types

    def connect_check_health(self, *arguments: Any, **named: Any) -> None:
        try:
            super().connect_check_health(*arguments, **named)
        except (redis.RedisError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  # what answers may be anything
            self.disconnect()  # type: ignore[no-untyped-call]
            raise _odd(error) from None

    def read_response(self, *arguments: Any, **named: Any) -> Any:
        if self._sock is not None:
            self._sock.begin()
        try:
            return super().read_response(*arguments, **named)
        except redis.InvalidResponse as error:
            raise _odd(error) from None
        except (redis.RedisError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  # a number that is none, a thousand arrays in each other
            raise _odd(error) from None


class PlainConnection(_Bounded):
    """Without TLS."""


class TrustedConnection(_Bounded, redis.SSLConnection):
    """With TLS, and our context.

    redis-py's own context would trust the system's authorities besides those it is given, and obeys variables
    such as SSL_CERT_FILE.
    """

    def __init__(self, *, trust: Trust, **named: Any) -> None:
        super().__init__(**named)
        self._trust = trust

    def _wrap_socket_with_ssl(self, sock: socket.socket) -> socket.socket:
        return self._trust.context.wrap_socket(sock, server_hostname=self.host)


def _odd(error: Exception) -> NotABrokerError:
    # Its text is not repeated: it may hold what was sent.
    return NotABrokerError(f"it does not answer as a broker does ({type(error).__name__})")
