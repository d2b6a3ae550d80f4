"""Loopback ports: one that was fixed, the usual one when it is free, the one of the last start, or any free one."""

import errno
import json
import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import psutil

from infra.local.errors import StackError

LOOPBACK = "127.0.0.1"
USUAL_PORTS = {
    "vault": 8200,
    "postgres": 5432,
    "valkey": 6379,
    "sam-gov": 7001,
    "debarment": 7002,
    "contracts": 7003,
    "documents": 7004,
    "identity-provider": 7005,
    "web": 8000,
}

_HIGHEST = 65535
_PREFIX = "TRIAGE_PORT_"
_TAKEN = ("address already in use", "address in use", "connection in use")


def variable_of(part: str) -> str:
    """The environment variable that fixes the port of a part, such as TRIAGE_PORT_SAM_GOV."""
    return _PREFIX + part.upper().replace("-", "_")


def fixed_ports(environment: Mapping[str, str]) -> dict[str, int]:
    """Part name to port, from variables such as TRIAGE_PORT_WEB=8080; empty ones count as not set.

    Raises StackError naming variable, value and reason.
    """
    parts = {variable_of(part): part for part in USUAL_PORTS}
    fixed: dict[str, int] = {}
    for name, value in environment.items():
        if not name.startswith(_PREFIX) or not value:
            continue
        if name not in parts:
            raise StackError(f"{name}: no part is called that; there are {', '.join(parts)}")
        if not (re.fullmatch(r"[0-9]{1,5}", value) and 1 <= int(value) <= _HIGHEST):
            raise StackError(f"{name}: {value!r} is not a port, a number from 1 to {_HIGHEST}")
        if twin := next((part for part, port in fixed.items() if port == int(value)), None):
            raise StackError(f"{name}: {value} is the port of {variable_of(twin)} as well")
        fixed[parts[name]] = int(value)
    return fixed


class Ports:
    """Hands out loopback ports, never the same one twice.

    A port can be taken by somebody else before its server binds it.  The server then says so and exits
    (see `says_taken`), and the caller asks again.
    """

    def __init__(self, memory: Path, *, usual: bool = True, fixed: Mapping[str, int] | None = None) -> None:
        """`memory` keeps the ports from one start to the next; not `usual`: any free port, and none is kept."""
        self._memory = memory
        self._usual = usual
        self._fixed = fixed or {}
        self._last = _remembered(memory) if usual else {}
        self._given: dict[int, str] = {}
        self._lock = Lock()

    def require_fixed(self) -> None:
        """Raise StackError when a port that was fixed is not to be had."""
        for part, port in self._fixed.items():
            if refused := _refusal(port):
                raise StackError(f"{variable_of(part)}: port {port} {refused}")

    def choose(self, part: str) -> int:
        """A port for this part; another one when it asks again, because the first was taken.

        Raises StackError when a fixed port was taken.
        """
        with self._lock:
            if part in self._fixed:
                port = self._fixed[part]
                if port in self._given:
                    raise StackError(f"{variable_of(part)}: port {port} is taken by another process")
            else:
                port = self._first_free(part)
            self._given[port] = part
            return port

    def _first_free(self, part: str) -> int:
        spoken_for = {*self._given, *self._fixed.values()}
        if self._usual:
            for known in (USUAL_PORTS[part], self._last.get(part)):
                if known is not None and known not in spoken_for and _refusal(known) is None:
                    return known
        # What others had in the last start, or usually have, stays theirs.
        spoken_for |= {*USUAL_PORTS.values(), *self._last.values()}
        while (port := _any_free()) in spoken_for:
            pass
        return port

    def keep(self, part: str, port: int) -> None:
        """Remember for the next start where this part is."""
        if self._usual:
            with self._lock:
                self._last[part] = port
                self._memory.write_text(json.dumps(self._last, indent=2), encoding="utf-8")


def _remembered(memory: Path) -> dict[str, int]:
    """The ports of the last start; none when there are none that can be read."""
    try:
        found = json.loads(memory.read_text(encoding="utf-8"))
        return {part: int(found[part]) for part in USUAL_PORTS if part in found}
    except (OSError, ValueError, TypeError):
        return {}


def _refusal(port: int) -> str | None:
    """Why this port cannot be bound; None when it can."""
    with socket.socket() as probe:
        # As the servers do: a port in TIME_WAIT counts as free, one with a listener does not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as refused:
            if refused.errno == errno.EADDRINUSE:
                return "is taken by another process"
            if refused.errno == errno.EACCES:
                return "is kept for root"
            raise
    return None


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
