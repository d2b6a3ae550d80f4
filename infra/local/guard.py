"""A second pair of eyes: ends the processes of a stack whose supervisor was killed.

The kernel already signals each child at that moment.  What a signal cannot do is insist, reach grandchildren
whose parent was killed, or remove the record and the secrets; this process does.  Its standard input is a
pipe from the supervisor, so end of file is the news.  Usage: python -m infra.local.guard HOME
"""

import signal
import sys
from pathlib import Path

from infra.local.errors import AlreadyRunningError
from infra.local.leftovers import clean_up
from infra.local.state import Layout, StackLock

_GRACE = 5.0


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    layout = Layout(Path(sys.argv[1]))
    sys.stdin.buffer.read()
    if not layout.record.exists():
        return  # an orderly stop
    try:
        lock = StackLock(layout).acquire()
    except AlreadyRunningError:
        return  # the next stack is already here and cleans up itself
    try:
        clean_up(layout, grace=_GRACE)
    finally:
        lock.release()


if __name__ == "__main__":
    main()
