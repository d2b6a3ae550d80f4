"""Reads secrets from files that only their owner, and perhaps a group, can read."""

import json
from pathlib import Path

from app.settings import SettingsError

_TOO_OPEN = 0o037


def read_secret(path: Path, *, setting: str) -> str:
    """The text of a secret file. Raises `SettingsError`."""
    try:
        mode = path.stat().st_mode
        if mode & _TOO_OPEN:
            raise SettingsError(f"{setting}: {path} is open to others, mode {mode & 0o777:04o}")
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{setting}: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{setting}: {path} is not UTF-8") from None
    if not text:
        raise SettingsError(f"{setting}: {path} is empty")
    return text


def read_identity(path: Path) -> dict[str, str]:
    """The AppRole login in VAULT_IDENTITY_FILE, to be sent to the vault as it is. Raises `SettingsError`."""
    wrong = SettingsError(f"VAULT_IDENTITY_FILE: {path} is not a JSON object with role_id and secret_id")
    try:
        login = json.loads(read_secret(path, setting="VAULT_IDENTITY_FILE"))
        fields = {name: login[name] for name in ("role_id", "secret_id")}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise wrong from None
    if not all(isinstance(value, str) and value for value in fields.values()):
        raise wrong
    return fields
