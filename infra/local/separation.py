"""Whether the processes of a stack can have users of their own, found by trying."""

import grp
import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.commands import REPOSITORY
from infra.local.options import Part, StackOptions
from infra.local.process import ProcessUser
from infra.local.vault_server import find_binary

# From capability.h: what root needs to start, stop and provision processes of other users. Containers may withhold it.
_CAPABILITIES = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_FOWNER": 3,
    "CAP_FSETID": 4,
    "CAP_KILL": 5,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
}
_OTHERS_ENTER = 0o001

_TRIAL = """\
import os, sys
import app.settings, infra.local.state
for path in sys.argv[1:]:
    if not os.access(path, os.R_OK if os.path.isfile(path) else os.X_OK):
        sys.exit(f"{path} cannot be read by other users")
"""
_TRIAL_SECONDS = 20.0


def obstacle(users: Sequence[ProcessUser], options: StackOptions, home: Path) -> str | None:
    """Why the processes of the stack in `home` must share one user; None if each can have one of these."""
    if os.geteuid() != 0:
        return "only root can give each its own"
    if options.outside.secrets_folder is not None:
        return "the owners of files in SECRETS_FOLDER are not changed"
    missing = _missing_capabilities()
    if missing:
        return f"root lacks {', '.join(missing)} here"
    account = _account({number for user in users for number in (user.number, *user.groups)})
    if account is not None:
        return f"{account}; TRIAGE_FIRST_USER names other numbers"
    used = [home.resolve().parent, *map(Path, options.outside.tls.values())]
    if options.starts(Part.VAULT):
        used.append(Path(find_binary(options.vault_binary)))
    if options.scenarios is not None:
        used.append(options.scenarios.absolute())
    return _refused_entry(users[0], used)


def _missing_capabilities() -> list[str]:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    return [name for name, bit in _CAPABILITIES.items() if not effective >> bit & 1]


def _account(numbers: set[int]) -> str | None:
    """A user or group with an account that has one of these numbers."""
    user = next((user for user in pwd.getpwall() if user.pw_uid in numbers), None)
    if user is not None:
        return f"user {user.pw_uid} has an account, {user.pw_name}"
    group = next((group for group in grp.getgrall() if group.gr_gid in numbers), None)
    return None if group is None else f"group {group.gr_gid} has a name, {group.gr_name}"


def _refused_entry(user: ProcessUser, used: Sequence[Path]) -> str | None:
    """Start Python as this user and let it import this program."""
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _TRIAL, *map(str, used)],
            user=user.number,
            group=user.number,
            extra_groups=user.groups,
            cwd=REPOSITORY,
            env=user.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"Python did not start as user {user.number} within {_TRIAL_SECONDS:g} s"
    except OSError as error:
        problem = f"Python does not start as user {user.number}: {error.strerror}"
    else:
        if trial.returncode == 0:
            return None
        problem = (trial.stderr.splitlines() or [f"Python ended as user {user.number}"])[-1]
    program = Path(sys.executable)
    closed = _closed_folder(program, program.resolve(), REPOSITORY, *used)
    return f"{closed} cannot be entered by other users" if closed else problem


def _closed_folder(*paths: Path) -> Path | None:
    """The first folder on the way to one of these paths that other users cannot enter."""
    ways = (folder for path in paths for folder in (*reversed(path.parents), path))
    folders = (folder for folder in ways if folder.is_dir())
    return next((folder for folder in folders if not folder.stat().st_mode & _OTHERS_ENTER), None)
