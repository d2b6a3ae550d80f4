"""The passwords of the database's logins: their files, and what the server is given."""

import psycopg

from app.credentials.changed_logins import KEEPER
from infra.postgres import keeper, roles
from infra.postgres.server import Server, WrongPasswordError
from infra.provision.logins import APPLICATION, DATABASE_LOGINS, DATABASE_OWNERS, LEDGER
from infra.provision.settings import ProvisioningSettings
from infra.reporting import Say

_OWNER_FILES: dict[str, str] = {
    APPLICATION: "database-owner-password",
    LEDGER: "ledger-owner-password",
}


def password_owners() -> dict[str, tuple[str, tuple[str, ...]]]:
    """By role, the file and the owners of each login's password, except the vault's."""
    owners: dict[str, tuple[str, tuple[str, ...]]] = {
        role: (_OWNER_FILES[database], ("operator",)) for database, role in DATABASE_OWNERS.items()
    }
    return owners | {role: ("database-password", users) for role, users in DATABASE_LOGINS.items()}


def login_passwords(settings: ProvisioningSettings) -> dict[str, str]:
    """By role, the password of each login, except the vault's. Raises SettingsError if one is missing."""
    return {role: settings.secret(owners[0], name) for role, (name, owners) in password_owners().items()}


def ensure_password(
    application: psycopg.Connection, server: Server, role: str, password: str, say: Say
) -> None:
    """Set a password if a login with it is refused, or if nothing is kept to compare it with."""
    database = next((name for name, owner in DATABASE_OWNERS.items() if owner == role), APPLICATION)
    try:
        server.connect(database, user=role, password=password).close()
    except WrongPasswordError:
        is_right = False
    else:
        is_right = role not in DATABASE_LOGINS or keeper.is_kept(application, KEEPER, role)
    if not is_right:
        give_password(application, role, password)
        say(f"role {role}: password set")


def give_password(application: psycopg.Connection, role: str, password: str) -> None:
    """Set a password over the administrator's connection to the application's database, where it is also kept."""
    if role in DATABASE_LOGINS:
        keeper.set_kept_password(application, KEEPER, role, password)
    else:
        roles.set_password(application, role, password)
