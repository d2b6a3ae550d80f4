"""Loopback ports: the usual one when it is free, any free one otherwise."""

import errno
import socket
from collections.abc import Callable
from threading import Lock
from typing import Any

import psutil

LOOPBACK = "127.0.0.1"

_TAKEN = ("address already in use", "address in use", "connection in use")


class Ports:
    """Hands out loopback ports, never the same one twice.

    A port can be taken by somebody else before its server binds it.  The server then says so and exits
    (see `says_taken`), and the caller asks again.
    """

    def __init__(self) -> None:
        self._given: set[int] = set()
        self._lock = Lock()

    def choose(self, usual: int | None) -> int:
        """The usual port if nobody listens on it, else a free one."""
        with self._lock:
            port = usual if usual is not None and usual not in self._given and _free(usual) else None
            while port is None or port in self._given:
                port = _any_free()
            self._given.add(port)
            return port


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port in TIME_WAIT counts as free, one with a listener does not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as refused:
            if refused.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def says_taken(log: str) -> bool:
    """Whether a server's log tells that its address belongs to somebody else."""
    text = log.lower()
    return any(phrase in text for phrase in _TAKEN)


def listens(pid: int, port: int) -> bool:
    """Whether this very process, not some other one, accepts connections on the loopback port."""
    return _has_socket(pid, lambda each: each.status == psutil.CONN_LISTEN and each.laddr == (LOOPBACK, port))


def connects(pid: int, port: int) -> bool:
    """Whether this process has a connection open to the loopback port."""
    return _has_socket(
        pid, lambda each: each.status == psutil.CONN_ESTABLISHED and each.raddr == (LOOPBACK, port)
    )


def _has_socket(pid: int, wanted: Callable[[Any], bool]) -> bool:
    try:
        return any(wanted(each) for each in psutil.Process(pid).net_connections(kind="tcp4"))
    except psutil.AccessDenied:
        return True  # a process that hides its memory from us also hides its sockets
    except psutil.NoSuchProcess:
        return False


def answers(port: int, *, host: str = LOOPBACK, timeout: float = 1.0) -> bool:
    """Whether something accepts a TCP connection there within `timeout` seconds."""
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError:
        return False
    return True
