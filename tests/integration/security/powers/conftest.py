"""Logins of the database as their processes use them, and as its administrator takes their place."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import psycopg
import pytest

from infra.provision.logins import DATABASE_LOGINS


@pytest.fixture(scope="module")
def log_in(system) -> Iterator[Callable[..., psycopg.Connection]]:
    """The connection of a login with the password in its file: `log_in("triage_worker", "triage")`."""
    with ExitStack() as opened:

        @cache
        def connected(login: str, database: str = "triage") -> psycopg.Connection:
            password = system.stack.secrets.read(DATABASE_LOGINS[login][0], "database-password")
            server = system.stack.services.database
            connection = opened.enter_context(server.connect(database, user=login, password=password))
            connection.execute("SET lock_timeout = '5s'")
            return connection

        yield connected


@pytest.fixture
def administrator(system) -> Iterator[psycopg.Connection]:
    """The superuser in one transaction, of which nothing remains."""
    with (
        system.stack.services.database.connect("triage") as connection,
        connection.transaction(force_rollback=True),
    ):
        yield connection


@contextmanager
def acting_as(connection: psycopg.Connection, login: str) -> Iterator[psycopg.Connection]:
    """What a superuser sends meanwhile has the rights of `login`, and those alone."""
    connection.execute(f"SET SESSION AUTHORIZATION {login}")
    yield connection
    connection.execute("RESET SESSION AUTHORIZATION")


def attempt(connection: psycopg.Connection, statement: str) -> psycopg.Error | None:
    """Why a statement failed, None if it works. Nothing of it remains."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.errors.ActiveSqlTransaction:
        return _attempt_alone(connection, statement)
    except psycopg.Error as error:
        return error
    return None


def _attempt_alone(connection: psycopg.Connection, statement: str) -> psycopg.Error | None:
    """Statements that are asked for outside of transactions only."""
    try:
        connection.execute(statement)
    except psycopg.Error as error:
        return error
    return None


def lacks_right(error: psycopg.Error | None) -> bool:
    """Whether a right was missing, rather than anything else wrong."""
    return isinstance(error, psycopg.errors.InsufficientPrivilege) and str(error).startswith(
        "permission denied"
    )
