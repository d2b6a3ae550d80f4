"""Loopback ports: a fixed one, the usual one if it is free, that of the last start, or any free one."""

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
    """Part name to port, from variables such as TRIAGE_PORT_WEB=8080; empty ones are ignored.

    Raises StackError naming variable, value and reason.
    """
    parts = {variable_of(part): part for part in USUAL_PORTS}
    fixed: dict[str, int] = {}
    for name, value in environment.items():
        if not name.startswith(_PREFIX) or not value:
            continue
        if name not in parts:
            raise StackError(f"{name}: there is no such part; the variables are {', '.join(parts)}")
        if not (re.fullmatch(r"[0-9]{1,5}", value) and 1 <= int(value) <= _HIGHEST):
            raise StackError(f"{name}: {value!r} is not a port: a number from 1 to {_HIGHEST}")
        if twin := next((part for part, port in fixed.items() if port == int(value)), None):
            raise StackError(f"{name}: {value} is also the port of {variable_of(twin)}")
        fixed[parts[name]] = int(value)
    return fixed


class Ports:
    """Chooses loopback ports, never the same one twice.

    Another process can take a port before its server binds it. The server then reports it and exits (see
    `says_taken`), and the caller chooses again.
    """

    def __init__(self, memory: Path, *, usual: bool = True, fixed: Mapping[str, int] | None = None) -> None:
        """`memory` is the file with the ports of the last start. Without `usual`, any free port is used, and none is kept."""
        self._memory = memory
        self._usual = usual
        self._fixed = fixed or {}
        self._last = _remembered(memory) if usual else {}
        self._given: dict[int, str] = {}
        self._lock = Lock()

    def require_fixed(self) -> None:
        """Raise StackError if a fixed port is not available."""
        for part, port in self._fixed.items():
            if refused := _refusal(port):
                raise StackError(f"{variable_of(part)}: port {port} {refused}")

    def choose(self, part: str) -> int:
        """A port for this part; another one at the next call, because the first was taken.

        Raises StackError if a fixed port was taken.
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
        reserved = {*self._given, *self._fixed.values()}
        if self._usual:
            for preferred in (USUAL_PORTS[part], self._last.get(part)):
                if preferred is not None and preferred not in reserved and _refusal(preferred) is None:
                    return preferred
        # The usual ports of other parts, and those of the last start, stay reserved for them.
        reserved |= {*USUAL_PORTS.values(), *self._last.values()}
        while (port := _any_free()) in reserved:
            pass
        return port

    def keep(self, part: str, port: int) -> None:
        """Keep the port of this part for the next start."""
        if self._usual:
            with self._lock:
                self._last[part] = port
                self._memory.write_text(json.dumps(self._last, indent=2), encoding="utf-8")


def _remembered(memory: Path) -> dict[str, int]:
    """The ports of the last start; empty if the file is missing or unreadable."""
    try:
        found = json.loads(memory.read_text(encoding="utf-8"))
        return {part: int(found[part]) for part in USUAL_PORTS if part in found}
    except (OSError, ValueError, TypeError):
        return {}


def _refusal(port: int) -> str | None:
    """Why this port cannot be bound; None if it can."""
    with socket.socket() as probe:
        # As the servers do: a port in TIME_WAIT counts as free, one with a listener does not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as refused:
            if refused.errno == errno.EADDRINUSE:
                return "is taken by another process"
            if refused.errno == errno.EACCES:
                return "is reserved for root"
            raise
    return None


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def says_taken(log: str) -> bool:
    """Whether a server's log reports that its address is in use."""
    text = log.lower()
    return any(phrase in text for phrase in _TAKEN)


def listens(pid: int, port: int) -> bool:
    """Whether this process, and not another one, accepts connections on the loopback port."""
    return _has_socket(pid, lambda s: s.status == psutil.CONN_LISTEN and s.laddr == (LOOPBACK, port))


def connects(pid: int, port: int) -> bool:
    """Whether this process has an open connection to the loopback port."""
    return _has_socket(pid, lambda s: s.status == psutil.CONN_ESTABLISHED and s.raddr == (LOOPBACK, port))


def _has_socket(pid: int, matches: Callable[[Any], bool]) -> bool:
    try:
        return any(matches(socket_) for socket_ in psutil.Process(pid).net_connections(kind="tcp4"))
    except psutil.AccessDenied:
        # A process that protects its memory also hides its sockets: it is one whose owner nobody may see.
        return any(
            socket_.pid is None and matches(socket_) for socket_ in psutil.net_connections(kind="tcp4")
        )
    except psutil.NoSuchProcess:
        return False


def answers(port: int, *, host: str = LOOPBACK, timeout: float = 1.0) -> bool:
    """Whether a TCP connection is accepted there within `timeout` seconds."""
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError:
        return False
    return True
