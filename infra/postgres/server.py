"""A PostgreSQL server, and why it cannot be reached."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

OLDEST = 16

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
    authorities: Path | None = None
    """Believed when the address names no `sslmode` of its own, which then is `verify-full`."""

    @property
    def host(self) -> str:
        return str(self._parts().get("host", ""))

    @property
    def port(self) -> int:
        return int(self._parts().get("port", 5432))

    @property
    def administrator(self) -> str:
        return str(self._parts().get("user", "postgres"))

    def parameters(self, database: str | None = None, **login: str) -> dict[str, Any]:
        """What `psycopg.connect` is given: as administrator, or as `user` with `password`."""
        parts = {"connect_timeout": 5, **self._parts(), "password": self.password, **login}
        if self.authorities is not None and "sslmode" not in parts:
            parts |= {"sslmode": "verify-full", "sslrootcert": str(self.authorities)}
        return parts if database is None else parts | {"dbname": database}

    def connect(self, database: str | None = None, **login: str) -> psycopg.Connection:
        """A connection that commits each statement. Raises `ServerError` when it cannot be had."""
        try:
            return psycopg.connect(**self.parameters(database, **login), autocommit=True)
        except psycopg.OperationalError as error:
            raise _reason(error, self, login.get("user", self.administrator)) from None

    def wait(self, *, setting: str, patience: float) -> psycopg.Connection:
        """The administrator's connection as soon as the server is there, `patience` seconds at most.

        Raises `ServerError` naming `setting`: at once for a refusal, else after that time.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                return psycopg.connect(**self.parameters(), autocommit=True)
            except psycopg.OperationalError as error:
                if _is_refusal(str(error)):
                    refused = _reason(error, self, self.administrator)
                    raise type(refused)(f"{setting}: {refused}") from None
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"{setting}: {_place(self)} was not there within {patience:g} s ({_line(error)})"
                    ) from None
            time.sleep(_POLL)

    def _parts(self) -> dict[str, Any]:
        return conninfo_to_dict(self.address)


def _is_refusal(text: str) -> bool:
    return (
        ("FATAL" in text and not any(phrase in text for phrase in _COMING))
        or "certificate" in text
        or "SSL" in text
        or "no password supplied" in text
    )


def _reason(error: psycopg.OperationalError, server: Server, login: str) -> ServerError:
    text, place = str(error), _place(server)
    if "password authentication failed" in text or "no password supplied" in text:
        return WrongPasswordError(f"{place} refused the password of {login}")
    if "certificate" in text:
        return ServerError(
            f"{place} showed a certificate that is not believed; CA_FILE or sslrootcert names the authority ({_line(error)})"
        )
    if _is_refusal(text):
        return ServerError(f"{place} refused {login} ({_line(error)})")
    return ServerError(f"{place} does not answer ({_line(error)})")


def _place(server: Server) -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"PostgreSQL at {host}:{server.port}"


def _line(error: psycopg.OperationalError) -> str:
    """The end of the last line that says something, after libpq's repetition of the address."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Is the server running")]
    return (told or lines or ["no reason given"])[-1].rpartition("failed: ")[2]
