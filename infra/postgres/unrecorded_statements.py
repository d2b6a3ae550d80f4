"""A role whose statements the server records nowhere, because they hold passwords; and how it stores these."""

import psycopg
from psycopg import sql

from infra.postgres.server import ServerError
from infra.reporting import Say

#: What keeps the text of a statement out of the server's log and of its views, in the role's own sessions.
_UNRECORDED = {
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
    "track_activities": "off",
}
#: A password of 20 random characters needs no stretching: guessing is hopeless with one round as with 4,096.
_CHEAP = {"scram_iterations": "1"}
#: Modules of the server that keep statements, each in a place of its own.
_RECORDERS = ("pg_stat_statements", "pgaudit", "auto_explain", "pg_stat_monitor", "pg_tracing")
_LOADED = "SELECT current_setting('shared_preload_libraries') || ',' || current_setting('session_preload_libraries')"
_OWN = """
SELECT split_part(entry, '=', 1), substr(entry, strpos(entry, '=') + 1)
FROM pg_db_role_setting, unnest(setconfig) AS entry WHERE setrole = %s::regrole AND setdatabase = 0
"""


def ensure_plain_passwords(connection: psycopg.Connection, role: str, setting: str, say: Say) -> None:
    """Have the server hash the passwords that this role states, once, and record none of its statements.

    Raises `ServerError`, naming `setting`, where the server records them or this administrator cannot prevent it.
    """
    loaded = (connection.execute(_LOADED).fetchone() or ("",))[0]
    if recorders := [name for name in _RECORDERS if name in loaded]:
        raise ServerError(
            f"{setting}: plain is refused, because {recorders[0]} keeps statements; set it to hashed"
        )
    own = _own_settings(connection, role)
    changed = False
    for name, value in (_UNRECORDED | _CHEAP).items():
        if own.get(name) == value:
            continue
        try:
            with connection.transaction():
                _set(connection, role, name, value)
                changed = True
        except psycopg.errors.InsufficientPrivilege:
            (there,) = connection.execute("SELECT current_setting(%s)", [name]).fetchone() or ("",)
            if there != value and name != "track_activities":
                raise ServerError(
                    f"{setting}: plain is refused, because {name} is {there} and this administrator cannot set it to"
                    f" {value} for {role}; have it set, or set {setting} to hashed"
                ) from None
    if changed:
        say(f"role {role}: its statements are recorded nowhere; passwords are hashed once")


def ensure_hashed_passwords(connection: psycopg.Connection, role: str, say: Say) -> None:
    """The role states verifiers, made with as many rounds as the vault uses."""
    if _CHEAP.keys() & _own_settings(connection, role).keys():
        connection.execute(sql.SQL("ALTER ROLE {} RESET scram_iterations").format(sql.Identifier(role)))
        say(f"role {role}: passwords are hashed by the vault")


def _own_settings(connection: psycopg.Connection, role: str) -> dict[str, str]:
    found: list[tuple[str, str]] = connection.execute(_OWN, [role]).fetchall()
    return dict(found)


def _set(connection: psycopg.Connection, role: str, name: str, value: str) -> None:
    connection.execute(
        sql.SQL("ALTER ROLE {} SET {} = {}").format(
            sql.Identifier(role), sql.Identifier(name), sql.Literal(value)
        )
    )
