"""The folder with every secret of an installation: one folder for each owner, who can read no other.

Vault identities are kept separately, in `identities/<owner>/`: the rotation job replaces them and can read nothing else.
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from glob import escape
from pathlib import Path
from typing import BinaryIO

_OWNER_FILE = 0o600
_OWNER_FOLDER = 0o700
_GROUP_FILE = 0o640
_GROUP_FOLDER = stat.S_ISGID | stat.S_IRGRP | stat.S_IXGRP


def random_secret() -> str:
    """A new secret of 256 random bits, safe in URLs, configuration files and SQL literals."""
    return secrets.token_urlsafe(32)


class SecretsFolder:
    """Secrets by owner and file name. Each file is written in one step."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def path(self, owner: str, name: str) -> Path:
        """The path of this secret, which need not exist."""
        folder = self.root / "identities" if name == "vault-identity.json" else self.root
        return folder / owner / name

    def has(self, owner: str, name: str) -> bool:
        """Whether this secret exists."""
        return self.path(owner, name).is_file()

    def read(self, owner: str, name: str) -> str | None:
        """The secret, stripped; None if the file does not exist. Raises OSError."""
        try:
            return self.path(owner, name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def ensure(self, owner: str, name: str, make: Callable[[], str | bytes]) -> bool:
        """Write the result of `make` unless the file exists; returns whether it was written. Raises OSError."""
        if self.has(owner, name):
            return False
        self.replace(owner, name, make())
        return True

    def replace(self, owner: str, name: str, content: str | bytes) -> Path:
        """Write or replace a secret as `write_secret` does; returns its path. Raises OSError."""
        return write_secret(self.folder(owner, name) / name, content)

    def delete(self, owner: str, name: str) -> bool:
        """Remove a secret; returns whether it existed. Raises OSError."""
        try:
            self.path(owner, name).unlink()
        except FileNotFoundError:
            return False
        return True

    def folder(self, owner: str, name: str) -> Path:
        """The folder of this secret, created if missing. Raises OSError."""
        folder = self.path(owner, name).parent
        for parent in (self.root, folder.parent, folder):
            parent.mkdir(mode=_OWNER_FOLDER, parents=True, exist_ok=True)
        return folder


def write_secret(path: Path, content: str | bytes) -> Path:
    """Write a file in one step, so that a reader never sees half of it; returns its path. Raises OSError.

    A replaced file keeps its mode, user and group. A new one is readable by its user, and by the folder's group if the
    folder has the setgid bit and is readable by that group.
    """
    with draft(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
        _copy_access(file.fileno(), path)
    return path


@contextmanager
def draft(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path` that takes its place at the end, or is removed after an error. Raises OSError.

    Removes first what killed processes left there. The draft of a process that is still writing is locked, and stays.
    """
    for left in path.parent.glob(f".{escape(path.name)}.{'[0-9a-f]' * 8}"):
        with suppress(OSError), left.open("rb") as abandoned:
            flock(abandoned, LOCK_EX | LOCK_NB)
            left.unlink()
    beside, file = _new_draft(path)
    with file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            beside.rename(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def _new_draft(path: Path) -> tuple[Path, BinaryIO]:
    """A new file, locked."""
    while True:
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        file = os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_FILE), "wb")
        flock(file, LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return beside, file
        file.close()  # another process took it for left behind, before it was locked


def _copy_access(descriptor: int, path: Path) -> None:
    """Give the new file the mode, user and group of the file it replaces."""
    try:
        earlier = path.stat()
    except FileNotFoundError:
        if path.parent.stat().st_mode & _GROUP_FOLDER == _GROUP_FOLDER:
            os.fchmod(descriptor, _GROUP_FILE)
        return
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (earlier.st_uid, earlier.st_gid):
        os.fchown(descriptor, earlier.st_uid, earlier.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(earlier.st_mode))
