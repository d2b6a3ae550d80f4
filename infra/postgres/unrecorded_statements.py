"""A role whose statements the server records nowhere, because they hold passwords; and how it stores these."""

import psycopg
from psycopg import sql

from infra.postgres.server import ServerError
from infra.reporting import Say

#: What keeps the text of a statement out of the server's log and of its views, in the role's own sessions.
#: Without `track_activities` the log of a deadlock or of a crash has no statement either; below `warning` every
#: statement that a client prepares is a message of its own.
_UNRECORDED = {
    "log_statement": "none",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "debug_print_raw_parse": "off",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
    "track_activities": "off",
}
#: Since PostgreSQL 19.
_NEW = "debug_print_raw_parse"
#: Modules of single sessions. Only administrators may ask for the first one.
_NO_MODULES = {"session_preload_libraries": "", "local_preload_libraries": ""}
#: A password of 20 random characters needs no stretching: guessing is hopeless with one round as with 4,096.
_CHEAP = {"password_encryption": "scram-sha-256", "scram_iterations": "1"}
#: A setting of each module that is known to keep statements.
_RECORDERS = (
    "pg_stat_statements.track",
    "pgaudit.log",
    "auto_explain.log_min_duration",
    "pg_stat_monitor.pgsm_max",
    "pg_tracing.track",
)

_WANTED = _UNRECORDED | _NO_MODULES | _CHEAP

_MODULES = "SELECT current_setting('shared_preload_libraries')"
_OWN = """
SELECT datname, split_part(entry, '=', 1), substr(entry, strpos(entry, '=') + 1)
FROM pg_db_role_setting LEFT JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS entry
WHERE setrole = to_regrole(%s)
"""
_NOT_MINE_TO_SET = """
SELECT wanted FROM unnest(%s::text[]) AS wanted LEFT JOIN pg_settings ON name = wanted
WHERE context IS DISTINCT FROM 'user' AND NOT has_parameter_privilege(wanted, 'SET')
"""
# An older session has kept what was set when it began; the state of one without `track_activities` is `disabled`.
_OLDER = """
SELECT pid FROM pg_stat_activity WHERE usename = %s AND (%s OR state NOT IN ('disabled', 'starting'))
"""
_END = "SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid"
_LEFT = "SELECT 1 FROM pg_stat_activity WHERE usename = %s AND pid = ANY(%s)"


def recorded() -> str:
    """A condition in SQL: whether the statements of the session that asks could be recorded.

    It knows the usual modules only, because an ordinary role may not see which are loaded.
    """
    wanted = {name: f"'{value}'" for name, value in _UNRECORDED.items()} | dict.fromkeys(_RECORDERS, "NULL")
    there = (f"pg_catalog.current_setting('{name}', true)" for name in wanted if name != _NEW)
    values = (value for name, value in wanted.items() if name != _NEW)
    newer = f"pg_catalog.current_setting('{_NEW}', true) = 'on'"
    return f"(({', '.join(there)}) IS DISTINCT FROM ({', '.join(values)}) OR {newer})"


def refuse_recorded_passwords(connection: psycopg.Connection, role: str, setting: str) -> None:
    """Raise `ServerError`, naming `setting`, where this administrator cannot keep the role's statements unrecorded.

    The role need not exist yet.
    """
    me = connection.info.user
    try:
        (modules,) = connection.execute(_MODULES).fetchone() or ("",)
    except psycopg.errors.InsufficientPrivilege:
        reason = "this administrator may not read shared_preload_libraries"
        raise _refused(setting, reason, f"GRANT pg_read_all_settings TO {me}") from None
    if modules:
        raise _refused(setting, f"the server loads {modules}, and a module can keep statements")
    wrong = sorted({name for _, name in _differing(connection, role)})
    if missing := [name for (name,) in connection.execute(_NOT_MINE_TO_SET, [wrong])]:
        names = ", ".join(missing)
        reason = f"this administrator may not set {names}"
        raise _refused(setting, reason, f"GRANT SET ON PARAMETER {names} TO {me}")


def ensure_plain_passwords(connection: psycopg.Connection, role: str, setting: str, say: Say) -> None:
    """Have the server hash the passwords that this role states, once, and record none of its statements.

    Sessions from before are ended, for which the administrator of this connection must have the role's rights. Raises
    `ServerError`, naming `setting`, if one cannot be ended.
    """
    differing = _differing(connection, role)
    with connection.transaction():
        for database, name in differing:
            if database is None:
                _set(connection, role, name)
            else:
                _reset(connection, role, name, database)
    older = [pid for (pid,) in connection.execute(_OLDER, [role, bool(differing)])]
    connection.execute(_END, [older])
    if connection.execute(_LEFT, [role, older]).fetchone():
        raise ServerError(f"{setting}: a session of {role} from before, which may be recorded, does not end")
    if differing or older:
        say(f"role {role}: its statements are recorded nowhere; passwords are hashed once")


def ensure_hashed_passwords(connection: psycopg.Connection, role: str, say: Say) -> None:
    """The role states verifiers, made with as many rounds as the vault uses.

    Its statements stay unrecorded, because it states passwords until the vault is provisioned as well.
    """
    if any(name == "scram_iterations" for _, name, _ in _own(connection, role)):
        _reset(connection, role, "scram_iterations")
        say(f"role {role}: passwords are hashed by the vault")


def _refused(setting: str, reason: str, grant: str | None = None) -> ServerError:
    advice = "set it to hashed" if grant is None else f"a superuser can run: {grant}; or set it to hashed"
    return ServerError(f"{setting}: plain is refused, because {reason}; {advice}")


def _differing(connection: psycopg.Connection, role: str) -> list[tuple[str | None, str]]:
    """Settings that the role lacks or has with another value; with a database, those that outweigh them there."""
    wanted = dict(_WANTED)
    if connection.execute("SELECT current_setting(%s, true)", [_NEW]).fetchone() == (None,):
        del wanted[_NEW]
    found = _own(connection, role)
    own = {name: value for database, name, value in found if database is None}
    lacking: list[tuple[str | None, str]] = [
        (None, name) for name, value in wanted.items() if own.get(name) != value
    ]
    return lacking + [(database, name) for database, name, _ in found if database and name in wanted]


def _own(connection: psycopg.Connection, role: str) -> list[tuple[str | None, str, str]]:
    return connection.execute(_OWN, [role]).fetchall()


def _set(connection: psycopg.Connection, role: str, name: str) -> None:
    # From the transaction's own setting: as a literal, an empty list of modules becomes one with a nameless module.
    connection.execute("SELECT set_config(%s, %s, true)", [name, _WANTED[name]])
    connection.execute(
        sql.SQL("ALTER ROLE {} SET {} FROM CURRENT").format(sql.Identifier(role), sql.Identifier(name))
    )


def _reset(connection: psycopg.Connection, role: str, name: str, database: str | None = None) -> None:
    where = sql.SQL("") if database is None else sql.SQL(" IN DATABASE {}").format(sql.Identifier(database))
    connection.execute(
        sql.SQL("ALTER ROLE {}{} RESET {}").format(sql.Identifier(role), where, sql.Identifier(name))
    )
