"""One child process: started so that it dies with its supervisor, stopped with all it has started itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from infra.environment import plain_environment
from infra.local.identity import start_ticks
from infra.local.state import ProcessRecord

_CHILD = Path(__file__).with_name("child.py")

# The kernel ties a child's death signal to the *thread* that started it.  This one lives as long as we do.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")

_ONLY_ITS_USER = 0o077


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """How to start one process, and how to end it."""

    name: str
    argv: tuple[str, ...]
    """Program by absolute path, then arguments.  Everybody on the machine can read them: no secrets."""
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    """Sent by the kernel when the supervisor dies."""
    grace: float = 5.0
    """Seconds between the stop signal and SIGKILL for the whole group."""
    not_as_root: Path | None = None
    """For a program that refuses to be started by root: the folder with its files."""
    stdin: Path | None = None


class Child:
    """A started process and its group."""

    def __init__(self, command: Command) -> None:
        """Start it; the log is appended to."""
        self.command = command
        self._log_start = command.log.stat().st_size if command.log.exists() else 0
        self._popen = _spawner.submit(self._spawn).result()
        self.pid = self._popen.pid
        self._ticks = start_ticks(self.pid) or 0  # 0: it ended at once

    def _spawn(self) -> subprocess.Popen[bytes]:
        folder = self.command.not_as_root if os.geteuid() == 0 else None
        launcher = [sys.executable, "-I", "-S", str(_CHILD), str(int(self.command.orphan_signal))]
        with self.command.log.open("ab") as log, (self.command.stdin or Path(os.devnull)).open("rb") as stdin:
            return subprocess.Popen(
                [*launcher, str(os.getpid()), str(folder or "-"), *self.command.argv],
                env={**plain_environment(), **self.command.environment},
                cwd=self.command.folder,
                stdin=stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=_ONLY_ITS_USER,
            )

    @property
    def record(self) -> ProcessRecord:
        return ProcessRecord(name=self.command.name, pid=self.pid, ticks=self._ticks)

    def exit_status(self) -> int | None:
        """The exit status, negative for a signal, or None while it runs."""
        return self._popen.poll()

    def wait(self, timeout: float) -> int | None:
        """The exit status, or None when it still runs after `timeout` seconds."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def log_since_start(self) -> str:
        """What this process, not an earlier one of the same name, has written."""
        with self.command.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", errors="replace")

    def last_lines(self, count: int = 12) -> list[str]:
        """The end of its log."""
        return self.log_since_start().splitlines()[-count:]

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the process itself; nothing happens when it is gone."""
        if self.exit_status() is None:
            self._popen.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, wait for its grace, then kill whatever is left of it and its descendants."""
        family = _descendants(self.pid) if self.exit_status() is None else []
        self.kill(self.command.stop_signal)
        self.kill(signal.SIGCONT)  # a stopped process would only see the request after its grace
        if self.wait(self.command.grace) is None:
            family += _descendants(self.pid)
        kill_group(self.pid)
        for process in family:
            kill_quietly(process)
        self._popen.wait(timeout=10)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill_group(group: int) -> None:
    """SIGKILL for every process of a group; nothing happens when it is empty."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_quietly(process: psutil.Process) -> None:
    """SIGKILL, unless it is gone or its number belongs to somebody else by now."""
    try:
        process.kill()
    except psutil.Error:
        return
