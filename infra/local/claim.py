"""One stack at a time in a state folder: a second start names what runs there and touches nothing."""

import time

from infra.local.errors import AlreadyRunningError
from infra.local.leftovers import is_alive
from infra.local.state import Layout, StackLock, StackRecord, read_record, state_folder

_PATIENCE = 15.0
_POLL = 0.1


def claim(lock: StackLock, layout: Layout) -> None:
    """Take the lock, if need be after the guard of a killed stack has cleaned up.

    Raises AlreadyRunningError when a stack runs in the folder, or the lock is not to be had within 15 s.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            lock.acquire()
        except AlreadyRunningError:
            record = read_record(layout)
            if record is not None and is_alive(record.supervisor):
                raise AlreadyRunningError(_what_runs(layout, record)) from None
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL)
        else:
            return


def _what_runs(layout: Layout, record: StackRecord) -> str:
    address = record.endpoints.get("web") or next(iter(record.endpoints.values()), "")
    where = address if record.ready else "not ready yet"
    home = "" if layout.home == state_folder() else f" --home {layout.home}"
    return (
        f"a stack is already running in {layout.home}: process {record.supervisor.pid}, {where};"
        f" `triage stack down{home}` stops it"
    )
