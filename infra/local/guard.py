"""A process that cleans up after a supervisor that was killed.

The kernel sends each child a signal at that moment. The guard kills the children that ignore it and the grandchildren
that it does not reach, and erases the record and the secrets. Its standard input is a pipe from the supervisor: end of
file means that the supervisor is gone. Usage: python -m infra.local.guard HOME SUPERVISOR_PID
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.environment import plain_environment
from infra.local.errors import AlreadyRunningError
from infra.local.leftovers import clean_up
from infra.local.state import Layout, StackLock, StackRecord, read_record

_GRACE = 5.0
_POLL = 0.05


def start(layout: Layout) -> Callable[[], object]:
    """Start the guard of this process's stack; returns a function that dismisses it and waits for its end."""
    with (layout.logs / "guard.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.guard", str(layout.home), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parents[2],
            env=plain_environment(),
            start_new_session=True,
        )
    return process.communicate


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    layout = Layout(Path(sys.argv[1]))
    guarded = read_record(layout)
    sys.stdin.buffer.read()
    if guarded is None or guarded.supervisor.pid != int(sys.argv[2]):
        return  # the stack has stopped, or another one has started
    lock = _lock_of(guarded, layout)
    if lock is None:
        return
    try:
        clean_up(layout, grace=_GRACE)
    finally:
        lock.release()


def _lock_of(guarded: StackRecord, layout: Layout) -> StackLock | None:
    """The lock of the killed stack; None after a regular stop, or if another stack has started.

    The kernel closes the pipe of a killed process before it releases the lock, and `triage stack status` holds the
    lock for a moment: the lock is tried until it is free.
    """
    while (found := read_record(layout)) is not None and found.supervisor == guarded.supervisor:
        try:
            return StackLock(layout).acquire()
        except AlreadyRunningError:
            time.sleep(_POLL)
    return None


if __name__ == "__main__":
    main()
