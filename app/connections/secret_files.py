"""Files that hold secrets: read only if no other user of the machine could read or change them."""

import json
import stat
from pathlib import Path

#: Permissions that a secret file must not grant. A group may read: orchestrators mount secrets as 0440.
_TOO_OPEN = 0o037


class SettingsError(Exception):
    """A setting is missing or wrong; the text names each one, never a secret's value."""


def read_secret(path: Path, *, setting: str) -> str:
    """The text of a secret file without the blanks around it.

    Raises `SettingsError` naming setting and path when the file cannot be read, is empty, or is open to others.
    """
    try:
        # Checked before opening, because opening a named pipe would wait for a writer.
        if not path.is_file():
            raise SettingsError(f"{setting}: {path} is not a file")
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _TOO_OPEN:
            raise SettingsError(
                f"{setting}: {path} is open to others, mode {mode:04o}; 0600, 0400, 0640 and 0440 are accepted"
            )
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
    text = read_secret(path, setting="VAULT_IDENTITY_FILE")
    try:
        login = json.loads(text)
        fields = {name: login[name] for name in ("role_id", "secret_id")}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise wrong from None
    if not all(isinstance(value, str) and value for value in fields.values()):
        raise wrong
    return fields
