"""What no right can refuse to a login, its own password and settings, is compared with what was set, and set back.

A role that cannot log in keeps what was set, in a schema of its own name, and owns the functions that set it back.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from infra.postgres import roles
from infra.reporting import Say

# Only settings that the login itself can have made; others are the administrator's.
_SETTINGS = """
DECLARE
    its record;
BEGIN
    FOR its IN
        SELECT kept.name, datname, string_agg(split_part(setting, '=', 1), ', ' ORDER BY setting) AS settings
        FROM {schema}.kept_login AS kept JOIN pg_roles ON rolname = kept.name
        JOIN pg_db_role_setting ON setrole = pg_roles.oid LEFT JOIN pg_database ON pg_database.oid = setdatabase
        CROSS JOIN LATERAL unnest(setconfig) AS setting
        WHERE lower(split_part(setting, '=', 1)) NOT IN (
            SELECT lower(known.name) FROM pg_settings AS known WHERE context <> 'user')
        GROUP BY kept.name, datname
    LOOP
        login := its.name; changed := left('settings ' || its.settings, 500); restored := true;
        BEGIN
            EXECUTE format('ALTER ROLE %I ', its.name)
                || coalesce('IN DATABASE ' || quote_ident(its.datname), '') || ' RESET ALL';
        EXCEPTION WHEN OTHERS THEN
            restored := false;  -- the login changes them again at this moment
        END;
        RETURN NEXT;
    END LOOP;
END
"""

# Where the administrator was no superuser, nobody reads the passwords in use, and nothing is compared.
_PASSWORDS = """
DECLARE
    its record;
BEGIN
    IF NOT has_column_privilege('pg_authid', 'rolpassword', 'SELECT') THEN
        RETURN;
    END IF;
    FOR its IN
        SELECT kept.name FROM {schema}.kept_login AS kept JOIN pg_authid ON rolname = kept.name
        WHERE rolpassword IS DISTINCT FROM kept.verifier
    LOOP
        login := its.name; changed := 'password'; restored := true;
        BEGIN
            -- A rotation in progress holds the row. What it wrote is right, so it is looked at once more.
            PERFORM FROM {schema}.kept_login WHERE name = its.name FOR UPDATE;
            SELECT kept.verifier INTO its FROM {schema}.kept_login AS kept JOIN pg_authid ON rolname = kept.name
            WHERE kept.name = login AND rolpassword IS DISTINCT FROM kept.verifier;
            CONTINUE WHEN NOT FOUND;
            EXECUTE format('ALTER ROLE %I PASSWORD %L', login, its.verifier);
        EXCEPTION WHEN OTHERS THEN
            restored := false;
        END;
        RETURN NEXT;
    END LOOP;
END
"""

FUNCTIONS = {"restore_settings": _SETTINGS, "restore_passwords": _PASSWORDS}

# A login that keeps a change of itself open must not hold up who sets it back.
_FUNCTION = """
CREATE FUNCTION {schema}.{name}() RETURNS TABLE (login text, changed text, restored boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS {body}
"""


def ensure_keeper(
    connection: psycopg.Connection, keeper: str, *, logins: Sequence[str], callers: Sequence[str], say: Say
) -> None:
    """The role `keeper`, which may set back these logins, and its schema in the database of this connection.

    `callers` may have the logins set back, and have no other power over them.
    """
    roles.ensure_role(connection, keeper, say, password=None, attributes=frozenset({"rolcreaterole"}))
    for login in logins:
        roles.ensure_member(connection, group=login, member=keeper, options=(True, False, False), say=say)
    roles.ensure_own(connection, keeper)
    if not _is_made(connection, keeper, callers):
        with connection.transaction():
            _make(connection, keeper, callers)
        say(f"logins: {keeper} sets back what they change of themselves")
    if not _reads_passwords(connection, keeper):
        say("logins: not kept from new passwords of their own, which takes a superuser")


def is_kept(connection: psycopg.Connection, keeper: str, login: str) -> bool:
    """Whether there is something to compare the password of `login` with."""
    query = sql.SQL("SELECT FROM {}.kept_login WHERE name = %s").format(sql.Identifier(keeper))
    return connection.execute(query, [login]).fetchone() is not None


def set_kept_password(connection: psycopg.Connection, keeper: str, login: str, password: str) -> None:
    """Give `login` a password, and keep what the server stores of it: both, or neither."""
    with connection.transaction():
        # First, because who sets logins back waits for this row.
        connection.execute(
            sql.SQL(
                "INSERT INTO {}.kept_login (name, verifier) VALUES (%s, %s)"
                " ON CONFLICT (name) DO UPDATE SET verifier = excluded.verifier"
            ).format(sql.Identifier(keeper)),
            [login, stored := roles.verifier(login, password)],
        )
        roles.set_verifier(connection, login, stored)


def _is_made(connection: psycopg.Connection, keeper: str, callers: Sequence[str]) -> bool:
    bodies = {
        sql.SQL(body).format(schema=sql.Identifier(keeper)).as_string(connection)
        for body in FUNCTIONS.values()
    }
    found = connection.execute(
        "SELECT prosrc FROM pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace WHERE nspname = %(keeper)s"
        " AND proowner::regrole = to_regrole(%(keeper)s) AND NOT has_function_privilege('public', pg_proc.oid, 'EXECUTE')"
        " AND (SELECT bool_and(has_function_privilege(caller, pg_proc.oid, 'EXECUTE')"
        " AND has_schema_privilege(caller, n.oid, 'USAGE')) FROM unnest(%(callers)s::text[]) AS caller)",
        {"keeper": keeper, "callers": list(callers)},
    )
    return {body for (body,) in found} == bodies


def _make(connection: psycopg.Connection, keeper: str, callers: Sequence[str]) -> None:
    names = {
        "schema": sql.Identifier(keeper),
        "callers": sql.SQL(", ").join(map(sql.Identifier, callers)),
    }
    statements = [
        "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {schema}",
        "SET LOCAL ROLE {schema}",
        "GRANT USAGE ON SCHEMA {schema} TO {callers}",
        "CREATE TABLE IF NOT EXISTS {schema}.kept_login (name name PRIMARY KEY, verifier text NOT NULL)",
    ]
    for statement in statements:
        connection.execute(sql.SQL(statement).format(**names))
    for name, text in FUNCTIONS.items():
        body = sql.Literal(sql.SQL(text).format(**names).as_string(connection))
        for statement in (
            "DROP FUNCTION IF EXISTS {schema}.{name}()",
            _FUNCTION,
            "REVOKE ALL ON FUNCTION {schema}.{name}() FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION {schema}.{name}() TO {callers}",
        ):
            connection.execute(sql.SQL(statement).format(**names, name=sql.Identifier(name), body=body))


def _reads_passwords(connection: psycopg.Connection, keeper: str) -> bool:
    query = "SELECT has_column_privilege(%s, 'pg_catalog.pg_authid', 'rolpassword', 'SELECT')"
    if connection.execute(query, [keeper]).fetchone() == (True,):
        return True
    try:
        connection.execute(
            sql.SQL("GRANT SELECT (rolname, rolpassword) ON pg_catalog.pg_authid TO {}").format(
                sql.Identifier(keeper)
            )
        )
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
