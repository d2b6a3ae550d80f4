"""What an error of PostgreSQL, of libpq or of a connection pooler means, and what to do about it."""

import psycopg

#: By what is said when no connection comes about; the first that fits counts. What is not here is repeated as it came
#: (`database "x" does not exist`). `app.connections.database.trouble` fills in the names in braces.
_TEXTS = (
    ("password authentication failed", "refused the password of {user} ({setting})"),
    ("SASL authentication failed", "refused the password of {user} ({setting})"),
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
    ("pg_hba.conf", "does not admit {user} from here (pg_hba.conf)"),
    ("Connection refused", "does not answer (connection refused)"),
    ("could not translate host name", "does not answer (no such host: {host})"),
    ("failed to resolve host", "does not answer (no such host: {host})"),
    ("timeout expired", "does not answer (timed out)"),
    ("unreachable", "does not answer (no network route to {host})"),
    ("No route to host", "does not answer (no network route to {host})"),
    ("too many clients", "takes no more connections (max_connections is reached)"),
    ("connection slots are reserved", "takes no more connections (max_connections is reached)"),
    ("too many connections for", "takes no more connections of {user} (a connection limit is reached)"),
    ("starting up", "is starting"),
    ("recovery mode", "is recovering from a crash"),
    ("not yet accepting connections", "is starting"),
    ("shutting down", "is shutting down"),
    # PgBouncer
    (
        "unsupported startup parameter",
        "is behind a pooler that refuses session settings: connect to PostgreSQL",
    ),
    ("query_wait_timeout", "is behind a pooler that had no connection free in time"),
    ("server login", "is behind a pooler that cannot log in to PostgreSQL"),
    ("cannot connect to server", "is behind a pooler that cannot reach PostgreSQL"),
    ("received invalid response", "does not answer (what came is not PostgreSQL's protocol)"),
    ("expected authentication request", "does not answer (what came is not PostgreSQL's protocol)"),
    ("lost synchronization", "does not answer (what came is not PostgreSQL's protocol)"),
    ("closed the connection", "closed the connection"),
    ("connection is lost", "closed the connection"),
    ("connection is closed", "closed the connection"),
    ("Connection reset", "closed the connection"),
)
#: By SQLSTATE, or its first characters, of a statement that failed.
_STATES = {
    "25006": "is read-only: it is a standby, or default_transaction_read_only is on",
    "25P03": "ended a transaction that was idle for too long",
    "28P01": "refused the password of {user} ({setting})",
    "28": "does not admit {user}",
    "3D000": "has no database {name}",
    "40P01": "ended a transaction that blocked another: try again",
    "40001": "ended a transaction that met another: try again",
    "42501": "does not let {user} do this: its rights are incomplete, so prepare the database again",
    "42P01": "lacks a table of this version: prepare the database again",
    "42703": "lacks a column of this version: prepare the database again",
    "42883": "lacks a function of this version: prepare the database again",
    "53100": "has no disk space left",
    "53200": "has no memory left",
    "53300": "takes no more connections",
    "55P03": "could not lock a row in time: try again",
    "57014": "ended a statement that took too long",
    "57P01": "is shutting down, or an administrator ended the connection",
    "57P02": "is recovering from a crash",
    "57P03": "is starting or shutting down",
    "58": "cannot read or write its files",
    "XX": "is damaged or has met an error of its own: see its log",
}


def meaning(error: psycopg.Error) -> str | None:
    """What an error means, with names in braces to fill in; None if it is not known here.

    The text of an error with a SQLSTATE is not searched: it may repeat values of the statement.
    """
    state = error.sqlstate
    if state is not None:
        return next((_STATES[part] for part in (state, state[:2]) if part in _STATES), None)
    text = str(error)
    return next((said for part, said in _TEXTS if part in text), None)
