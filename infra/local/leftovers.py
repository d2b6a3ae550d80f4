"""Processes of a stack whose supervisor is gone: found by the record it left, ended, and forgotten."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable

import psutil

from infra.local.errors import AlreadyRunningError, StackError
from infra.local.identity import boot_id, start_ticks
from infra.local.process import kill_quietly
from infra.local.state import Layout, ProcessRecord, StackLock, is_locked, read_record

_STOP_DEADLINE = 60.0
_AFTER_KILL = 20.0
_LEFTOVER_GRACE = 3.0


def is_alive(record: ProcessRecord) -> bool:
    """Whether this very process runs; a later one with the same number does not count, nor does a zombie."""
    return start_ticks(record.pid) == record.ticks


def living(records: Iterable[ProcessRecord]) -> list[psutil.Process]:
    """Every process that is one of these, descends from one, or is left of its group."""
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


def end(records: Iterable[ProcessRecord], *, grace: float) -> list[str]:
    """End what is left of these processes; the names of those that had to be killed after `grace` seconds.

    The kernel has sent each its own stop signal when the supervisor died, so this waits before it kills.
    """
    records = tuple(records)
    remaining = living(records)
    for process in remaining:
        _signal(process, signal.SIGCONT)
    remaining = _wait(remaining, seconds=grace)
    late = {process.pid: process for process in (*remaining, *living(records))}
    names = sorted(_name(process) for process in late.values())
    for process in late.values():
        kill_quietly(process)
    _wait(list(late.values()), seconds=5)
    return names


def _wait(processes: list[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while (processes := [each for each in processes if _runs(each)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return


def _name(process: psutil.Process) -> str:
    try:
        return f"{process.name()} ({process.pid})"
    except psutil.Error:
        return str(process.pid)


def clean_up(layout: Layout, *, grace: float) -> list[str]:
    """End and forget a crashed stack.  The caller holds the lock."""
    record = read_record(layout)
    killed: list[str] = []
    if record is not None and record.boot == boot_id():
        killed = end(record.processes, grace=grace)
    if record is not None:
        forget_secrets(layout)
    layout.record.unlink(missing_ok=True)
    return killed


def forget_secrets(layout: Layout) -> None:
    """Remove the secrets of a start; those of outside servers are in a folder of their own and stay."""
    if layout.secrets.is_dir():
        shutil.rmtree(layout.secrets)
        layout.create()


def stop_stack(layout: Layout) -> bool:
    """Stop the stack in this folder from outside, running or crashed; False when there was none.

    A stack that somebody starts meanwhile is left alone.  Raises StackError when the folder is still in use after
    all deadlines.
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
            time.sleep(0.1)  # otherwise it has only begun to start, or its guard cleans up
            continue
        try:
            clean_up(layout, grace=_LEFTOVER_GRACE)
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
