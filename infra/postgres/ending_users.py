"""Functions of a tool's database with which the sweeper finds and ends leased users that the vault has forgotten.

They belong to the vault's login, and see and end only users that it made. Ending one takes two calls, because its login
must be closed and committed before its sessions are ended.
"""

import psycopg
from psycopg import sql

from infra.postgres.server import ServerError
from infra.reporting import Say

SCHEMA = "leased_users"

# Users that the vault's login made: it may give them to others, and they expire.
_FOUND = """
BEGIN
    RETURN QUERY SELECT role.rolname::text, role.rolvaliduntil < pg_catalog.now()
    FROM pg_catalog.pg_auth_members AS made JOIN pg_catalog.pg_roles AS role ON role.oid = made.roleid
    JOIN pg_catalog.pg_roles AS maker ON maker.oid = made.member
    WHERE maker.rolname = current_user AND made.admin_option AND role.rolvaliduntil IS NOT NULL;
END
"""

_CLOSE = """
DECLARE its_group name;
BEGIN
    IF NOT EXISTS (SELECT FROM leased_users.found() WHERE name = who) THEN RETURN; END IF;
    EXECUTE pg_catalog.format('ALTER ROLE %I NOLOGIN', who);
    FOR its_group IN
        SELECT g.rolname FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
        JOIN pg_catalog.pg_roles AS u ON u.oid = m.member WHERE u.rolname = who
    LOOP
        EXECUTE pg_catalog.format('REVOKE %I FROM %I', its_group, who);
    END LOOP;
END
"""

# By number: a session of a dropped user has no name. What the view shows stays the same until it is cleared.
_END = """
DECLARE number oid := (
    SELECT role.oid FROM leased_users.found() JOIN pg_catalog.pg_roles AS role ON role.rolname = name WHERE name = who);
BEGIN
    FOR i IN 1..100 LOOP
        PERFORM pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
        WHERE usesysid = number OR (datname = pg_catalog.current_database() AND usesysid IS NOT NULL
            AND usesysid NOT IN (SELECT oid FROM pg_catalog.pg_roles));
        EXIT WHEN NOT FOUND;
        PERFORM pg_catalog.pg_sleep(0.005);
        PERFORM pg_catalog.pg_stat_clear_snapshot();
    END LOOP;
    IF EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE usesysid = number) THEN
        RAISE EXCEPTION 'a session of % is still open', who;
    END IF;
    IF number IS NULL THEN RETURN; END IF;
    -- Dropping what a user owns takes that user's rights. It has none left to read with.
    EXECUTE pg_catalog.format('GRANT %I TO CURRENT_USER WITH INHERIT TRUE, SET FALSE', who);
    EXECUTE pg_catalog.format('DROP OWNED BY %I', who);
    EXECUTE pg_catalog.format('DROP ROLE %I', who);
END
"""

_DEFINER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
#: Name and arguments of each function, what it returns, and its body.
FUNCTIONS = (
    ("found()", "TABLE (name text, expired boolean)", _FOUND),
    ("close_login(who text)", "void", _CLOSE),
    ("end_user(who text)", "void", _END),
)


def ensure_ending_of_users(connection: psycopg.Connection, *, admin: str, sweeper: str, say: Say) -> None:
    """In the database of this connection `sweeper` may end the leased users that `admin` made, and nothing else.

    Raises `ServerError` if the administrator of this connection may not act as `admin`.
    """
    if _is_done(connection, admin, sweeper):
        return
    names = {
        "schema": sql.Identifier(SCHEMA),
        "admin": sql.Identifier(admin),
        "sweeper": sql.Identifier(sweeper),
    }
    try:
        with connection.transaction():
            for statement in _statements():
                connection.execute(statement.format(**names))
    except psycopg.errors.InsufficientPrivilege as refused:
        raise ServerError(f"the functions that end leased users: {refused.diag.message_primary}") from None
    say(f"leased users: {sweeper} may end those that the vault forgot")


def _statements() -> list[sql.SQL]:
    return [
        sql.SQL("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {admin}"),
        sql.SQL("REVOKE ALL ON SCHEMA {schema} FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {sweeper}"),
        sql.SQL("SET LOCAL ROLE {admin}"),
        *(
            sql.SQL(each)
            for signature, returned, body in FUNCTIONS
            for each in _function(signature, returned, body)
        ),
    ]


def _function(signature: str, returned: str, body: str) -> list[str]:
    name = f"{{schema}}.{signature}"
    return [
        f"DROP FUNCTION IF EXISTS {name}",
        f"CREATE FUNCTION {name} RETURNS {returned} {_DEFINER} AS $${body}$$",
        f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {name} TO {{sweeper}}",
    ]


def _is_done(connection: psycopg.Connection, admin: str, sweeper: str) -> bool:
    found = connection.execute(
        "SELECT prosrc FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE n.nspname = %(schema)s"
        " AND proowner = to_regrole(%(admin)s) AND has_function_privilege(%(sweeper)s, pg_proc.oid, 'EXECUTE')"
        " AND NOT has_function_privilege('public', pg_proc.oid, 'EXECUTE')"
        " AND has_schema_privilege(%(sweeper)s, n.oid, 'USAGE')",
        {"schema": SCHEMA, "admin": admin, "sweeper": sweeper},
    ).fetchall()
    return {body for (body,) in found} == {body for _, _, body in FUNCTIONS}
