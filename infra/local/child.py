"""Becomes another program that dies with its supervisor. Run by path with `python -I -S`; imports nothing of ours.

Usage: child.py SIGNAL PARENT_PID FOLDER USER PROGRAM [ARGUMENT…]

SIGNAL is sent by the kernel when the supervisor's spawning thread ends for any reason. It is requested after the last
change of credentials, which would clear it.

FOLDER is `-`, or the folder of a program that refuses to run as root, such as PostgreSQL. In a user namespace the program
sees an ordinary user, while its files still belong to root. If namespaces are refused, as in most containers, the
program runs as `nobody`, the folder is given to that user, and the program keeps root's right to pass through closed
folders such as /root.

USER is `-`, or numbers separated by colons: those of the user, its group, and further groups. The program then runs as
that user, whom FOLDER is given to, and can gain no right by running another program.
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
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION = 0x20080522
_CAP_DAC_READ_SEARCH = 2


def main() -> None:
    death_signal, parent, folder, user = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    program = sys.argv[5:]
    libc = ctypes.CDLL(None, use_errno=True)
    if user != "-":
        become(libc, [int(number) for number in user.split(":")], folder)
    elif folder != "-":
        become_ordinary(libc, Path(folder))
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"prctl refused: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the supervisor has ended before this process could start")
    try:
        os.execv(program[0], program)  # noqa: S606 - becoming it is the point
    except OSError as refused:
        sys.exit(f"{program[0]}: {refused.strerror}")


def become(libc: ctypes.CDLL, numbers: list[int], folder: str) -> None:
    """Become the user and the groups with these numbers, for good."""
    user, group, *groups = numbers
    if folder != "-":
        give(Path(folder), user, group)
    os.setgroups(groups)
    os.setgid(group)
    os.setuid(user)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        sys.exit(f"prctl refused: {os.strerror(ctypes.get_errno())}")


def give(folder: Path, user: int, group: int) -> None:
    """Give a folder and all that is in it to a user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, group, follow_symlinks=False)


def become_ordinary(libc: ctypes.CDLL, folder: Path) -> None:
    """Give up root, by a namespace or by another user."""
    user, group = os.getuid(), os.getgid()
    give(folder, user, group)  # an earlier start may have given it to another user
    if libc.unshare(_CLONE_NEWUSER) == 0:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{_USER_INSIDE} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{_USER_INSIDE} {group} 1", encoding="ascii")
        return
    nobody = pwd.getpwnam("nobody")
    give(folder, nobody.pw_uid, nobody.pw_gid)
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    # Kept across the change of user. Unlike PR_SET_KEEPCAPS, it also affects access(2), which initdb calls.
    libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setuid(nobody.pw_uid)
    keep_passage(libc)


def keep_passage(libc: ctypes.CDLL) -> None:
    """Keep one capability across exec. Without it, the program still runs in folders that are open to everyone."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    kept = 1 << _CAP_DAC_READ_SEARCH
    sets = (ctypes.c_uint32 * 6)(
        kept, kept, kept
    )  # effective, permitted, inheritable; then their upper halves
    if libc.capset(header, sets) == 0:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH, 0, 0)


if __name__ == "__main__":
    main()
