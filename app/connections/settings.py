"""Settings that every process has: the servers it connects to, and its own files. Read from the environment once."""

import json
import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.connections.addresses import BrokerAddress, DatabaseAddress, HttpAddress
from app.connections.secret_files import SettingsError


def listed(value: Any) -> Any:
    """A setting that is a list, from the JSON in its variable. Raises `ValueError`."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("must be a JSON list") from None


class ProcessSettings(BaseSettings):
    """What every process may set. Each sets only what it needs.

    Secrets are never values here, only names of files (see `app.connections.secret_files`).
    """

    # Without decoding, text that is not JSON is one wrong value among others, and does not hide them.
    model_config = SettingsConfigDict(
        frozen=True, hide_input_in_errors=True, env_ignore_empty=True, enable_decoding=False
    )

    #: PEM of the authorities trusted for every TLS connection, in place of the system's; and, for servers that ask
    #: for one, the certificate and the key of this process.
    ca_file: Path | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None
    #: A file a background process touches while all is well.
    health_file: Path | None = None

    def need(self, name: str) -> str:
        """The value of setting `name` as text. Raises `SettingsError` naming its environment variable if not set."""
        value = getattr(self, name, None)
        if value is None:
            raise SettingsError(f"{name.upper()} is not set")
        return str(value)

    def file(self, name: str) -> Path:
        """The path in setting `name`. Raises `SettingsError` unless it is a file."""
        path = Path(self.need(name))
        try:
            is_file = path.is_file()
        except OSError as error:  # a name that is too long, a folder that is closed
            raise SettingsError(f"{name.upper()}: {path}: {error.strerror}") from None
        if not is_file:
            raise SettingsError(f"{name.upper()}: {path} is not a file")
        return path


class ConnectionSettings(ProcessSettings):
    """The servers that the processes of an installation connect to."""

    #: The vault, and a secret file with the AppRole of a process that has one; read anew at every login.
    vault_addr: HttpAddress | None = None
    vault_identity_file: Path | None = None
    #: PostgreSQL with the role of the process, and a secret file with its password, read anew at every connection.
    database_url: DatabaseAddress | None = None
    database_password_file: Path | None = None
    #: The broker with the user of the process, and a secret file with its password.
    redis_url: BrokerAddress | None = None
    redis_password_file: Path | None = None

    @property
    def is_broker_tls(self) -> bool:
        """Whether the broker is reached over TLS."""
        return (self.redis_url or "").startswith("rediss:")


#: Errors of numbers that are out of range. Text in place of a number is not shown: it may be a secret.
_OUT_OF_RANGE = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}


def refusals(error: ValidationError) -> list[str]:
    """One line for each wrong variable: its name, and what it must be."""
    return [
        f"{': '.join((*(str(name).upper() for name in e['loc'][:1]), e['msg'].removeprefix('Value error, ')))}"
        + (f", not {e['input']}" if e["type"] in _OUT_OF_RANGE else "")
        for e in error.errors()
    ]


Loaded = TypeVar("Loaded", bound=ProcessSettings)


def load(kind: type[Loaded], *needed: str) -> Loaded:
    """Read the environment into settings of this kind, of which those named in `needed` must be set.

    Raises `SettingsError` with one line per variable that is wrong or missing.
    """
    lines = []
    given = {name.lower() for name, value in os.environ.items() if value}
    try:
        settings = kind()
    except ValidationError as error:
        lines = refusals(error)
    lines += [f"{name.upper()} is not set" for name in needed if name not in given]
    if lines:
        raise SettingsError("\n".join(lines))
    return settings
