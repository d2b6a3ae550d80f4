"""Secrets of one start: random, in files only their owner can read, gone when the stack stops."""

import os
import secrets
from pathlib import Path

_PATTERNS = ("*.password", "*.pgpass", "valkey-*", "vault-*", "web-*")
_IDENTITIES = ("dispatcher.json", "sweeper.json", "auditor.json")


def random_secret() -> str:
    """A new secret of 256 random bits, safe in URLs, configuration files and SQL literals."""
    return secrets.token_urlsafe(32)


def write_secret(path: Path, text: str) -> Path:
    """Write a file of mode 0600 in one step, so that no reader ever sees half of it or another mode."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return draft.rename(path)


def write_passfile(folder: Path, *, port: int, role: str, password: str) -> Path:
    """A libpq password file for one role on the local server, named `<role>.pgpass`."""
    return write_secret(folder / f"{role}.pgpass", f"127.0.0.1:{port}:*:{role}:{password}\n")


def forget(folder: Path, *, identities: bool) -> None:
    """Remove the secrets of an earlier start.

    With an outside vault that is not bootstrapped here, the identity files are the operator's own and stay.
    """
    patterns = (*_PATTERNS, *_IDENTITIES) if identities else _PATTERNS
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
