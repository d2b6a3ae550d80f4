"""A second pair of eyes: ends the processes of a stack whose supervisor was killed.

The kernel already signals each child at that moment.  What a signal cannot do is insist, reach grandchildren
whose parent was killed, or remove the record and the secrets; this process does.  Its standard input is a
pipe from the supervisor, so end of file is the news.  Usage: python -m infra.local.guard HOME SUPERVISOR_PID
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
    """Start the guard of the stack in this process; what is returned dismisses it, and waits for its end."""
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
        return  # stopped, or already another's
    lock = _lock_of(guarded, layout)
    if lock is None:
        return
    try:
        clean_up(layout, grace=_GRACE)
    finally:
        lock.release()


def _lock_of(guarded: StackRecord, layout: Layout) -> StackLock | None:
    """The lock of the stack that died; none after an orderly stop, or when another stack has taken over.

    The kernel closes the pipe of a killed process before it lets go of its lock, and `status` holds the lock for a
    moment when it looks: being refused once means nothing.
    """
    while (found := read_record(layout)) is not None and found.supervisor == guarded.supervisor:
        try:
            return StackLock(layout).acquire()
        except AlreadyRunningError:
            time.sleep(_POLL)
    return None


if __name__ == "__main__":
    main()
