"""Whether the database is one this program can work with; looked at before anything else is asked of it."""

from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from app.connections.secret_files import SettingsError

#: The revisions of the newest migration, which the tables must be at, and of the first: older tables cannot be upgraded.
TABLES, FIRST_TABLES = "1.0027", "1.0001"
#: The oldest PostgreSQL, since roles are granted WITH INHERIT; the only encoding, since texts hold any character.
OLDEST, ENCODING = 16, "UTF8"
#: Given with every connection. A pooler may drop them without a word.
STATEMENT_TIMEOUT, TIME_ZONE = "10s", "UTC"

_QUERY = """
SELECT current_setting('statement_timeout'), current_setting('TimeZone'),
       coalesce(has_function_privilege(to_regprocedure('tables_version()'), 'EXECUTE'), false),
       coalesce(has_table_privilege(to_regclass('alembic_version'), 'SELECT'), false)
"""
#: How PgBouncer begins to say that it takes no settings with a connection.
_NOT_PASSED_ON = "unsupported startup parameter"
_POOLER = "none that does is supported: name PostgreSQL itself"
_REPAIR = "run `triage provision database`"


class IncompatibleError(SettingsError):
    """A server that answers, but cannot be worked with; the text names the setting and the reason."""


def guard(engine: Engine) -> None:
    """Have the first connection of this engine checked, and each one after it until one passes.

    A connection that does not pass raises `IncompatibleError` where it was asked for.
    """
    passed = False

    @event.listens_for(engine, "connect")
    def look(connection: psycopg.Connection[Any], _record: object) -> None:
        nonlocal passed
        if passed:
            return
        try:
            check(connection)
            connection.rollback()
        except BaseException:
            connection.close()  # nobody else will: the pool never sees it
            raise
        passed = True

    @event.listens_for(engine, "handle_error")
    def refused(context: ExceptionContext) -> None:
        if _NOT_PASSED_ON in str(context.original_exception):
            raise IncompatibleError(
                f"DATABASE_URL: a pooler (PgBouncer) refuses the settings of a connection, and {_POOLER}"
            ) from None


def check(connection: psycopg.Connection[Any]) -> None:
    """Raises `IncompatibleError` for a server, a database, a pooler or tables that cannot be worked with."""
    about = connection.info
    if about.server_version < OLDEST * 10_000:
        raise IncompatibleError(
            f"DATABASE_URL: the server is PostgreSQL {about.server_version // 10_000}, {OLDEST} or newer is needed"
        )
    encoding = about.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise IncompatibleError(
            f"DATABASE_URL: the database's encoding is {encoding}, {ENCODING} is needed; it is chosen when a database is made"
        )
    timeout, zone, told, readable = connection.execute(_QUERY).fetchone() or (None, None, False, False)
    if (timeout, zone) != (STATEMENT_TIMEOUT, TIME_ZONE):
        raise IncompatibleError(
            f"DATABASE_URL: statement_timeout is {timeout} and the time zone {zone}, though {STATEMENT_TIMEOUT} and"
            f" {TIME_ZONE} were asked for: a pooler (PgBouncer) drops the settings of a connection, and {_POOLER}"
        )
    # Tables that are older than the function show their version themselves.
    asked = "SELECT tables_version()" if told else "SELECT max(version_num) FROM alembic_version"
    (found,) = (connection.execute(asked).fetchone() if told or readable else None) or (None,)
    if found != TABLES:
        if found and found < FIRST_TABLES:
            raise IncompatibleError(
                f"DATABASE_URL: the tables are at version {found}, from before {FIRST_TABLES}, and cannot be brought up"
                f" to {TABLES}: start with an empty database and {_REPAIR}"
            )
        now = f"at version {found}" if found else f"missing, or of a version before {FIRST_TABLES}"
        raise IncompatibleError(
            f"DATABASE_URL: the tables are {now}, this program needs version {TABLES}: {_REPAIR}"
        )
