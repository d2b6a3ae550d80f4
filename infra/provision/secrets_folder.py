"""The folder with every secret of an installation: one folder for each owner, which is all that owner may see.

Identities at the vault lie apart, in `identities/<owner>/`: the rotation job replaces them, and is to see nothing else.
"""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Literal

Owner = Literal[
    "dispatcher",
    "sweeper",
    "worker",
    "web",
    "rotator",
    "backup",
    "operator",
    "vault",
    "postgres",
    "valkey",
    "sam-gov",
    "debarment",
    "contracts",
    "documents",
    "identity-provider",
    "proxy",
]
FileName = Literal[
    "database-password",
    "broker-password",
    "vault-identity.json",
    "web-key",
    "export-keys.json",
    "ca.pem",
    "tls.pem",
    "tls.key",
    "users.acl",
    "seal-key",
    "ca.key",
    "database-admin-password",
    "database-owner-password",
    "ledger-owner-password",
    "ledger-admin-password",
    "broker-admin-password",
    "vault-root-token",
    "vault-recovery-keys.json",
]

_FOR_ITS_USER = 0o600
_FOLDER_FOR_ITS_USER = 0o700
_FOR_ITS_GROUP = 0o640
_FOLDER_FOR_ITS_GROUP = stat.S_ISGID | stat.S_IRGRP | stat.S_IXGRP


def random_secret() -> str:
    """A new secret of 256 random bits, safe in URLs, configuration files and SQL literals."""
    return secrets.token_urlsafe(32)


class SecretsFolder:
    """Secrets by owner and file name. Files appear whole or not at all, and nothing is overwritten unasked."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def path(self, owner: Owner, name: FileName) -> Path:
        """Where this secret lies, whether it is there or not."""
        folder = self.root / "identities" if name == "vault-identity.json" else self.root
        return folder / owner / name

    def has(self, owner: Owner, name: FileName) -> bool:
        """Whether there is such a secret."""
        return self.path(owner, name).is_file()

    def read(self, owner: Owner, name: FileName) -> str | None:
        """The secret without white space around it; none when there is no such file. Raises OSError."""
        try:
            return self.path(owner, name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def ensure(self, owner: Owner, name: FileName, make: Callable[[], str | bytes]) -> bool:
        """Write what `make` returns, unless the file is there already; whether it was written. Raises OSError."""
        if self.has(owner, name):
            return False
        self.replace(owner, name, make())
        return True

    def replace(self, owner: Owner, name: FileName, content: str | bytes) -> Path:
        """Write a secret in one step, over an earlier one too, whose mode and group stay; its path. Raises OSError.

        A new file can be read by its user alone, and by the folder's group where that has been given the folder: it may
        read it, and the setgid bit hands it on to the files.
        """
        return write_secret(self.folder(owner, name) / name, content)

    def delete(self, owner: Owner, name: FileName) -> bool:
        """Remove a secret; whether it was there. Raises OSError."""
        try:
            self.path(owner, name).unlink()
        except FileNotFoundError:
            return False
        return True

    def folder(self, owner: Owner, name: FileName) -> Path:
        """The folder of this secret, made if it is not there. Raises OSError."""
        folder = self.path(owner, name).parent
        for each in (self.root, folder.parent, folder):
            each.mkdir(mode=_FOLDER_FOR_ITS_USER, parents=True, exist_ok=True)
        return folder


def write_secret(path: Path, content: str | bytes) -> Path:
    """Write a file in one step, so that no reader ever sees half of it; its path. Raises OSError.

    A new file can be read by its user, and by the group of a folder with the setgid bit that this group may read; an
    earlier one keeps its mode, user and group.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_ITS_USER)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            _as_before(file.fileno(), path)
            file.flush()
            os.fsync(file.fileno())
        return draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _as_before(descriptor: int, path: Path) -> None:
    """Give the new file the mode and owners of the one it replaces; a group may read some of them."""
    try:
        earlier = path.stat()
    except FileNotFoundError:
        if path.parent.stat().st_mode & _FOLDER_FOR_ITS_GROUP == _FOLDER_FOR_ITS_GROUP:
            os.fchmod(descriptor, _FOR_ITS_GROUP)
        return
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (earlier.st_uid, earlier.st_gid):
        os.fchown(descriptor, earlier.st_uid, earlier.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(earlier.st_mode))
