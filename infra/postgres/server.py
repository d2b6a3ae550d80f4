"""A PostgreSQL server, and why it cannot be reached."""

import time
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import URL

from app.connections.database import address
from app.connections.database_trouble import trouble
from app.connections.settings import ProcessSettings

OLDEST = 16

_USUAL_PORT = 5432
_POLL = 0.2
_COMING = ("starting up", "shutting down", "not yet accepting connections", "in recovery mode")


class ServerError(Exception):
    """The server did not come, or refused; the text says which, in one line."""


class WrongPasswordError(ServerError):
    """The server knows another password, or no such login."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """How its administrator reaches a server, and others on the same way."""

    address: str
    """`postgresql://ADMINISTRATOR@HOST:PORT/DATABASE?…`, without any password."""
    password: str = field(repr=False)
    secret: str = "SECRETS_FOLDER"  # noqa: S105 - a name
    """Where the password comes from, for the message that it is refused."""
    tls: ProcessSettings = field(default_factory=ProcessSettings.model_construct, repr=False)
    """CA_FILE and the client's certificate, where the address names none."""

    @property
    def host(self) -> str:
        return self._url().host or ""

    @property
    def port(self) -> int:
        return self._url().port or _USUAL_PORT

    @property
    def administrator(self) -> str:
        return self._url().username or "postgres"

    def parameters(self, database: str | None = None, **login: str) -> dict[str, Any]:
        """What `psycopg.connect` is given: as administrator, or as `user` with `password`."""
        url = self._url()
        parts = {"connect_timeout": 5, **url.translate_connect_args(username="user", database="dbname")}
        parts |= {**url.query, "password": self.password, **login}
        return parts if database is None else parts | {"dbname": database}

    def connect(self, database: str | None = None, **login: str) -> psycopg.Connection:
        """A connection that commits each statement. Raises `ServerError` when it cannot be had."""
        try:
            return psycopg.connect(**self.parameters(database, **login), autocommit=True)
        except psycopg.OperationalError as error:
            raise self._reason(error) from None

    def wait(self, *, setting: str, patience: float) -> psycopg.Connection:
        """The administrator's connection as soon as the server is there, `patience` seconds at most.

        Raises `ServerError` naming `setting`: at once for a refusal, else after that time.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                return psycopg.connect(**self.parameters(), autocommit=True)
            except psycopg.OperationalError as error:
                if _is_refusal(str(error)) or time.monotonic() > deadline:
                    reason = self._reason(error)
                    waited = "" if _is_refusal(str(error)) else f" within {patience:g} s"
                    raise type(reason)(f"{setting}: {reason}{waited}") from None
            time.sleep(_POLL)

    def _url(self) -> URL:
        return address(self.address, self.tls)

    def _reason(self, error: psycopg.OperationalError) -> ServerError:
        host = f"[{self.host}]" if ":" in self.host else self.host
        kind = WrongPasswordError if "password authentication failed" in str(error) else ServerError
        return kind(trouble(error, what=f"PostgreSQL at {host}:{self.port}", setting=self.secret))


def _is_refusal(text: str) -> bool:
    """Whether waiting would not help: it is there, and says no."""
    if "FATAL" in text:
        return not any(phrase in text for phrase in _COMING)
    return "certificate" in text or "SSL" in text or "no password supplied" in text
