"""Databases and who may connect to them; every change is said, what is right stays as it is."""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from infra.postgres.server import ServerError
from infra.reporting import Say

_ENCODING = "UTF8"


def ensure_database(connection: psycopg.Connection, database: str, owner: str, say: Say) -> None:
    """A database in UTF-8 that belongs to `owner`. Raises `ServerError` for one in another encoding."""
    found = connection.execute(
        "SELECT pg_encoding_to_char(encoding), pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s",
        [database],
    ).fetchone()
    names = [sql.Identifier(database), sql.Identifier(owner)]
    if found is None:
        # Named, because a server's own template may have another; C sorts the same on every machine.
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0").format(
                *names
            )
        )
        say(f"database {database}: created")
        return
    encoding, had = found
    if encoding != _ENCODING:
        raise ServerError(f"database {database} is encoded in {encoding}; it must be {_ENCODING}")
    if had != owner:
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(*names))
        say(f"database {database}: owned by {owner}")


def ensure_connect_rights(
    connection: psycopg.Connection, connecting: Mapping[str, Sequence[str]], say: Say
) -> None:
    """Only its owner and the roles named with it reach a database.

    That nobody else connects to `postgres` and `template1` is left to those who own them.
    """
    for database in (*connecting, "postgres", "template1"):
        if _is_open(connection, database):
            connection.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
            )
            say(f"database {database}: closed to everybody else")
    for database, roles in connecting.items():
        for role in roles:
            if _asked(connection, "SELECT has_database_privilege(%s, %s, 'CONNECT')", role, database):
                continue
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(database), sql.Identifier(role)
                )
            )
            say(f"database {database}: open to {role}")


def ensure_closed_schema(connection: psycopg.Connection, say: Say) -> None:
    """In the database of this connection nobody but its owner makes tables in the schema `public`."""
    if _asked(connection, "SELECT has_schema_privilege('public', 'public', 'CREATE')"):
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        say("schema public: closed to everybody else")


def _is_open(connection: psycopg.Connection, database: str) -> bool:
    """Whether anybody may connect to a database whose owner this connection may act as."""
    return _asked(
        connection,
        "SELECT pg_has_role(current_user, datdba, 'USAGE') AND (has_database_privilege('public', oid, 'CONNECT')"
        " OR has_database_privilege('public', oid, 'TEMPORARY')) FROM pg_database WHERE datname = %s",
        database,
    )


def _asked(connection: psycopg.Connection, question: str, *values: str) -> bool:
    answer = connection.execute(question.encode(), values).fetchone()
    return answer is not None and bool(answer[0])
