"""Who holds a state folder, and what a killed stack left there: its processes, its record and its secrets."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

from infra.local.errors import AlreadyRunningError, StackError
from infra.local.process import boot_id, kill_quietly, start_ticks
from infra.local.state import (
    Layout,
    ProcessRecord,
    StackLock,
    StackRecord,
    is_locked,
    read_record,
    state_folder,
)

_STOP_DEADLINE = 60.0
_AFTER_KILL = 20.0
LEFTOVER_GRACE = 3.0
_LOCK_PATIENCE = 15.0
_POLL = 0.1


def claim(lock: StackLock, layout: Layout) -> None:
    """Take the lock of the state folder; waits while the guard of a killed stack cleans up.

    Raises AlreadyRunningError, with the address, if a stack runs there, or if the lock is not free within 15 s.
    """
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            lock.acquire()
        except AlreadyRunningError:
            record = read_record(layout)
            if record is not None and is_alive(record.supervisor):
                raise AlreadyRunningError(_description(layout, record)) from None
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL)
        else:
            return


def _description(layout: Layout, record: StackRecord) -> str:
    address = record.endpoints.get("web") or next(iter(record.endpoints.values()), "")
    where = address if record.ready else "not ready yet"
    home = "" if layout.home == state_folder() else f" --home {layout.home}"
    return (
        f"a stack is already running in {layout.home}: process {record.supervisor.pid}, {where};"
        f" `triage stack down{home}` stops it"
    )


def is_alive(record: ProcessRecord) -> bool:
    """Whether this process runs. A zombie does not count, nor does a later process with the same number."""
    return start_ticks(record.pid) == record.ticks


def living(records: Iterable[ProcessRecord]) -> list[psutil.Process]:
    """Every process that is one of these, descends from one, or belongs to the group of one."""
    groups = {
        record.pid: record.ticks for record in records if start_ticks(record.pid) in {None, record.ticks}
    }
    found: dict[int, psutil.Process] = {}
    for pid in psutil.pids():
        try:
            ticks = start_ticks(pid)
            if ticks is None or ticks < groups.get(os.getpgid(pid), sys.maxsize):
                continue
            process = psutil.Process(pid)
            # PostgreSQL's backends lead groups of their own, so the group alone is not enough.
            family = [process, *process.children(recursive=True)]
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
        found.update((member.pid, member) for member in family)
    return list(found.values())


def end(records: Iterable[ProcessRecord], *, grace: float) -> None:
    """Wait `grace` seconds for these processes to end, then kill the rest.

    The kernel has sent each its stop signal when the supervisor died.
    """
    records = tuple(records)
    remaining = living(records)
    for process in remaining:
        _signal(process, signal.SIGCONT)
    remaining = _wait(remaining, seconds=grace)
    late = {process.pid: process for process in (*remaining, *living(records))}
    for process in late.values():
        kill_quietly(process)
    _wait(list(late.values()), seconds=5)


def _wait(processes: list[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while (processes := [process for process in processes if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.Error):
        process.send_signal(number)


def clean_up(layout: Layout, *, grace: float) -> None:
    """End the processes of a crashed stack, and erase its secrets and its record. The caller holds the lock."""
    record = read_record(layout)
    if record is not None:
        if record.boot == boot_id():
            end(record.processes, grace=grace)
        erase_secrets(layout)
    layout.record.unlink(missing_ok=True)


def prepare(layout: Layout, *, fresh: bool) -> None:
    """Make the folders, without logs, secrets and vaults of earlier starts; if `fresh`, without their data either."""
    clean_up(layout, grace=LEFTOVER_GRACE)
    for folder in (layout.logs, layout.vault_storage):
        shutil.rmtree(folder, ignore_errors=True)
    if fresh:
        for folder in (layout.postgres, layout.vault, layout.access):
            shutil.rmtree(folder, ignore_errors=True)
        layout.rehearsals.unlink(missing_ok=True)  # they name runs and alarms
    layout.start_again.unlink(missing_ok=True)
    layout.create()
    erase_secrets(layout)


def erase_secrets(layout: Layout) -> None:
    """Erase the secrets of a start. Those of outside servers are in another folder and stay."""
    if layout.secrets.is_dir():
        shutil.rmtree(layout.secrets)
        layout.create()


def stop_stack(layout: Layout) -> bool:
    """Stop the stack in this folder from another process, running or crashed; False if there is none.

    A stack that is started meanwhile is left alone. Raises StackError if the folder is still in use after a minute.
    """
    if read_record(layout) is None and not is_locked(layout):
        return False
    stopped: ProcessRecord | None = None
    deadline = time.monotonic() + _AFTER_KILL
    while time.monotonic() < deadline:
        try:
            lock = StackLock(layout).acquire()
        except AlreadyRunningError:
            record = read_record(layout)
            if record is not None and is_alive(record.supervisor):
                if stopped is None:
                    stopped = record.supervisor
                    _stop_supervisor(stopped)
                    deadline = time.monotonic() + _AFTER_KILL
                elif record.supervisor != stopped:
                    return True
            time.sleep(_POLL)  # it stops, has only begun to start, or its guard cleans up
            continue
        try:
            clean_up(layout, grace=LEFTOVER_GRACE)
        finally:
            lock.release()
        return True
    raise StackError(f"{layout.home} is still in use; see {layout.record}")


def _stop_supervisor(record: ProcessRecord) -> None:
    try:
        supervisor = psutil.Process(record.pid)
    except psutil.NoSuchProcess:
        return
    _signal(supervisor, signal.SIGTERM)
    if _wait([supervisor], seconds=_STOP_DEADLINE):
        kill_quietly(supervisor)
