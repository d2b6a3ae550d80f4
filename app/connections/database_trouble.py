"""Why a database cannot be used, in one line that says what to do; no secret is in it."""

import re

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.connections.compatibility import STATEMENT_TIMEOUT

_NOT_POSTGRESQL = "does not answer (what came is not PostgreSQL's protocol)"
_REPAIR = "run `triage provision database`"
#: What libpq and the server say when no connection comes about, and what that means; the first that fits counts.
_MEANINGS = (
    ("password authentication failed", "refused the password of {user} ({setting})"),
    ("no password supplied", "asks for a password, and {setting} is not set"),
    ("does not match host name", "shows a certificate that is not for {host}, the host in its address"),
    (
        "certificate verify failed",
        "shows a certificate that has expired or is not signed by an authority in {ca}",
    ),
    ("root certificate file", "cannot be checked: {ca} cannot be read"),
    ("server does not support SSL", "offers no TLS, and sslmode asks for it"),
    ("certificate required", "asks for a certificate: CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE"),
    ("valid client certificate", "asks for a certificate: CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE"),
    ("no encryption", "takes no connection without TLS: set CA_FILE"),
    ("pg_hba.conf", "admits no {user} from here (pg_hba.conf)"),
    ("is not permitted to log in", "does not let {user} log in: its login was closed"),
    ("too many c", "has no connection free for {user} (too many connections)"),
    ("remaining connection slots", "has no connection free for {user} (too many connections)"),
    ("is starting up", "is starting up, and takes no connections yet"),
    ("in recovery mode", "recovers from a crash, and takes no connections yet"),
    ("is shutting down", "is shutting down"),
    ("accepting connections", "takes no connections to {database}"),
    ('FATAL:  role "', "does not know {user}: correct the address, or " + _REPAIR),
    (" does not exist", "has no database {database}: correct the address, or " + _REPAIR),
    ("Connection refused", "does not answer (connection refused)"),
    ("could not translate host name", "does not answer (no such host: {host})"),
    ("failed to resolve host", "does not answer (no such host: {host})"),
    ("timeout expired", "does not answer (timed out)"),
    ("server closed the connection", "does not answer (it closed the connection)"),
    ("the connection is lost", "does not answer (it closed the connection)"),
    ("connection socket closed", "does not answer (it closed the connection)"),
    ("unreachable", "does not answer (no route to {host})"),
    ("No route to host", "does not answer (no route to {host})"),
    ("received invalid response", _NOT_POSTGRESQL),
    ("expected authentication request", _NOT_POSTGRESQL),
    ("lost synchronization", _NOT_POSTGRESQL),
    # PgBouncer's words
    ("SASL authentication failed", "refused the password of {user} ({setting})"),
    ("unsupported startup parameter", "is behind a pooler that refuses session settings: connect directly"),
    ("query_wait_timeout", "is behind a pooler that had no connection free in time"),
    ("server login", "is behind a pooler that cannot log in to the server"),
)
_READ_ONLY = "25006"
#: What it means that a statement failed with this SQLSTATE (PostgreSQL's appendix A).
_CONDITIONS = {
    _READ_ONLY: "is read-only: it is a standby, or was set so",
    "42501": f"refused (a right is missing): {_REPAIR}",
    "42P01": f"lacks a table of this version: {_REPAIR}",
    "42703": f"lacks a column of this version: {_REPAIR}",
    "42883": f"lacks a function of this version: {_REPAIR}",
    "53100": "has no disk space left",
    "53200": "has no memory left",
    "53300": "has no connection free (too many connections)",
    "55P03": "did not give a lock in time",
    "57014": f"did not finish a statement within {STATEMENT_TIMEOUT.removesuffix('s')} s",
    "57P01": "ended the connection: it is stopping, or an administrator did so",
    "57P02": "recovers from a crash",
    "57P03": "is starting or stopping, and takes no connections",
    "57P05": "ended the connection, which was idle for too long",
    "25P03": "ended the connection, whose transaction was idle for too long",
    "40001": "could not carry out two transactions at once",
    "40P01": "could not carry out two transactions at once (deadlock)",
}


def trouble(
    error: BaseException, *, what: str = "the database", setting: str = "DATABASE_PASSWORD_FILE"
) -> str:
    """One line on why `what` cannot be used, for a log or a page; no secret is in it.

    `error` is SQLAlchemy's or psycopg's; `setting` holds the password that was tried.
    """
    cause = _cause(error)
    if isinstance(cause, psycopg.Error) and cause.sqlstate in _CONDITIONS:
        return f"{what} {_CONDITIONS[cause.sqlstate]}"
    if not isinstance(cause, psycopg.OperationalError) and type(cause) is not psycopg.DatabaseError:
        return f"{what} {_by_kind(cause)}"
    text = str(cause)
    if text.startswith(f"{setting}: "):
        return text
    for part, meaning in _MEANINGS:
        if part in text:
            return f"{what} {meaning.format(setting=setting, **_tried(cause))}"
    if cause.sqlstate is None and (fatal := re.search(r"FATAL: +(.{1,200})", text)):
        return f"{what} refused ({fatal[1]})"
    return f"{what} does not answer ({type(cause).__name__})"


def _by_kind(error: BaseException) -> str:
    if isinstance(error, psycopg.InternalError) and error.sqlstate is None:  # psycopg's own, not the server's
        return _NOT_POSTGRESQL
    silent = isinstance(error, PoolTimeoutError)  # no connection came free
    return f"{'does not answer' if silent else 'refused'} ({type(error).__name__})"


def is_read_only(error: BaseException) -> bool:
    """Whether the database answers, but accepts no changes."""
    cause = _cause(error)
    return isinstance(cause, psycopg.Error) and cause.sqlstate == _READ_ONLY


def _cause(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _tried(error: psycopg.Error) -> dict[str, str]:
    """User, host, database and authorities of a failed connection, as far as libpq tells."""
    used = {}
    if error.pgconn is not None:
        used = {each.keyword: (each.val or b"").decode() for each in error.pgconn.info}
    authorities = used.get(b"sslrootcert") or "none"
    unknown = re.search(r"host '([^']{1,200})'", str(error))
    return {
        "user": used.get(b"user") or "this login",
        "host": used.get(b"host") or (unknown[1] if unknown else "this host"),
        "database": used.get(b"dbname") or "this database",
        "ca": "the system's store (CA_FILE is not set)"
        if authorities == "system"
        else f"CA_FILE ({authorities})",
    }
