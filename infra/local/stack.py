"""The local stack: what the `triage stack` command, the demo and the tests start and stop."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from infra.local import guard
from infra.local.claim import claim
from infra.local.commands import Services
from infra.local.errors import StackError
from infra.local.identity import boot_id, start_ticks
from infra.local.interruption import postponed
from infra.local.leftovers import clean_up, forget_secrets
from infra.local.options import Part, StackOptions
from infra.local.ports import Ports
from infra.local.process_table import SERVERS, Roster
from infra.local.startup import Parts
from infra.local.state import (
    Layout,
    PartRecord,
    ProcessRecord,
    StackLock,
    StackRecord,
)
from infra.secrets_folder import SecretsFolder

_LEFTOVER_GRACE = 3.0


class LocalStack:
    """Real servers and the processes of the application, from `start` to `stop`; also a context manager.

    Nothing is restarted by itself here; `infra.local.supervisor` adds that.
    """

    def __init__(
        self,
        home: Path,
        *,
        options: StackOptions | None = None,
        report: Callable[[PartRecord], None] = lambda _: None,
        stopping: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`report` gets each part that became ready, from any thread; `stopping` a sentence, once, before the stop."""
        self.options = options or StackOptions()
        self.layout = Layout(home.absolute())
        self._report = report
        self._say_stopping = stopping
        self._stop_said = False
        self._lock = StackLock(self.layout)
        self._dismiss_guard: Callable[[], object] = lambda: None
        self._parts: list[PartRecord] = []
        self._ready = False
        self._began = time.monotonic()
        self._started = datetime.now(UTC)
        self._writing = RLock()
        fixed = {name: port for name, port in self.options.ports.items() if self.options.serves(name)}
        self._ports = Ports(self.layout.ports, usual=self.options.usual_ports, fixed=fixed)
        self.roster = Roster(
            ports=self._ports,
            patience=self.options.patience,
            changed=self._write_record,
        )
        self.services = Services(self.layout, self.options)
        self.build = Parts(
            layout=self.layout,
            options=self.options,
            roster=self.roster,
            services=self.services,
            announce=self._announce,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start every part that was asked for and wait until each is ready.

        Raises AlreadyRunningError when the state folder is in use, and StackError when a part does not come
        up; then everything that was started has been stopped again.
        """
        try:
            claim(self._lock, self.layout)
            self._ports.require_fixed()
            self._prepare_folder()
            for stage in self.build.stages():
                self._side_by_side(stage)
            self._ready = True
            self._write_record()
        except OSError as error:
            self.stop()
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise StackError(what) from error
        except BaseException:
            self.stop()
            raise

    def _prepare_folder(self) -> None:
        layout = self.layout
        self._began, self._started = time.monotonic(), datetime.now(UTC)
        clean_up(layout, grace=_LEFTOVER_GRACE)
        shutil.rmtree(layout.logs, ignore_errors=True)
        if self.options.fresh:
            for folder in (layout.postgres, layout.vault, layout.access):
                shutil.rmtree(folder, ignore_errors=True)
        layout.create()
        forget_secrets(layout)
        self._write_record()
        with postponed():
            self._dismiss_guard = guard.start(layout)

    def _side_by_side(self, jobs: list[Callable[[], None]]) -> None:
        if not jobs:
            return
        with ThreadPoolExecutor(len(jobs), thread_name_prefix="part") as pool:
            try:
                with postponed():
                    started = [pool.submit(job) for job in jobs]
                for job in as_completed(started):
                    job.result()
            except BaseException:
                with ExitStack() as rest:
                    rest.callback(self.roster.abandon)
                    self._tell_of_stop()
                raise

    def stop(self) -> None:
        """Stop everything in reverse order, remove record, secrets and lock; may be called twice.

        Nothing happens to a folder this stack does not hold: it may be another one's.
        """
        if not self._lock.held:
            return
        with ExitStack() as rest:  # from the last to the first, whatever goes wrong with one of them
            rest.callback(self._leave_folder)
            rest.callback(self.roster.stop_all)
            self._tell_of_stop()

    def _tell_of_stop(self) -> None:
        if self._stop_said:
            return
        names = list(self.roster.children)[::-1]
        users, servers = [n for n in names if n not in SERVERS], [n for n in names if n in SERVERS]
        stages = [", ".join(users)] * bool(users) + ["the servers"] * bool(servers)
        if stages:
            self._stop_said = True
            self._say_stopping(f"stopping: {', then '.join(stages)}")

    def _leave_folder(self) -> None:
        self.layout.record.unlink(missing_ok=True)
        forget_secrets(self.layout)
        self._dismiss_guard()
        self._lock.release()

    @property
    def endpoints(self) -> dict[str, str]:
        """Part name (vault, postgres, valkey, the tools, web) to URL without credentials."""
        return dict(self.services.endpoints)

    @property
    def secrets(self) -> SecretsFolder:
        """Every secret of this start, those of outside servers as well."""
        return self.services.secrets

    @property
    def processes(self) -> dict[str, int]:
        """Name to process id; agent workers are worker-1, worker-2 and so on."""
        return {name: child.pid for name, child in self.roster.children.items()}

    def environment(self, process: str) -> dict[str, str]:
        """The variables a process is told: a tool's name, dispatcher, sweeper, worker, web or cli."""
        return self.services.environment(process)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one process."""
        self.roster.kill(name, number)

    def check(self) -> None:
        """Raise StackError, with the end of its log, when a process ended that should run."""
        for child in self.roster.ended():
            raise StackError("\n".join([f"{child.command.name} has ended", *child.last_lines()]))

    def halt(self, name: str) -> None:
        """Stop one process in order."""
        self.roster.stop(name)

    def restart(self, name: str) -> None:
        """Stop one process, start it again and wait until it is ready.

        Raises StackError for the vault, whose storage would be empty.
        """
        if name == Part.VAULT:
            raise StackError("the vault keeps everything in memory; stop the whole stack and start it again")
        self.roster.restart(name)

    def _announce(self, name: str, *, address: str = "", outside: bool = False) -> None:
        seconds = None if outside else round(time.monotonic() - self._began, 2)
        part = PartRecord(name=name, address=address, outside=outside, seconds=seconds)
        with self._writing:
            self._parts.append(part)
        self._write_record()
        self._report(part)

    def _write_record(self) -> None:
        with self._writing:
            me = os.getpid()
            StackRecord(
                boot=boot_id(),
                supervisor=ProcessRecord(name="supervisor", pid=me, ticks=start_ticks(me) or 0),
                started=self._started,
                ready=self._ready,
                parts=tuple(self._parts),
                processes=tuple(child.record for child in self.roster.children.values()),
                endpoints=self.endpoints,
                environments={name: self.environment(name) for name in ("cli", "worker")},
            ).write(self.layout)
