"""One child process: it dies with its supervisor, and is stopped together with its descendants."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from infra.environment import plain_environment
from infra.local.state import ProcessRecord

_CHILD = Path(__file__).with_name("child.py")

# The kernel ties a child's death signal to the *thread* that started it: this one lives as long as the process.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")

_ONLY_ITS_USER = 0o077

_START_FIELD = 19  # of the fields after the name, see proc_pid_stat(5)
_STATE_FIELD = 0
_DEAD = ("Z", "X")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessUser:
    """The numeric user of a process, without an account. As a text, it is the argument USER of `child.py`."""

    number: int
    """Also that of its group."""
    groups: tuple[int, ...] = ()

    def __str__(self) -> str:
        return ":".join(map(str, (self.number, self.number, *self.groups)))

    @property
    def environment(self) -> dict[str, str]:
        """`plain_environment` without the caller's folders, which this user may not enter."""
        kept = {name: value for name, value in plain_environment().items() if name != "TMPDIR"}
        return kept | {"HOME": "/nonexistent"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """How to start one process, and how to end it."""

    name: str
    argv: tuple[str, ...]
    """Program by absolute path, then arguments.  Every user of the machine can read them: no secrets."""
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    """Sent by the kernel when the supervisor dies."""
    grace: float = 5.0
    """Seconds between the stop signal and SIGKILL for the whole group."""
    not_as_root: Path | None = None
    """For a program that refuses to run as root: the folder with its files."""
    stdin: Path | None = None


class Child:
    """A started process and its group."""

    def __init__(self, command: Command, user: ProcessUser | None = None) -> None:
        """Start the process, as `user` if one is given, and append its output to the log."""
        self.command = command
        self._user = user
        self._log_start = command.log.stat().st_size if command.log.exists() else 0
        self._popen = _spawner.submit(self._spawn).result()
        self.pid = self._popen.pid
        self._ticks = start_ticks(self.pid) or 0  # 0: it has ended already

    def _spawn(self) -> subprocess.Popen[bytes]:
        folder = self.command.not_as_root if os.geteuid() == 0 else None
        launcher = [sys.executable, "-I", "-S", str(_CHILD), str(int(self.command.orphan_signal))]
        launcher += [str(os.getpid()), str(folder or "-"), str(self._user or "-")]
        inherited = plain_environment() if self._user is None else self._user.environment
        with self.command.log.open("ab") as log, (self.command.stdin or Path(os.devnull)).open("rb") as stdin:
            return subprocess.Popen(
                [*launcher, *self.command.argv],
                env={**inherited, **self.command.environment},
                cwd=self.command.folder or ("/" if self._user else None),
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
        """The output of this process, without that of earlier ones with the same name."""
        with self.command.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", errors="replace")

    def last_lines(self, count: int = 12) -> list[str]:
        """The end of its log."""
        return self.log_since_start().splitlines()[-count:]

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the process itself; no effect if it has ended."""
        if self.exit_status() is None:
            self._popen.send_signal(number)

    def stop(self) -> None:
        """Send the stop signal, wait for the grace period, then kill what is left of it and its descendants."""
        family = _descendants(self.pid) if self.exit_status() is None else []
        self.kill(self.command.stop_signal)
        self.kill(signal.SIGCONT)  # a suspended process would not see the stop signal
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
    """SIGKILL for every process of a group; no effect if it is empty."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def kill_quietly(process: psutil.Process) -> None:
    """SIGKILL, unless it has ended, even if another process has its number by now."""
    with suppress(psutil.Error):
        process.kill()


def boot_id() -> str:
    """Identifies the current boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None if it has ended or is a zombie.

    Together with the number it identifies a process: numbers are reused. Setting the clock does not change it.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(b")") + 2 :].decode("ascii").split()
    return None if fields[_STATE_FIELD] in _DEAD else int(fields[_START_FIELD])
