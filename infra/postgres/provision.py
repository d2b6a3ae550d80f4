"""Two databases, their roles and who may connect: run at every start, changes nothing that is already right.

`triage` holds the application's tables.  Its three logins own nothing and can do nothing until the migration
grants each what its process needs.  `ledger` plays the agency's financial system: the vault's database engine
creates a user per run there and puts it into `ledger_reader`.
"""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from infra.local.secret_files import random_secret, write_passfile, write_secret
from infra.postgres.scram import verifier

APPLICATION = "triage"
LEDGER = "ledger"

OWNERS = {APPLICATION: "triage_owner", LEDGER: "ledger_owner"}
LOGINS = ("triage_app", "triage_dispatcher", "triage_worker")
READERS = "ledger_reader"
VAULT_ADMIN = "vault_ledger_admin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A PostgreSQL server and the superuser who sets it up."""

    host: str
    port: int
    superuser: str
    password: str

    def __repr__(self) -> str:
        return f"Server({self.superuser}@{self.host}:{self.port})"

    def connect(self, database: str) -> psycopg.Connection:
        """A superuser's connection that commits each statement; raises psycopg.OperationalError."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.superuser,
            password=self.password,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )


def provision(server: Server, *, secrets: Path) -> str:
    """Create what is missing, give every role a new password, write one file with it per login into `secrets`.

    Returns the password of `vault_ledger_admin`, which goes into no file: the vault replaces it with one that
    only the vault knows.  Raises psycopg.Error.
    """
    with server.connect("postgres") as connection:
        for role in (*OWNERS.values(), *LOGINS):
            password = random_secret()
            _login(connection, role, password)
            write_secret(password_file(secrets, role), password)
            if role == OWNERS[LEDGER]:  # the emulated ledger is filled with libpq's own settings
                write_passfile(secrets, port=server.port, role=role, password=password)
        password = random_secret()
        _login(connection, VAULT_ADMIN, password)
        _role(connection, READERS, "NOLOGIN")
        # CREATEROLE creates the users of runs, pg_signal_backend ends their sessions on revocation.  It may
        # give ledger_reader away, yet is no reader itself.
        _run(connection, "ALTER ROLE {} CREATEROLE", VAULT_ADMIN)
        _run(connection, "GRANT pg_signal_backend TO {}", VAULT_ADMIN)
        _run(connection, "GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE", READERS, VAULT_ADMIN)
        _drop_leased_users(connection)
        for database, owner in OWNERS.items():
            _database(connection, database, owner)
        _connect_rights(connection)
    for database in OWNERS:
        with server.connect(database) as connection:
            _run(connection, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return password


def address(server: Server, role: str, database: str) -> str:
    """An SQLAlchemy address for a login, without its password."""
    return f"postgresql+psycopg://{role}@{server.host}:{server.port}/{database}"


def password_file(secrets: Path, role: str) -> Path:
    """Where a login's password lies."""
    return secrets / f"{role}.password"


def _login(connection: psycopg.Connection, role: str, password: str) -> None:
    _role(connection, role, "LOGIN")
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
        sql.Identifier(role), sql.Literal(verifier(password))
    )
    connection.execute(statement)


def _role(connection: psycopg.Connection, role: str, kind: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
        _run(connection, "CREATE ROLE {}", role)
    _run(connection, f"ALTER ROLE {{}} {kind} NOSUPERUSER NOCREATEDB NOCREATEROLE", role)


def _drop_leased_users(connection: psycopg.Connection) -> None:
    """Users of an earlier start's runs: the vault that would have revoked them is gone."""
    leased = connection.execute(
        "SELECT member::regrole::text FROM pg_auth_members WHERE roleid = %s::regrole AND member <> %s::regrole",
        [READERS, VAULT_ADMIN],
    ).fetchall()
    for (role,) in leased:
        connection.execute(sql.SQL("DROP ROLE " + role))  # regrole::text is quoted already


def _database(connection: psycopg.Connection, database: str, owner: str) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
        _run(connection, "CREATE DATABASE {} OWNER {}", database, owner)


def _connect_rights(connection: psycopg.Connection) -> None:
    for database in (*OWNERS, "postgres", "template1"):
        _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    for role in LOGINS:
        _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", APPLICATION, role)
    for role in (READERS, VAULT_ADMIN):
        _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", LEDGER, role)


def _run(connection: psycopg.Connection, statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
