"""Become another program that dies with its supervisor.  Run by path with `python -I -S`, imports nothing of ours.

Usage: child.py SIGNAL PARENT_PID FOLDER PROGRAM [ARGUMENT…]

SIGNAL is what the kernel sends when the supervisor's spawning thread ends, however it ends.  It is asked for
after the last change of credentials, because such a change clears it.

FOLDER is `-`, or for PostgreSQL started by root, which it refuses, the folder with its files: in a user
namespace of its own the program sees an ordinary user, while files still belong to the caller.  Where
namespaces are refused, as in most containers, the program runs as `nobody`, the folder is handed over to it, and it keeps
root's right to pass through closed folders such as /root.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_USER_INSIDE = 1000
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 4
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION = 0x20080522
_CAP_DAC_READ_SEARCH = 2


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
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    # Not cleared by the change of user; and unlike with PR_SET_KEEPCAPS access(2), which initdb asks, knows of it.
    libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setuid(nobody.pw_uid)
    keep_passage(libc)


def keep_passage(libc: ctypes.CDLL) -> None:
    """Keep the one capability, for the program to come too. Without it the program still runs in folders open to all."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    kept = 1 << _CAP_DAC_READ_SEARCH
    sets = (ctypes.c_uint32 * 6)(
        kept, kept, kept
    )  # effective, permitted, inheritable; then their upper halves
    if libc.capset(header, sets) == 0:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH, 0, 0)


if __name__ == "__main__":
    main()
