"""Replaces secrets that are in use, while their processes keep running."""

import psycopg

from infra.provision import broker
from infra.provision.broker_server import administrator
from infra.provision.database import administered, begin_alone, reported
from infra.provision.database_passwords import give_password, password_owners
from infra.provision.export_keys import with_new_key
from infra.provision.logins import APPLICATION, BROKER_USERS, share
from infra.provision.settings import ProvisioningSettings
from infra.reporting import ProvisionError, Say
from infra.secrets_folder import random_secret


def rotate_database(settings: ProvisioningSettings, say: Say, *, end_sessions: bool = False) -> None:
    """Give each login of the database a new password. Processes read theirs whenever they connect.

    Open sessions continue unless `end_sessions` is set. If interrupted, `provision database` makes passwords and files
    agree again. Raises ProvisionError and SettingsError.
    """
    server = administered(settings)
    with (
        reported(),
        server.wait(setting="DATABASE_ADMIN_URL", patience=settings.provision_patience) as session,
        server.connect(APPLICATION) as application,
    ):
        begin_alone(session, settings.provision_patience)
        for role, (name, owners) in password_owners().items():
            password = random_secret()
            # The files before the commit, so that almost no time passes between the two.
            with application.transaction():
                give_password(application, role, password)
                share(settings.secrets, name, owners, password)
            say(f"role {role}: new password")
            if end_sessions:
                say(f"role {role}: {_end_sessions(session, role)} sessions ended")


def _end_sessions(session: psycopg.Connection, role: str) -> int:
    ended = session.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role]
    )
    return len(ended.fetchall())


def rotate_broker(settings: ProvisioningSettings, say: Say, *, end_sessions: bool = False) -> None:
    """Give each user of the broker a new password. Processes read theirs whenever they connect.

    The earlier password is valid until the new one is in its file. Open sessions continue unless `end_sessions` is set.
    If interrupted, `provision broker` makes passwords and files agree again. Raises ProvisionError and SettingsError.
    """
    folder = settings.secrets
    with administrator(settings) as connection:
        for user, owners in BROKER_USERS.items():
            earlier, password = settings.secret(owners[0], "broker-password"), random_secret()
            broker.set_user(connection, user, earlier, password)
            share(folder, "broker-password", owners, password)
            broker.set_user(connection, user, password)
            say(f"user {user}: new password")
            if end_sessions:
                ended = connection.client_kill_filter(user=user)
                say(f"user {user}: {ended} sessions ended")
        broker.save(connection, say)


def rotate_web_key(settings: ProvisioningSettings, say: Say) -> None:
    """Replace the key of the tokens in forms. Raises SettingsError and OSError."""
    settings.secrets.replace("web", "web-key", random_secret())
    say("web/web-key: new key; restart every web process; people must reload open forms")


def rotate_export_key(settings: ProvisioningSettings, say: Say) -> None:
    """Make a new key to sign exports; the public halves of earlier ones stay, so that old exports can be verified.

    Raises ProvisionError if the file is not a key set, SettingsError and OSError.
    """
    try:
        keys = with_new_key(settings.secrets.read("web", "export-keys.json"))
    except ValueError as wrong:
        raise ProvisionError(f"{settings.secrets.path('web', 'export-keys.json')}: {wrong}") from None
    settings.secrets.replace("web", "export-keys.json", keys)
    say("web/export-keys.json: new key, the earlier ones stay for verification; restart every web process")
