"""The vault's own login at the ledger, whose password only the vault knows once this is done."""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from infra.provision.errors import ProvisionError
from infra.provision.secrets_folder import SecretsFolder
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.wanted import Entry, database_connection

USERNAME = "vault_ledger_admin"
_FILE: Final = "ledger-admin-password"
_REPLACED = "ledger connection: password replaced by one that only the vault knows"
_ROTATE = "database/rotate-root/ledger"
#: PostgreSQL's code for a refused password, which the vault hands on.
_WRONG_PASSWORD = "28P01"  # noqa: S105 - a code, no password


def wanted_connection(ledger_url: str) -> Entry:
    """The connection for VAULT_LEDGER_URL, `postgresql://HOST:PORT/DATABASE?sslmode=…`, without any password.

    Host, port and query stay as they are, with brackets around an IPv6 address; names of TLS files are the vault's.
    """
    parts = urlsplit(ledger_url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    query = urlencode(parse_qsl(parts.query), safe="/:")
    url = f"postgresql://{{{{username}}}}:{{{{password}}}}@{host}:{parts.port or 5432}{parts.path}"
    return database_connection(
        "ledger", role="ledger-reader", url=f"{url}?{query}" if query else url, username=USERNAME
    )


def require_password(secrets: SecretsFolder) -> None:
    """Raise `ProvisionError` when the vault could not be given a login at the ledger."""
    if not secrets.has("operator", _FILE):
        raise ProvisionError(
            f"there is no {secrets.path('operator', _FILE)}: `triage provision database --new-ledger-admin-password` makes"
            f" one, a new password for {USERNAME}"
        )


def needs_root(
    client: VaultClient, secrets: SecretsFolder, token: str, connection: Entry, say: Callable[[str], None]
) -> bool:
    """Whether the connection is missing or another, or its password no longer right; `token` may be the operator's.

    A password on file that the vault has no need of, since its own is right, goes. Raises `ProvisionError`.
    """
    if not connection.is_met_by(_there(client, token)):
        return True
    if not secrets.has("operator", _FILE):
        return False
    if not _rotated(client, token):
        return True
    secrets.delete("operator", _FILE)
    say(_REPLACED)
    return False


def set_up(
    client: VaultClient,
    secrets: SecretsFolder,
    token: str,
    connection: Entry,
    say: Callable[[str], None],
) -> None:
    """Write the connection where it is missing or wrong, then let the vault replace the password.

    Raises `ProvisionError`, for a ledger that does not answer or refuses the password as well.
    """
    there = _there(client, token)
    password = secrets.read("operator", _FILE)
    if there is None:
        require_password(secrets)
    if there is not None and not connection.is_met_by(there):
        # The vault keeps the password it has when none is written.
        _write(client, token, connection, None)
        say(f"{connection.name}: changed")
    if password is None:
        return
    if there is None or not _rotated(client, token):
        _write(client, token, connection, password)
        say(f"{connection.name}: {'created' if there is None else 'password set'}")
        client.write(_ROTATE, {}, token)
    secrets.delete("operator", _FILE)
    say(_REPLACED)


def _there(client: VaultClient, token: str) -> dict[str, object] | None:
    return client.read("database/config/ledger", token)


def _rotated(client: VaultClient, token: str) -> bool:
    """Whether the vault has a new password; not, when its own is no longer right."""
    try:
        client.write(_ROTATE, {}, token)
    except VaultAnswerError as error:
        if _WRONG_PASSWORD not in error.reason:
            raise ProvisionError(
                f"VAULT_LEDGER_URL: the vault cannot reach the ledger: {error.reason}"
            ) from None
        return False
    return True


def _write(client: VaultClient, token: str, connection: Entry, password: str | None) -> None:
    details = connection.data["connection_details"]
    data = {**connection.data, **details}
    del data["connection_details"]
    if password is not None:
        data["password"] = password
    try:
        client.write(connection.path, data, token)
    except VaultAnswerError as error:
        reason = error.reason.replace(password, "***") if password else error.reason
        raise ProvisionError(f"VAULT_LEDGER_URL: the vault cannot log in at the ledger: {reason}") from None
