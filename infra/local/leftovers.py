"""Processes of a stack whose supervisor is gone: found by the record it left, ended, and forgotten."""

import os
import signal
import time
from collections.abc import Iterable

import psutil

from infra.local.process import kill_quietly
from infra.local.secret_files import forget
from infra.local.state import Layout, ProcessRecord, read_record

_CLOCK_GRAIN = 0.05


def is_alive(record: ProcessRecord) -> bool:
    """Whether this very process runs; a later one with the same number does not count, nor does a zombie."""
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.created) < _CLOCK_GRAIN
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def living(records: Iterable[ProcessRecord]) -> list[psutil.Process]:
    """Every process that is one of these, descends from one, or is left of its group."""
    records = tuple(records)
    groups = {record.pid: record.created for record in records if not _is_reused(record)}
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            born = groups.get(os.getpgid(process.pid))
            if born is None or process.create_time() < born - _CLOCK_GRAIN:
                continue
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            # PostgreSQL's backends lead groups of their own, so the group alone is not enough.
            family = [process, *process.children(recursive=True)]
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
        found.update((member.pid, member) for member in family)
    return list(found.values())


def _is_reused(record: ProcessRecord) -> bool:
    try:
        return abs(psutil.Process(record.pid).create_time() - record.created) >= _CLOCK_GRAIN
    except psutil.NoSuchProcess:
        return False


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
    if record is not None:
        killed = end(record.processes, grace=grace)
        outside_vault = any(part.name == "vault" and part.outside for part in record.parts)
        forget(layout.secrets, identities=not outside_vault)
    layout.record.unlink(missing_ok=True)
    return killed
