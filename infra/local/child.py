"""Become another program that dies with its supervisor.  Run by path with `python -I -S`, imports nothing of ours.

Usage: child.py SIGNAL PARENT_PID FOLDER PROGRAM [ARGUMENT…]

SIGNAL is what the kernel sends when the supervisor's spawning thread ends, however it ends.  It is asked for
after the last change of credentials, because such a change clears it.

FOLDER is `-`, or for PostgreSQL started by root, which it refuses, the folder with its files: in a user
namespace of its own the program sees an ordinary user, while files still belong to the caller.  Where
namespaces are refused, the program runs as `nobody` and the folder is handed over to it.
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
    death_signal, parent, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    program = sys.argv[4:]
    libc = ctypes.CDLL(None, use_errno=True)
    if folder != "-":
        become_ordinary(libc, Path(folder))
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl refused: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the supervisor was gone before this process could start")
    try:
        os.execv(program[0], program)  # noqa: S606 - becoming it is the point
    except OSError as refused:
        sys.exit(f"{program[0]}: {refused.strerror}")


def become_ordinary(libc: ctypes.CDLL, folder: Path) -> None:
    """Stop being root, by a namespace or by another user."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER) == 0:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{_USER_INSIDE} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{_USER_INSIDE} {group} 1", encoding="ascii")
        return
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    folder.parent.chmod(0o711)  # to be passed through, not to be read
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


if __name__ == "__main__":
    main()
