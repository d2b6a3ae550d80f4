"""The processes of one stack: started, waited for, counted, stopped in reverse order."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, RLock

from infra.local.errors import AddressTakenError, StackError
from infra.local.ports import Ports, says_taken
from infra.local.process import Child, Command, ProcessUser
from infra.reporting import Say

Ready = Callable[[Child], bool]

#: They stop after the processes that use them.
_SERVERS = ("vault", "postgres", "valkey")

_POLL = 0.03
_PORT_TRIES = 5


class ProcessTable:
    """Safe to use from several threads, so that parts can come up side by side."""

    def __init__(
        self,
        *,
        ports: Ports,
        patience: float,
        changed: Callable[[], None],
        stopping: Say = lambda _: None,
        user_of: Callable[[str], ProcessUser | None] = lambda _: None,
    ) -> None:
        """`patience` is the time in seconds for a process to be ready, or for a program to end.

        `changed` is called after a process was added or removed, to update the record;
        `stopping` receives one sentence before the first process is stopped;
        `user_of` returns the user of a process by its name, None for that of this process.
        """
        self._ports = ports
        self._patience = patience
        self._changed = changed
        self._lock = RLock()
        self._children: dict[str, Child] = {}
        self._ready: dict[str, Ready] = {}
        self._stopping = stopping
        self._user_of = user_of
        self._announced = False
        self._saying = RLock()
        self._abandoned = Event()

    @property
    def children(self) -> dict[str, Child]:
        """Name to process, in the order of their start."""
        with self._lock:
            return dict(self._children)

    def abandon(self) -> None:
        """Announce the stop, and end every wait in other threads."""
        users, servers = self._stop_order()
        stages = [", ".join(users[::-1])] * bool(users) + ["the servers"] * bool(servers)
        try:
            with self._saying:
                if stages and not self._announced:
                    self._announced = True
                    self._stopping(f"stopping: {', then '.join(stages)}")
        finally:
            self._abandoned.set()

    def unless_stopping(self, say: Callable[[], None]) -> None:
        """Say something, unless the stop was announced before."""
        with self._saying:
            if not self._announced:
                say()

    def spawn(self, command: Command) -> Child:
        """Start a process without waiting for it."""
        with self._lock:
            if self._abandoned.is_set():
                raise StackError(f"{command.name} was not started: the stack is stopping")
            child = Child(command, self._user_of(command.name))
            self._children[command.name] = child
        self._changed()  # outside our lock: writing the record takes another lock, and reads `children`
        return child

    def start(self, command: Command, ready: Ready) -> Child:
        """Start a process and wait until it is ready. Raises StackError with the end of its log."""
        child = self.spawn(command)
        self._until(child, ready)
        self._ready[command.name] = ready
        return child

    def serve(
        self, name: str, *, build: Callable[[int], Command], ready: Callable[[Child, int], bool]
    ) -> int:
        """Start a server, wait until it answers, and return its port. Tries another port if one is taken."""
        for _ in range(_PORT_TRIES):
            port = self._ports.choose(name)
            try:
                self.start(build(port), lambda child, port=port: ready(child, port))  # type: ignore[misc]
            except AddressTakenError:
                self.stop(name)
            else:
                self._ports.keep(name, port)
                return port
        raise StackError(f"no free port for {name} after {_PORT_TRIES} tries")

    def run(self, command: Command) -> None:
        """Run a program to its end. Raises StackError with the end of its log if it fails."""
        child = self.spawn(command)
        deadline = time.monotonic() + self._patience
        while (status := child.wait(_POLL)) is None:
            if self._abandoned.is_set() or time.monotonic() > deadline:
                raise StackError(f"{command.name} did not finish within {self._patience:g} s")
        self.stop(command.name)
        if status != 0:
            raise _ended(child, status)

    def _until(self, child: Child, ready: Ready) -> None:
        deadline = time.monotonic() + self._patience
        while not ready(child):
            status = child.exit_status()
            if says_taken(child.log_since_start()):
                raise AddressTakenError(child.command.name)
            if status is not None:
                raise _ended(child, status)
            if time.monotonic() > deadline:
                lines = "\n".join(child.last_lines())
                raise StackError(f"{child.command.name} was not ready after {self._patience:g} s\n{lines}")
            if self._abandoned.wait(_POLL):
                raise StackError(f"{child.command.name} is not ready yet: the stack is stopping")

    def ended(self) -> list[Child]:
        """Processes that have ended without being stopped."""
        return [child for child in self.children.values() if child.exit_status() is not None]

    def revive(self, name: str) -> Child:
        """Start a process again with the same command, without waiting for it."""
        command = self._named(name).command
        self._children[name].stop()
        return self.spawn(command)

    def restart(self, name: str) -> Child:
        """Start a process again and wait until it is ready."""
        child = self.revive(name)
        self._until(child, self._ready.get(name, lambda _: True))
        return child

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one process."""
        self._named(name).kill(number)

    def stop(self, name: str) -> None:
        """Stop one process and remove it from the table."""
        self._named(name).stop()
        with self._lock:
            del self._children[name]
        self._changed()

    def stop_all(self) -> None:
        """Stop everything: first the processes that use the servers, side by side, then the servers."""
        try:
            self.abandon()
        finally:
            for stage in self._stop_order():
                if stage:
                    with ThreadPoolExecutor(len(stage), thread_name_prefix="stop") as pool:
                        list(pool.map(self.stop, stage))

    def _stop_order(self) -> tuple[list[str], list[str]]:
        """The names of the processes that use the servers, and of the servers."""
        names = list(self.children)
        return [name for name in names if name not in _SERVERS], [name for name in names if name in _SERVERS]

    def _named(self, name: str) -> Child:
        with self._lock:
            child = self._children.get(name)
        if child is None:
            raise StackError(f"no process is named {name}; there are {', '.join(self.children) or 'none'}")
        return child


def _ended(child: Child, status: int) -> StackError:
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    return StackError("\n".join([f"{child.command.name} {how}", *child.last_lines()]))
