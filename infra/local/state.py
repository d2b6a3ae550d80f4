"""The state folder: its layout, the lock that allows one stack at a time, and the record of what runs."""

import fcntl
import os
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from infra.local.errors import AlreadyRunningError


def state_folder(environment: dict[str, str] | None = None) -> Path:
    """TRIAGE_HOME, or `.local` in the current folder; always absolute."""
    named = (os.environ if environment is None else environment).get("TRIAGE_HOME") or ".local"
    return Path(named).expanduser().absolute()


class Layout:
    """The files and folders in the state folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lock = home / "stack.lock"
        self.record = home / "stack.json"
        self.ports = home / "ports.json"
        """The port of each part in the last start."""
        self.secrets = home / "secrets"
        self.logs = home / "logs"
        self.postgres = home / "postgres"
        self.vault = home / "vault"
        self.audit_log = self.vault / "audit.log"
        self.audit_log_2 = self.vault / "audit-2.log"
        """What the vault's second audit device writes."""
        self.vault_storage = self.vault / "storage"
        """What a vault on raft keeps. Only the keys of the same start can read it."""
        self.valkey = home / "valkey"
        self.scenarios = home / "scenarios"
        self.access = home / "access"
        self.postgres_log = self.access / "postgres.log"
        """Kept with the access logs: it says who connected to the ledger."""
        self.identity_provider = home / "identity-provider"
        self.clients = self.identity_provider / "clients.json"
        """The clients of the demo's identity provider, with their redirect addresses."""
        self.export_keys = home / "export-keys.json"
        """The public halves of the export keys, newest first. They outlive the keys."""
        self.rehearsals = home / "rehearsals.jsonl"
        """How each rehearsed attack ended."""
        self.presenter = home / "presenter"
        """What a presenter's orders brought, and the socket at which the web process gives them."""
        self.presenter_socket = self.presenter / "socket"
        self.start_again = self.presenter / "start-again"
        """Its presence asks the demo to start anew."""
        self.slow = home / "slow" / "tools.json"
        """For how long the mocks answer slowly, and by how much."""

    def access_log(self, tool: str) -> Path:
        """The log of the requests that a mock answers."""
        return self.access / f"{tool}.jsonl"

    def create(self) -> None:
        """Make the folders, accessible to their owner only."""
        for folder in (
            *(self.home, self.secrets, self.logs, self.vault, self.vault_storage),
            *(self.valkey, self.scenarios, self.access, self.identity_provider),
            *(self.presenter, self.slow.parent),
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProcessRecord(_Record):
    """One process, identified so that a later process with the same number is not mistaken for it."""

    name: str
    pid: int
    """Also the number of its process group."""
    ticks: int
    """Its start, see `infra.local.process.start_ticks`."""


class PartRecord(_Record):
    """One part of the stack, as shown to a person."""

    name: str
    address: str = ""
    outside: bool = False
    """Whether it runs elsewhere, so that it is neither started nor stopped here."""
    seconds: float | None = None
    """From the start of the stack until this part was ready."""

    def __str__(self) -> str:
        return f"{self.name:<18} {'outside' if self.seconds is None else f'ready after {self.seconds:.1f} s'}"


class StackRecord(_Record):
    """The content of `stack.json`: names and addresses, never a secret."""

    boot: str
    """The boot of the machine that process numbers and ticks belong to."""
    supervisor: ProcessRecord
    started: datetime
    ready: bool = False
    separated: bool = False
    """Whether each process has its own user."""
    users: str = ""
    """The same in words, with the reason if they share one."""
    parts: tuple[PartRecord, ...] = ()
    processes: tuple[ProcessRecord, ...] = ()
    endpoints: dict[str, str] = {}
    """Part name to URL without credentials."""
    environments: dict[str, dict[str, str]] = {}
    """Process name to its variables. `cli` and `worker` are for commands that a person starts."""

    def write(self, layout: Layout) -> None:
        """Replace the file in one step."""
        draft = layout.record.with_suffix(".new")
        draft.write_text(self.model_dump_json(indent=2), encoding="utf-8")
        draft.chmod(0o600)
        draft.rename(layout.record)


def read_record(layout: Layout) -> StackRecord | None:
    """The record of the running or crashed stack; None if it is missing or unreadable."""
    try:
        return StackRecord.model_validate_json(layout.record.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


class StackLock:
    """An exclusive lock on the state folder. The kernel releases it when its holder ends."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.lock
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object has the lock."""
        return self._descriptor is not None

    def acquire(self) -> Self:
        """Take the lock.

        Raises AlreadyRunningError if another process has it.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise AlreadyRunningError(f"a stack is already running in {self._path.parent}") from None
            if self._is_current(descriptor):
                self._descriptor = descriptor
                return self
            os.close(descriptor)  # the earlier holder has removed this file; lock the current one

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Remove the file, then release it, so that nobody locks a file that is about to be removed."""
        if self._descriptor is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(layout: Layout) -> bool:
    """Whether a stack runs in this folder, or is being cleaned up."""
    try:
        descriptor = os.open(layout.lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
