"""The condition of a running stack: whether each process is alive and each address answers."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.local.leftovers import is_alive
from infra.local.ports import answers
from infra.local.state import ProcessRecord, StackRecord
from infra.local.vault_server import is_healthy


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One part. An outside part has no process, a background process no address."""

    name: str
    pid: int | None
    address: str | None
    healthy: bool
    note: str


def conditions(record: StackRecord) -> tuple[Condition, ...]:
    """Check every part once; takes a few seconds at most."""
    processes = {process.name: process for process in record.processes}
    names = dict.fromkeys([*record.endpoints, *processes])
    return tuple(_condition(name, processes.get(name), record.endpoints.get(name)) for name in names)


def _condition(name: str, process: ProcessRecord | None, address: str | None) -> Condition:
    note = "up"
    if process is not None and not is_alive(process):
        note = "process ended"
    elif address is not None:
        note = _note(name, address)
    return Condition(
        name=name,
        pid=None if process is None else process.pid,
        address=address,
        healthy=note == "up",
        note=note,
    )


def _note(name: str, address: str) -> str:
    if name == "vault":
        return "up" if is_healthy(address) else "sealed or not answering"
    parts = urlsplit(address)
    port = parts.port or {"https": 443, "http": 80, "redis": 6379}.get(parts.scheme, 5432)
    return "up" if answers(port, host=parts.hostname or "127.0.0.1") else "not answering"
