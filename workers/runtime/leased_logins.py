"""Asks the databases of the tools which leased users are left, with the sweeper's own login.

The vault's "invalid lease" only means that the vault has forgotten the lease.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, LiteralString

import psycopg

from app.connections import database
from app.connections.bounded_database import BoundedConnection
from app.connections.database_trouble import trouble
from app.connections.deadline import Deadline
from app.connections.secret_files import SettingsError
from app.connections.settings import ConnectionSettings

#: Seconds to connect and for one statement: ends of users wait behind each other in the vault as well.
_CONNECT, _STATEMENT = 3, 5
#: Seconds in which all statements of one question must be answered, whatever the server does.
_ANSWERED = 6.0
_LEFT = """
SELECT rolname, (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usesysid = r.oid)
FROM pg_catalog.pg_roles AS r WHERE rolname = ANY (%s)
"""
_SESSIONS_WITHOUT_USER = """
SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()
AND usesysid IS NOT NULL AND usesysid NOT IN (SELECT oid FROM pg_catalog.pg_roles)
"""


class DatabaseSilentError(Exception):
    """A database of a tool did not say whether a user is gone."""


class LeasedLogins:
    """The leased users of one tool's database. Safe for threads, which take turns."""

    def __init__(self, tool: str, address: str, login: str, settings: ConnectionSettings) -> None:
        """`address` names the database, `login` the sweeper's own user there."""
        self.tool = tool
        url = database.address(address, settings)
        self._place: dict[str, Any] = {
            **url.translate_connect_args(database="dbname"),
            **url.query,
            "user": login,
        }
        self._settings = settings
        self._connection: BoundedConnection | None = None
        self._turn = Lock()

    def left(self, users: Collection[str]) -> dict[str, str]:
        """Those of these users that are not gone, each with what is left of it. Raises `DatabaseSilentError`."""
        with self._connected() as connection:
            found = connection.execute(_LEFT, [list(users)]).fetchall()
            (sessions,) = connection.execute(_SESSIONS_WITHOUT_USER).fetchone() or (0,)
        left = {
            name: f"user {name} of {self.tool} exists, with {open_} open sessions" for name, open_ in found
        }
        if sessions:
            text = f"{sessions} sessions of dropped users are open at {self.tool}"
            left |= {name: text for name in users if name not in left}
        return left

    def found(self) -> dict[str, bool]:
        """All leased users, and whether each has expired. Raises `DatabaseSilentError`."""
        return dict(self._rows("SELECT name, expired FROM leased_users.found()"))

    def end(self, user: str) -> None:
        """Close the login, end its sessions and drop it, without the vault. Raises `DatabaseSilentError`."""
        self._rows("SELECT leased_users.close_login(%s)::text", user)
        self._rows("SELECT leased_users.end_user(%s)::text", user)

    def _rows(self, query: LiteralString, *values: str) -> Sequence[tuple[Any, ...]]:
        with self._connected() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _connected(self) -> Iterator[BoundedConnection]:
        with self._turn:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = self._connect()
                self._connection.deadline = Deadline(_ANSWERED)
                yield self._connection
            except SettingsError as error:
                # The file was in order when this process started, and may be again in a moment.
                raise DatabaseSilentError(str(error)) from None
            except psycopg.Error as error:
                if self._connection is not None and self._connection.closed:
                    self._connection = None
                raise DatabaseSilentError(_reason(error, self.tool)) from None

    def _connect(self) -> BoundedConnection:
        limit = {"options": f"-c statement_timeout={_STATEMENT * 1000}", "autocommit": True}
        password = database.database_password(self._settings)
        return BoundedConnection.connect_by(Deadline(_CONNECT), {**self._place, **password, **limit})


def _reason(error: psycopg.Error, tool: str) -> str:
    if error.diag.message_primary is not None:
        return f"{tool}: {error.diag.message_primary}"
    return trouble(error, what=f"the database of {tool}")
