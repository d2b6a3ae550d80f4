"""The vault's own login at a tool's database. The vault replaces its password by one that nobody else knows."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from infra.reporting import ProvisionError, Say
from infra.secrets_folder import SecretsFolder
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.entry import Entry

#: PostgreSQL's code for a refused password, which the vault passes on.
_WRONG_PASSWORD = "28P01"  # noqa: S105 - a code, not a password


def connection_url(address: str) -> str:
    """The vault's form of `postgresql://HOST:PORT/DATABASE?sslmode=…`, with placeholders for user and password.

    Host, port and query stay as they are, including the brackets of an IPv6 address. TLS files in the query are paths
    on the vault's machine.
    """
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    query = urlencode(parse_qsl(parts.query), safe="/:")
    url = f"postgresql://{{{{username}}}}:{{{{password}}}}@{host}:{parts.port or 5432}{parts.path}"
    return f"{url}?{query}" if query else url


@dataclass(frozen=True, kw_only=True)
class DatabaseLogin:
    """One connection of the vault's database engine. The password file exists until the vault has replaced it."""

    client: VaultClient
    secrets: SecretsFolder
    say: Say
    connection: Entry
    password_file: str
    """In the operator's folder."""
    setting: str
    """The environment variable that names the database, for messages."""
    advice: str
    """How to make a new password, for the message that it is missing."""

    def require_password(self) -> None:
        """Raise `ProvisionError` if there is no password to give to the vault."""
        if not self.secrets.has("operator", self.password_file):
            path = self.secrets.path("operator", self.password_file)
            raise ProvisionError(f"there is no {path}: {self.advice}")

    def differs(self, token: str) -> bool:
        """Whether the connection is missing or wrong."""
        return not self.connection.is_met_by(self._current(token))

    def needs_root(self, token: str) -> bool:
        """Whether a root token is needed, because the connection is missing or wrong, or its password is refused.

        `token` may be the operator's. If the vault's own password works, the password file is deleted. Raises
        `ProvisionError`.
        """
        if self.differs(token):
            return True
        if not self.secrets.has("operator", self.password_file):
            return False
        if not self._rotate(token):
            return True
        self._forget_password()
        return False

    def set_up(self, token: str) -> None:
        """Write the connection if it is missing or wrong, then let the vault replace the password.

        Raises `ProvisionError`, also if the database does not answer or refuses the password.
        """
        current = self._current(token)
        password = self.secrets.read("operator", self.password_file)
        if current is None:
            self.require_password()
        elif not self.connection.is_met_by(current):
            self._write(token, None)  # the vault keeps the password it has
            self.say(f"{self.connection.name}: changed")
        if password is None:
            return
        if current is None or not self._rotate(token):
            self._write(token, password)
            self.say(f"{self.connection.name}: {'created' if current is None else 'password set'}")
            self.client.write(self._rotation, {}, token)
        self._forget_password()

    @property
    def _rotation(self) -> str:
        return f"database/rotate-root/{self.connection.path.rpartition('/')[2]}"

    def _current(self, token: str) -> dict[str, object] | None:
        return self.client.read(self.connection.path, token)

    def _rotate(self, token: str) -> bool:
        """Let the vault replace the password; False if the one it has is refused."""
        try:
            self.client.write(self._rotation, {}, token)
        except VaultAnswerError as error:
            if _WRONG_PASSWORD not in error.reason:
                raise ProvisionError(
                    f"{self.setting}: the vault cannot reach the database: {error.reason}"
                ) from None
            return False
        return True

    def _forget_password(self) -> None:
        self.secrets.delete("operator", self.password_file)
        self.say(f"{self.connection.name}: password replaced by one that only the vault knows")

    def _write(self, token: str, password: str | None) -> None:
        data = dict(self.connection.data)
        data |= data.pop("connection_details")
        if password is not None:
            data["password"] = password
        try:
            self.client.write(self.connection.path, data, token)
        except VaultAnswerError as error:
            reason = error.reason.replace(password, "***") if password else error.reason
            raise ProvisionError(
                f"{self.setting}: the vault cannot log in at the database: {reason}"
            ) from None
