"""Connections to PostgreSQL. Made once per process, after any fork."""

import time
from dataclasses import fields
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.connections.addresses import is_local
from app.connections.bounded_database import BoundedConnection
from app.connections.compatibility import STATEMENT_TIMEOUT, TIME_ZONE, IncompatibleError, guard
from app.connections.database_trouble import trouble
from app.connections.deadline import Deadline
from app.connections.secret_files import SettingsError, read_secret
from app.connections.settings import ConnectionSettings
from app.connections.tls import Authorities

#: A role may give itself settings, which no right refuses. What the address and `options` state is not among them.
_FORGET_SETTINGS_OF_ROLE = """
SELECT set_config(name, boot_val, false) FROM pg_catalog.pg_settings
WHERE source IN ('user', 'database user') AND boot_val IS NOT NULL
"""

#: Seconds in which a connection must come about.
_CONNECT = 5
#: Seconds after its last use in which a process that uses many, one after the other, does not ask whether a connection is
#: alive.
RECENTLY = 0.5
#: Opens a session; use it as `with sessions.begin() as session:` so that leaving the block commits or rolls back.
Sessions = sessionmaker[Session]


def connect(settings: ConnectionSettings, *, pool_size: int = 8, trusted: float = 0.0) -> Engine:
    """An engine for `DATABASE_URL`. Statements may take 10 s; a server that hangs is given up 2 s later.

    A connection of the pool shows that it is alive before it is used, unless it was in use in the last `trusted` seconds.
    Settings that were stored for the role have no effect.

    Raises `SettingsError`, also for a password file that cannot be read now. Nothing connects yet.
    """
    database_password(settings)
    engine = create_engine(
        address(settings.need("database_url"), settings),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        # The connection used last is used next: it has the statements prepared already.
        pool_use_lifo=True,
        pool_timeout=10,
        # Error texts would otherwise repeat the values of the failing statement in logs and tracebacks.
        hide_parameters=True,
        connect_args={
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT} -c idle_in_transaction_session_timeout=30s"
            # A role may have given itself a time limit that ends a connection before it is used.
            f" -c idle_session_timeout=0 -c timezone={TIME_ZONE}",
            # A database in another encoding would otherwise answer in bytes before it can be refused.
            "client_encoding": "utf8",
        },
    )

    @event.listens_for(engine, "do_connect")
    def connected(
        _dialect: object, _record: object, _args: object, parameters: dict[str, Any]
    ) -> BoundedConnection:
        try:
            password = database_password(settings)
        except SettingsError as error:
            # It was in order when this process started, and may be again in a moment.
            raise psycopg.OperationalError(str(error)) from None
        return BoundedConnection.connect_by(Deadline(_CONNECT), parameters | password)

    @event.listens_for(engine, "connect")
    def forget_settings(connection: psycopg.Connection[Any], _record: object) -> None:
        try:
            connection.execute(_FORGET_SETTINGS_OF_ROLE)
            connection.commit()
        except BaseException:
            connection.close()  # nobody else will: the pool never sees it
            raise

    @event.listens_for(engine, "checkin")
    def idle(connection: BoundedConnection | None, _record: object) -> None:
        if connection is not None:
            connection.idle_since = time.monotonic()

    @event.listens_for(engine, "checkout")
    def in_use(connection: BoundedConnection, _record: object, _proxy: object) -> None:
        connection.idle_since = None

    ping = engine.dialect.do_ping

    def lives(dbapi_connection: Any) -> bool:
        return dbapi_connection.was_in_use(within=trusted) or ping(dbapi_connection)

    engine.dialect.do_ping = lives  # type: ignore[method-assign]  # there is no event in its place
    guard(engine)
    return engine


def one_by_one(engine: Engine) -> Engine:
    """The same pool, for statements that are a transaction each: one trip to the database in place of three."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def sessions(engine: Engine) -> Sessions:
    """A session factory whose objects stay readable after commit."""
    return sessionmaker(engine, expire_on_commit=False)


def columns(record: Any) -> dict[str, Any]:
    """The fields of a flat dataclass by name. Unlike `asdict`, copies nothing, at a tenth of its cost."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def address(text: str, settings: Authorities) -> URL:
    """A setting like `DATABASE_URL` as SQLAlchemy and, by its parts, psycopg take it, with `sslmode` always stated.

    Without one in the setting it is verify-full, with the authorities of CA_FILE or else the system's; on this
    machine itself, and without CA_FILE, encryption is left to the server.
    """
    url = make_url(text).set(drivername="postgresql+psycopg")
    stated = {name: str(value) for name, value in url.query.items()}
    if settings.ca_file is not None:
        usual = {"sslmode": "verify-full", "sslrootcert": str(settings.ca_file)}
    elif is_local(url.host):
        usual = {"sslmode": "prefer"}
    elif stated.get("sslmode", "verify-full") == "verify-full":
        usual = {"sslmode": "verify-full", "sslrootcert": "system"}
    else:
        usual = {}
    if settings.client_certificate_file is not None and settings.client_key_file is not None:
        usual |= {"sslcert": str(settings.client_certificate_file), "sslkey": str(settings.client_key_file)}
    return url.set(query={**usual, **stated})


def database_password(settings: ConnectionSettings) -> dict[str, str]:
    """The password as libpq's parameter; none without DATABASE_PASSWORD_FILE. Raises `SettingsError`."""
    file = settings.database_password_file
    return {} if file is None else {"password": read_secret(file, setting="DATABASE_PASSWORD_FILE")}


def silence(engine: Engine) -> str | None:
    """Why the database does not answer, None when it does; for an engine that trusts no connection.

    Raises `IncompatibleError` when it cannot be worked with.
    """
    try:
        with engine.connect():
            return None
    except OperationalError as error:
        return trouble(error)


def problem(engine: Engine) -> str | None:
    """What is wrong with the database, whatever it is; None when it answers and can be worked with."""
    try:
        return silence(engine)
    except IncompatibleError as error:
        return str(error)
