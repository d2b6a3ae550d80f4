"""Each trouble with the database is told apart from the others, in one line that says what to do."""

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.connections.database import trouble

#: What libpq says when no connection comes about, after "connection failed: ".
UNCONNECTED = {
    'FATAL:  password authentication failed for user "a"': "refused the password of this login (FILE)",
    "fe_sendauth: no password supplied": "asks for a password, and FILE is not set",
    'FATAL:  database "b" does not exist': 'refused (database "b" does not exist)',
    'FATAL:  role "a" is not permitted to log in': 'refused (role "a" is not permitted to log in)',
    "FATAL:  sorry, too many clients already": "takes no more connections (max_connections is reached)",
    'FATAL:  too many connections for role "a"': "takes no more connections of this login (a connection limit is",
    "FATAL:  the database system is starting up": "is starting",
    "FATAL:  the database system is shutting down": "is shutting down",
    "FATAL:  the database system is in recovery mode": "is recovering from a crash",
    'FATAL:  no pg_hba.conf entry for host "::1"': "does not admit this login from here (pg_hba.conf)",
    "FATAL:  unsupported startup parameter: options": "is behind a pooler that refuses session settings",
    "FATAL:  no such database: b": "refused (no such database: b)",
    "FATAL:  query_wait_timeout": "is behind a pooler that had no connection free in time",
    "FATAL:  server login has been failing": "is behind a pooler that cannot log in to PostgreSQL",
    "Connection refused": "does not answer (connection refused)",
    "No route to host": "does not answer (no network route to this host)",
    "failed to resolve host 'x'": "does not answer (no such host: this host)",
    "timeout expired": "does not answer (timed out)",
    'server certificate for "y" does not match host name "x"': "shows a certificate that is not for this host",
    "SSL error: certificate verify failed": "shows a certificate that has expired or is not signed by",
    "server does not support SSL, but SSL was required": "offers no TLS, and sslmode asks for it",
    "received invalid response to SSL negotiation: H": "does not answer (what came is not PostgreSQL's protocol)",
    "server closed the connection unexpectedly": "closed the connection",
    "something new": "does not answer (OperationalError)",
}
#: Statements that failed.
FAILED = {
    psycopg.errors.ReadOnlySqlTransaction: "is read-only",
    psycopg.errors.AdminShutdown: "is shutting down, or an administrator ended the connection",
    psycopg.errors.CrashShutdown: "is recovering from a crash",
    psycopg.errors.CannotConnectNow: "is starting or shutting down",
    psycopg.errors.TooManyConnections: "takes no more connections",
    psycopg.errors.DiskFull: "has no disk space left",
    psycopg.errors.OutOfMemory: "has no memory left",
    psycopg.errors.QueryCanceled: "ended a statement that took too long",
    psycopg.errors.LockNotAvailable: "could not lock a row in time",
    psycopg.errors.DeadlockDetected: "ended a transaction that blocked another",
    psycopg.errors.InsufficientPrivilege: "does not let this login do this: its rights are incomplete",
    psycopg.errors.UndefinedTable: "lacks a table of this version",
    psycopg.errors.UndefinedFunction: "lacks a function of this version",
    psycopg.errors.IoError: "cannot read or write its files",
    psycopg.errors.DataCorrupted: "is damaged or has met an error of its own",
    psycopg.errors.UniqueViolation: "refused (UniqueViolation)",
}


@pytest.mark.parametrize("said", UNCONNECTED)
def test_each_reason_for_no_connection_has_its_own_words(said):
    error = psycopg.OperationalError(f'connection to server at "127.0.0.1", port 1 failed: {said}')
    assert trouble(error, what="it", setting="FILE").startswith(f"it {UNCONNECTED[said]}")


@pytest.mark.parametrize("kind", FAILED)
def test_each_reason_for_a_failed_statement_has_its_own_words(kind):
    error = DBAPIError("SELECT secret", {}, kind("the value secret"))
    said = trouble(error)
    assert said.startswith(f"the database {FAILED[kind]}")
    assert "secret" not in said


def test_no_two_reasons_share_their_words():
    for words in (UNCONNECTED, FAILED):
        assert len(set(words.values())) == len(words)


def test_a_pool_that_is_exhausted_says_so():
    assert trouble(PoolTimeoutError()) == "the database does not answer (no connection came free in time)"
