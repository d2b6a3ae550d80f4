"""Leased users of a database only read: what they could leave behind is refused before they exist."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from infra.postgres.closed_functions import LARGE_OBJECTS, close
from infra.postgres.server import ServerError
from infra.reporting import Say

#: Of the schema, the function and the event trigger.
GUARD = "leased_users_only_read"

# By the login, so that no function which runs as somebody else gets around it.
_BODY = """
BEGIN
    IF session_user NOT IN ({changing}) AND NOT pg_catalog.pg_has_role(
        session_user, (SELECT datdba FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()), 'MEMBER'
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'leased users only read';
    END IF;
END
"""

_FUNCTION = (
    "CREATE OR REPLACE FUNCTION {name}.{name}() RETURNS event_trigger LANGUAGE plpgsql"
    " SET search_path = pg_catalog, pg_temp AS {body}"
)


def refuse_prepared_transactions(connection: psycopg.Connection, setting: str) -> None:
    """Raise `ServerError` if the server keeps prepared transactions, which outlive session and user."""
    (most,) = connection.execute("SHOW max_prepared_transactions").fetchone() or ("0",)
    if most != "0":
        raise ServerError(
            f"{setting}: max_prepared_transactions is {most}; it must be 0, because a prepared transaction of"
            " a leased user outlives it"
        )


def ensure_only_reading(connection: psycopg.Connection, changing: Sequence[str], say: Say) -> None:
    """In the database of this connection only its owner and `changing` change anything, large objects included.

    Both protections take a superuser; for another administrator one line says which are missing.
    """
    missing = [
        *(() if close(connection, LARGE_OBJECTS, "large objects", say) else ("large objects",)),
        *(() if _guarded(connection, changing, say) else ("default privileges of their own",)),
    ]
    if missing:
        say(f"leased users: not kept from {' and '.join(missing)}, which takes a superuser")


def _guarded(connection: psycopg.Connection, changing: Sequence[str], say: Say) -> bool:
    names = sql.SQL(", ").join(map(sql.Literal, changing))
    body = sql.SQL(_BODY).format(changing=names).as_string(connection)
    found = connection.execute(
        "SELECT 1 FROM pg_event_trigger JOIN pg_proc ON pg_proc.oid = evtfoid"
        " WHERE evtname = %s AND evtevent = 'ddl_command_start' AND evtenabled = 'A' AND evttags IS NULL"
        " AND prosrc = %s",
        [GUARD, body],
    ).fetchone()
    if found is not None:
        return True
    name = sql.Identifier(GUARD)
    try:
        with connection.transaction():
            for statement in (
                "DROP EVENT TRIGGER IF EXISTS {name}",
                "CREATE SCHEMA IF NOT EXISTS {name}",
                _FUNCTION,
                "CREATE EVENT TRIGGER {name} ON ddl_command_start EXECUTE FUNCTION {name}.{name}()",
                "ALTER EVENT TRIGGER {name} ENABLE ALWAYS",
            ):
                connection.execute(sql.SQL(statement).format(name=name, body=sql.Literal(body)))
    except psycopg.errors.InsufficientPrivilege:
        return False
    say("leased users: may create and change nothing")
    return True
