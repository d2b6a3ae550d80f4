"""What a running stack looks like from outside: each process alive, each address answering."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.local.leftovers import is_alive
from infra.local.ports import answers
from infra.local.state import StackRecord
from infra.local.vault_server import is_healthy


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One part: its process (none for an outside one), its address (none for a background process), its health."""

    name: str
    pid: int | None
    address: str | None
    healthy: bool
    note: str


def conditions(record: StackRecord) -> tuple[Condition, ...]:
    """Look at every part once; takes a few seconds at most."""
    running = {process.name: process for process in record.processes}
    names = dict.fromkeys([*record.endpoints, *running])
    return tuple(_condition(record, name) for name in names)


def _condition(record: StackRecord, name: str) -> Condition:
    process = next((each for each in record.processes if each.name == name), None)
    address = record.endpoints.get(name)
    note = "up"
    if process is not None and not is_alive(process):
        note = "process ended"
    elif address is not None:
        note = _look(name, address)
    return Condition(
        name=name,
        pid=None if process is None else process.pid,
        address=address,
        healthy=note == "up",
        note=note,
    )


def _look(name: str, address: str) -> str:
    if name == "vault":
        return "up" if is_healthy(address) else "sealed or not answering"
    parts = urlsplit(address)
    port = parts.port or {"https": 443, "http": 80, "redis": 6379}.get(parts.scheme, 5432)
    return "up" if answers(port, host=parts.hostname or "127.0.0.1") else "not answering"
