"""Become another program that dies with its supervisor.  Run by path with `python -I -S`, imports nothing of ours.

Usage: child.py SIGNAL PARENT_PID USER_NAMESPACE PROGRAM [ARGUMENT…]

SIGNAL is what the kernel sends when the supervisor's spawning thread ends, however it ends.  It is asked for
after the last change of credentials, because such a change clears it.  USER_NAMESPACE is 1 for PostgreSQL
started by root, which it refuses: in a namespace of its own the program sees an ordinary user, while files
still belong to the caller.  Where namespaces are refused the user becomes `nobody`.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_USER_INSIDE = 1000


def main() -> None:
    death_signal, parent, namespace = (int(text) for text in sys.argv[1:4])
    program = sys.argv[4:]
    libc = ctypes.CDLL(None, use_errno=True)
    if namespace:
        _become_ordinary(libc)
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl refused: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the supervisor was gone before this process could start")
    try:
        os.execv(program[0], program)
    except OSError as refused:
        sys.exit(f"{program[0]}: {refused.strerror}")


def _become_ordinary(libc: ctypes.CDLL) -> None:
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER) == 0:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{_USER_INSIDE} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{_USER_INSIDE} {group} 1", encoding="ascii")
        return
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


main()
