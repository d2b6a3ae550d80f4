"""A second pair of eyes: ends the processes of a stack whose supervisor was killed.

The kernel already signals each child at that moment.  What a signal cannot do is insist, reach grandchildren
whose parent was killed, or remove the record and the secrets; this process does.  Its standard input is a
pipe from the supervisor, so end of file is the news.  Usage: python -m infra.local.guard HOME
"""

import signal
import sys
import time
from pathlib import Path

from infra.local.errors import AlreadyRunningError
from infra.local.leftovers import clean_up
from infra.local.state import Layout, StackLock, StackRecord, read_record

_GRACE = 5.0
_POLL = 0.05


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    layout = Layout(Path(sys.argv[1]))
    sys.stdin.buffer.read()
    guarded = read_record(layout)
    lock = _lock_of(guarded, layout) if guarded is not None else None  # no record: an orderly stop
    if lock is None:
        return
    try:
        clean_up(layout, grace=_GRACE)
    finally:
        lock.release()


def _lock_of(guarded: StackRecord, layout: Layout) -> StackLock | None:
    """The lock of the stack that died; none when another stack has taken over, which cleans up itself.

    The kernel closes the pipe of a killed process before it lets go of its lock, and `status` holds the lock for a
    moment when it looks: being refused once means nothing.
    """
    while True:
        try:
            return StackLock(layout).acquire()
        except AlreadyRunningError:
            found = read_record(layout)
            if found is None or found.supervisor != guarded.supervisor:
                return None
            time.sleep(_POLL)


if __name__ == "__main__":
    main()
