"""The database server: roles, their passwords, databases, who may connect, and the application's tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.credentials.changed_logins import KEEPER
from infra.postgres import roles
from infra.postgres.closed_functions import LARGE_OBJECTS, SESSIONS, close
from infra.postgres.databases import ensure_closed_schema, ensure_connect_rights, ensure_database
from infra.postgres.ending_users import ensure_ending_of_users
from infra.postgres.keeper import ensure_keeper
from infra.postgres.leased_users import ensure_only_reading, refuse_prepared_transactions
from infra.postgres.migrate import migrate
from infra.postgres.server import OLDEST, Server, ServerError
from infra.postgres.unrecorded_statements import (
    ensure_hashed_passwords,
    ensure_plain_passwords,
    refuse_recorded_passwords,
)
from infra.provision.database_passwords import ensure_password, login_passwords
from infra.provision.logins import (
    APPLICATION,
    DATABASE_LOGINS,
    DATABASE_OWNERS,
    LEDGER,
    READERS,
    SWEEPER,
    VAULT_ADMIN,
)
from infra.provision.settings import ProvisioningSettings
from infra.reporting import ProvisionError, Say
from infra.secrets_folder import random_secret

#: The migrations of the domain.
MIGRATIONS = Path(__file__).parents[2] / "app" / "store" / "migrations"

_SETTING = "DATABASE_ADMIN_URL"
_PASSWORDS = "LEDGER_PASSWORDS"
_CONNECTING = {APPLICATION: tuple(DATABASE_LOGINS), LEDGER: (READERS, VAULT_ADMIN, SWEEPER)}
_LOGS_IN = frozenset({"rolcanlogin"})
_MAKES_ROLES = frozenset({"rolcanlogin", "rolcreaterole"})
_ENDS_SESSIONS = "pg_signal_backend"


def provision_database(
    settings: ProvisioningSettings, say: Say, *, new_ledger_admin_password: bool = False
) -> None:
    """Make at DATABASE_ADMIN_URL what the application needs, and report each change.

    The vault has replaced the password of `vault_ledger_admin` by one that only it knows. It gets a new password only
    on request, for a vault that has lost its storage. Raises ProvisionError and SettingsError.
    """
    server = administered(settings)
    with reported(), server.wait(setting=_SETTING, patience=settings.provision_patience) as connection:
        begin_alone(connection, settings.provision_patience)
        refuse_prepared_transactions(connection, _SETTING)
        passwords = login_passwords(settings)
        plain = settings.ledger_passwords == "plain"
        if plain:  # before the vault's login gets a password that the vault would replace by a recorded one
            refuse_recorded_passwords(connection, VAULT_ADMIN, _PASSWORDS)
        _roles(connection, passwords, say)
        _ledger_admin(connection, settings, say, renew=new_ledger_admin_password)
        roles.ensure_own(connection, VAULT_ADMIN)
        if plain:
            ensure_plain_passwords(connection, VAULT_ADMIN, _PASSWORDS, say)
        else:
            ensure_hashed_passwords(connection, VAULT_ADMIN, say)
        for database, owner in DATABASE_OWNERS.items():
            roles.ensure_own(connection, owner)
            ensure_database(connection, database, owner, say)
        ensure_connect_rights(connection, _CONNECTING, say)
        with server.connect(APPLICATION) as application:
            ensure_keeper(application, KEEPER, logins=tuple(DATABASE_LOGINS), callers=(SWEEPER,), say=say)
            _close_functions(application, say)
            for role, password in passwords.items():
                ensure_password(application, server, role, password, say)
        for database, owner in DATABASE_OWNERS.items():
            with server.connect(database, user=owner, password=passwords[owner]) as as_owner:
                ensure_closed_schema(as_owner, say)
        with server.connect(LEDGER) as ledger:
            ensure_only_reading(ledger, (VAULT_ADMIN, SWEEPER), say)
            ensure_ending_of_users(ledger, admin=VAULT_ADMIN, sweeper=SWEEPER, say=say)
        owner = DATABASE_OWNERS[APPLICATION]
        migrate(_engine(server, owner, passwords[owner]), MIGRATIONS, say)
        _grant_ending_of_sessions(connection, say)


def administered(settings: ProvisioningSettings) -> Server:
    """The server at DATABASE_ADMIN_URL with its administrator's password. Raises SettingsError."""
    return Server(
        address=settings.need("database_admin_url"),
        password=settings.secret("operator", "database-admin-password"),
        secret=str(settings.secrets.path("operator", "database-admin-password")),
        tls=settings,
    )


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors of the database into `ProvisionError`, without the text of a statement."""
    try:
        yield
    except ServerError as error:
        raise ProvisionError(str(error)) from None
    except psycopg.Error as error:
        raise ProvisionError(f"{_SETTING}: {_message(error)}") from None
    except DBAPIError as error:
        cause = error.orig
        raise ProvisionError(
            f"{_SETTING}: {_message(cause) if isinstance(cause, psycopg.Error) else type(error).__name__}"
        ) from None


def _message(error: psycopg.Error) -> str:
    if error.diag.message_primary is None:
        return f"the connection was lost ({type(error).__name__})"
    return f"the server refused: {error.diag.message_primary}"


def begin_alone(connection: psycopg.Connection, patience: float) -> None:
    """Refuse a server that is too old, and make a second provisioning wait until this connection ends."""
    version = connection.info.server_version // 10_000
    if version < OLDEST:
        raise ServerError(f"{_SETTING}: PostgreSQL {version} is too old; it must be {OLDEST} or later")
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{int(patience * 1000)}ms"])
    try:
        connection.execute("SELECT pg_advisory_lock(hashtext('triage provisioning'))")
    except psycopg.errors.LockNotAvailable:
        raise ServerError(f"{_SETTING}: another provisioning has been running for {patience:g} s") from None


def _roles(connection: psycopg.Connection, passwords: dict[str, str], say: Say) -> None:
    for role, password in passwords.items():
        roles.ensure_role(connection, role, say, password=password, attributes=_LOGS_IN)
    roles.ensure_role(connection, READERS, say, password=None, attributes=frozenset())


def _ledger_admin(
    connection: psycopg.Connection, settings: ProvisioningSettings, say: Say, *, renew: bool
) -> None:
    """The vault's login at the ledger, which creates the users of runs. It may grant `ledger_reader`, but not read."""
    role, folder = VAULT_ADMIN, settings.secrets
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    password = None
    if exists is None or renew:
        # Written to its file before it is set, so that a password is never lost.
        password = random_secret()
        folder.replace("operator", "ledger-admin-password", password)
    roles.ensure_role(connection, role, say, password=password, attributes=_MAKES_ROLES)
    if exists is not None and password is not None:
        roles.set_password(connection, role, password)
        say(f"role {role}: new password")
    roles.ensure_member(connection, group=READERS, member=role, options=(True, False, False), say=say)


def _grant_ending_of_sessions(connection: psycopg.Connection, say: Say) -> None:
    # Last, since the administrator of a managed server may not be allowed to do it.
    try:
        roles.ensure_member(
            connection,
            group=_ENDS_SESSIONS,
            member=VAULT_ADMIN,
            options=(False, True, True),
            say=say,
        )
    except psycopg.errors.InsufficientPrivilege:
        raise ServerError(
            f"{_SETTING}: everything else is done, but this administrator may not grant {_ENDS_SESSIONS};"
            f" a superuser must run: GRANT {_ENDS_SESSIONS} TO {VAULT_ADMIN}"
        ) from None


def _close_functions(application: psycopg.Connection, say: Say) -> None:
    wanted = {"large objects": LARGE_OBJECTS, "ending each other's sessions": SESSIONS}
    missing = [what for what, functions in wanted.items() if not close(application, functions, what, say)]
    if missing:
        say(f"processes: not kept from {' and '.join(missing)}, which takes a superuser")


def _engine(server: Server, role: str, password: str) -> Engine:
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(**server.parameters(APPLICATION, user=role, password=password)),
        poolclass=NullPool,
        hide_parameters=True,
    )
