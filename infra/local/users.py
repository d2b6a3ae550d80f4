"""The users of the processes: if root starts the stack, each process has a numeric user of its own, without an account.

Such a user enters the state folder through a group that no account belongs to, and reads there only what its process
needs. The secrets and settings of a process belong to root: its group may read them, and it cannot replace them.
"""

import errno
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from infra.local.environments import TOOLS
from infra.local.errors import StackError
from infra.local.options import StackOptions
from infra.local.process import ProcessUser
from infra.local.separation import obstacle
from infra.local.state import Layout

#: Workers share one user, as they share their logins.
_OWNERS = (
    "vault",
    "postgres",
    "valkey",
    "identity-provider",
    "dispatcher",
    "sweeper",
    "reconciler",
    "switch",
    "worker",
    "web",
    *TOOLS,
)
_READERS_OF_VAULT_LOG = ("vault", "sweeper", "reconciler", "web")

_ENTER_ONLY, _FOLDER, _FILE, _OWN_FILE = 0o710, 0o2750, 0o640, 0o600


def first_user(environment: Mapping[str, str]) -> dict[str, int]:
    """TRIAGE_FIRST_USER as an option of the stack, if it is set. Raises StackError."""
    value = environment.get("TRIAGE_FIRST_USER")
    if not value:
        return {}
    if not re.fullmatch("[1-9][0-9]{3,8}", value):
        raise StackError(f"TRIAGE_FIRST_USER: {value!r} is not a number from 1000 to 999999999")
    return {"first_user": int(value)}


class ProcessUsers:
    """The users of one stack. As a text, it says whether there are several, and otherwise the reason."""

    def __init__(self, layout: Layout, options: StackOptions) -> None:
        self._layout = layout
        self._options = options
        self._everyone, self._log_readers = options.first_user, options.first_user + 1
        self._users = {
            owner: ProcessUser(
                number=number,
                groups=(self._everyone, *[self._log_readers] * (owner in _READERS_OF_VAULT_LOG)),
            )
            for number, owner in enumerate(_OWNERS, options.first_user + 2)
        }
        self._obstacle: str | None = "the stack has not started"

    @property
    def separated(self) -> bool:
        """Whether each process has its own user."""
        return self._obstacle is None

    def __str__(self) -> str:
        if self._obstacle is not None:
            return f"processes share one user: {self._obstacle}"
        first, *_, last = (user.number for user in self._users.values())
        return f"each process has its own user: {first} to {last}"

    def of(self, process: str) -> ProcessUser | None:
        """The user of a process by its name, such as worker-1; None for that of the stack itself."""
        owner, _, number = process.rpartition("-")
        return self._users.get(owner if number.isdigit() else process) if self.separated else None

    def assign(self) -> None:
        """Give each process its user and the user its files, unless there is an obstacle; the folders must exist."""
        self._obstacle = obstacle(tuple(self._users.values()), self._options, self._layout.home)
        if self._obstacle is None:
            try:
                self._open_folders()
            except OSError as error:
                self._obstacle = f"{error.filename}: {error.strerror}"
                self._layout.create()

    def share(self, folder: Path) -> None:
        """Let all processes read a folder of the stack. No effect if they share one user."""
        if self.separated:
            for path in (folder, *folder.rglob("*")):
                _give(path, 0, self._everyone, _FOLDER if path.is_dir() else _FILE)

    def _open_folders(self) -> None:
        layout, users = self._layout, self._users
        identities = layout.secrets / "identities"
        for folder in (layout.home.resolve(), layout.secrets, identities, layout.access):
            folder.mkdir(mode=0o700, exist_ok=True)
            _give(folder, 0, self._everyone, _ENTER_ONLY)
        for owner, user in users.items():
            for folder in (layout.secrets / owner, identities / owner):
                _give_folder(folder, 0, user.number)
        _give_folder(layout.valkey, 0, users["valkey"].number)
        _give_folder(layout.identity_provider, 0, users["identity-provider"].number)
        _give_folder(layout.presenter, 0, users["web"].number)
        _give_folder(layout.slow.parent, 0, self._everyone)
        # The broker saves its users there.
        _give_folder(layout.secrets / "valkey", users["valkey"].number, users["valkey"].number)
        _give_folder(layout.vault, users["vault"].number, self._log_readers)
        _give_folder(layout.vault_storage, users["vault"].number, users["vault"].number)
        # The reconciler reads what tools and databases log, and writes none of it.
        reader = users["reconciler"].number
        layout.audit_log_2.touch(_OWN_FILE)
        _give(layout.audit_log_2, users["vault"].number, reader, _FILE)
        for tool in TOOLS:
            log = layout.access_log(tool)
            log.touch(_OWN_FILE)
            _give(log, users[tool].number, reader, _FILE)
        layout.postgres_log.touch(_OWN_FILE)
        _give(layout.postgres_log, 0, reader, _FILE)


def _give_folder(folder: Path, user: int, group: int) -> None:
    """Give a folder and the files in it; later files get the group from it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in folder.iterdir():
        _give(file, user, group, _FILE)
    _give(folder, user, group, _FOLDER)


def _give(path: Path, user: int, group: int, mode: int) -> None:
    """Change the owners and the mode of a file or folder, but not through a link that its last owner has left there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return
        raise
    try:
        if mode & stat.S_IXGRP or os.fstat(descriptor).st_nlink == 1:
            os.fchown(descriptor, user, group)
            os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)
