"""Functions of the server itself that every login may call until that is taken away, which takes a superuser."""

from collections.abc import Sequence

import psycopg

from infra.reporting import Say

#: Makes and fills large objects.
LARGE_OBJECTS = (
    *("lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)"),
    *("lo_import(text)", "lo_import(text, oid)", "lo_put(oid, bigint, bytea)", "lowrite(integer, bytea)"),
)
#: Ends or interrupts the sessions of one's own login, which several processes may share.
SESSIONS = ("pg_terminate_backend(integer, bigint)", "pg_cancel_backend(integer)")


def close(connection: psycopg.Connection, functions: Sequence[str], what: str, say: Say) -> bool:
    """Take these functions from everybody but superusers in the database of this connection; whether that worked.

    `what` names them in the message.
    """
    if not (open_ones := _open_to_all(connection, functions)):
        return True
    for function in open_ones:
        connection.execute(f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC".encode())
    if _open_to_all(connection, functions):  # the server only warns
        return False
    say(f"{what}: closed to everybody else in database {connection.info.dbname}")
    return True


def _open_to_all(connection: psycopg.Connection, functions: Sequence[str]) -> list[str]:
    question = (
        "SELECT name FROM unnest(%s::text[]) AS name"
        " WHERE has_function_privilege('public', 'pg_catalog.' || name, 'EXECUTE')"
    )
    return [name for (name,) in connection.execute(question, [list(functions)])]
