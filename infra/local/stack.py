"""The local stack that the `triage stack` command, the demo and the tests start and stop."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from infra.local import guard
from infra.local.commands import Services
from infra.local.environments import Environments
from infra.local.errors import StackError
from infra.local.interruption import postponed
from infra.local.leftovers import claim, erase_secrets, prepare
from infra.local.options import Part, StackOptions
from infra.local.ports import Ports
from infra.local.process import boot_id, start_ticks
from infra.local.process_table import ProcessTable
from infra.local.startup import Job, Startup
from infra.local.state import Layout, PartRecord, ProcessRecord, StackLock, StackRecord
from infra.local.users import ProcessUsers
from infra.reporting import Say
from infra.secrets_folder import SecretsFolder


class LocalStack:
    """Real servers and the processes of the application, from `start` to `stop`; also a context manager.

    It does not restart processes that end; `infra.local.supervisor` does.
    """

    def __init__(
        self,
        home: Path,
        *,
        options: StackOptions | None = None,
        report: Callable[[PartRecord], None] = lambda _: None,
        notice: Say = lambda _: None,
        stopping: Say = lambda _: None,
    ) -> None:
        """`report` receives each part that is ready, from any thread; `notice` and `stopping` one sentence each."""
        self.options = options or StackOptions()
        self.layout = Layout(home.absolute())
        self._report, self._notice = report, notice
        self._lock = StackLock(self.layout)
        self._dismiss_guard: Callable[[], object] = lambda: None
        self._parts: list[PartRecord] = []
        #: Every part is up, as its record says.
        self.is_ready = False
        self._writing = RLock()
        fixed = self.options.fixed_ports()
        self._ports = Ports(self.layout.ports, usual=self.options.usual_ports, fixed=fixed)
        self._users = ProcessUsers(self.layout, self.options)
        self.process_table = ProcessTable(
            ports=self._ports,
            patience=self.options.patience,
            changed=self._write_record,
            stopping=stopping,
            user_of=self._users.of,
        )
        self._environments = Environments(self.layout, self.options)
        self.services = Services(self.layout, self.options, self._environments)
        self.startup = Startup(
            layout=self.layout,
            options=self.options,
            processes=self.process_table,
            environments=self._environments,
            services=self.services,
            users=self._users,
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
        """Start every part in the options and wait until each is ready.

        Raises AlreadyRunningError if the state folder is in use, and StackError if a part does not start; in both
        cases nothing that was started is left.
        """
        try:
            claim(self._lock, self.layout)
            self._ports.require_fixed()
            self._prepare_folder()
            for stage in self.startup.stages():
                self._side_by_side(stage)
            self.is_ready = True
            self._write_record()
        except OSError as error:
            self.stop()
            reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise StackError(reason) from error
        except BaseException:
            self.stop()
            raise

    def _prepare_folder(self) -> None:
        layout = self.layout
        self._began = time.monotonic()
        self._started = datetime.now(UTC)
        prepare(layout, fresh=self.options.fresh)
        self._users.assign()
        self._notice(str(self._users))
        self._write_record()
        with postponed():
            self._dismiss_guard = guard.start(layout)

    def _side_by_side(self, jobs: list[Job]) -> None:
        with ThreadPoolExecutor(len(jobs) or 1, thread_name_prefix="part") as pool:
            try:
                with postponed():
                    started = [pool.submit(job) for job in jobs]
                for job in as_completed(started):
                    job.result()
            except BaseException:
                self.process_table.abandon()
                raise

    def stop(self) -> None:
        """Stop everything and remove record, secrets and lock. No effect if this stack does not hold the folder."""
        if not self._lock.held:
            return
        try:
            self.process_table.stop_all()
        finally:
            self._leave_folder()

    def _leave_folder(self) -> None:
        self.layout.record.unlink(missing_ok=True)
        erase_secrets(self.layout)
        self._dismiss_guard()
        self._lock.release()

    @property
    def endpoints(self) -> dict[str, str]:
        """Part name (vault, postgres, valkey, the tools, web) to URL without credentials."""
        return dict(self._environments.endpoints)

    @property
    def secrets(self) -> SecretsFolder:
        """Every secret of this start, including those of outside servers."""
        return self._environments.secrets

    @property
    def processes(self) -> dict[str, int]:
        """Name to process id; agent workers are worker-1, worker-2 and so on."""
        return {name: child.pid for name, child in self.process_table.children.items()}

    def environment(self, process: str) -> dict[str, str]:
        """The variables of a process: a tool's name, dispatcher, sweeper, reconciler, switch, worker, web or cli."""
        return self._environments.of(process)

    def check(self) -> None:
        """Raise StackError, with the end of its log, if a process has ended."""
        for child in self.process_table.ended():
            raise StackError("\n".join([f"{child.command.name} has ended", *child.last_lines()]))

    def restart(self, name: str) -> None:
        """Stop one process, start it again and wait until it is ready.

        Raises StackError for the vault, which would be empty or sealed.
        """
        if name == Part.VAULT:
            raise StackError("the vault would be empty or sealed; stop the whole stack and start it again")
        self.process_table.restart(name)

    def _announce(self, name: str, *, address: str = "", outside: bool = False) -> None:
        seconds = None if outside else round(time.monotonic() - self._began, 2)
        part = PartRecord(name=name, address=address, outside=outside, seconds=seconds)
        with self._writing:
            self._parts.append(part)
        self._write_record()
        self.process_table.unless_stopping(lambda: self._report(part))

    def _write_record(self) -> None:
        with self._writing:
            me = os.getpid()
            StackRecord(
                boot=boot_id(),
                supervisor=ProcessRecord(name="supervisor", pid=me, ticks=start_ticks(me) or 0),
                started=self._started,
                ready=self.is_ready,
                separated=self._users.separated,
                users=str(self._users),
                parts=tuple(self._parts),
                processes=tuple(child.record for child in self.process_table.children.values()),
                endpoints=self.endpoints,
                environments={name: self.environment(name) for name in ("cli", "worker")},
            ).write(self.layout)
