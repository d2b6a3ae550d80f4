"""Gives new servers what they must hold: logins, databases, tables, policies, roles, identities."""

import json
import os
import secrets
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.connections.settings import load
from app.connections.tls import trust_of
from app.credentials.approle import RUN_ROLE
from app.credentials.changed_logins import KEEPER
from app.credentials.settings import AgentSettings
from garden.tools import SOIL, WEATHER
from infra.postgres.databases import ensure_closed_schema, ensure_connect_rights, ensure_database
from infra.postgres.ending_users import ensure_ending_of_users
from infra.postgres.keeper import ensure_keeper, set_kept_password
from infra.postgres.leased_users import ensure_only_reading, refuse_prepared_transactions
from infra.postgres.migrate import migrate
from infra.postgres.roles import ensure_member, ensure_role
from infra.postgres.server import Server
from infra.postgres.unrecorded_statements import ensure_plain_passwords, refuse_recorded_passwords
from infra.vault.database_users import database_connection
from infra.vault.owners import IDENTITIES
from infra.vault.wanted import operator_entries
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault, VaultUnavailableError

SECRETS = Path(os.environ["SECRETS_FOLDER"])
OWNERS = {"garden": "garden_owner", "soil": "soil_owner"}
PROCESSES = {
    "gardener": "triage_app",
    "dispatcher": "triage_dispatcher",
    "sweeper": "triage_sweeper",
    "reconciler": "triage_reconciler",
    "switch": "triage_switch",
    "worker": "triage_worker",
}
VAULT_ADMIN = "vault_soil_admin"
LOGS_IN = frozenset({"rolcanlogin"})
PATIENCE = 10.0


def keep(name, text):
    file = SECRETS / name
    file.touch(mode=0o600)
    file.write_text(text)
    return text


def prepare_database():
    """The logins of the processes, the vault's login, both databases, and their tables; the vault login's password."""
    server = Server(
        address=os.environ["DATABASE_ADMIN_URL"], password=(SECRETS / "database-admin-password").read_text()
    )
    passwords = {
        role: secrets.token_urlsafe(32) for role in (*OWNERS.values(), *PROCESSES.values(), VAULT_ADMIN)
    }
    for process, role in PROCESSES.items():
        keep(f"{process}-database-password", passwords[role])
    with server.connect() as connection:
        refuse_prepared_transactions(connection, "DATABASE_ADMIN_URL")
        for role, password in passwords.items():
            more = {"rolcreaterole"} if role == VAULT_ADMIN else set()
            ensure_role(connection, role, print, password=password, attributes=LOGS_IN | more)
        ensure_role(connection, "soil_reader", print, password=None, attributes=frozenset())
        gives, becomes = (True, False, False), (False, True, True)
        ensure_member(connection, group="soil_reader", member=VAULT_ADMIN, options=gives, say=print)
        ensure_member(connection, group="pg_signal_backend", member=VAULT_ADMIN, options=becomes, say=print)
        for database, owner in OWNERS.items():
            ensure_database(connection, database, owner, print)
        reached = {
            "garden": tuple(PROCESSES.values()),
            "soil": ("soil_reader", VAULT_ADMIN, "triage_sweeper"),
        }
        ensure_connect_rights(connection, reached, print)
        refuse_recorded_passwords(connection, VAULT_ADMIN, "DATABASE_ADMIN_URL")
        ensure_plain_passwords(connection, VAULT_ADMIN, "DATABASE_ADMIN_URL", print)

    def as_owner(database):
        owner = OWNERS[database]
        return psycopg.connect(
            **server.parameters(database, user=owner, password=passwords[owner]), autocommit=True
        )

    engine = create_engine("postgresql+psycopg://", creator=lambda: as_owner("garden"), poolclass=NullPool)
    migrate(engine, Path(__file__).parent / "migrations", print)
    with server.connect("garden") as garden:
        processes = tuple(PROCESSES.values())
        ensure_keeper(garden, KEEPER, logins=processes, callers=("triage_sweeper",), say=print)
        for role in processes:
            set_kept_password(garden, KEEPER, role, passwords[role])
    with as_owner("garden") as garden:
        ensure_closed_schema(garden, print)
        garden.execute("INSERT INTO bed VALUES ('roses', 'Norfolk')")
    with as_owner("soil") as soil:
        ensure_closed_schema(soil, print)
        soil.execute("CREATE TABLE moisture (probe varchar PRIMARY KEY, bed_id varchar, percent integer)")
        soil.execute("INSERT INTO moisture VALUES ('north', 'roses', 31), ('south', 'roses', 22)")
        soil.execute("GRANT SELECT ON moisture TO soil_reader")
    with server.connect("soil") as soil:
        ensure_only_reading(soil, (VAULT_ADMIN, "triage_sweeper"), print)
        ensure_ending_of_users(soil, admin=VAULT_ADMIN, sweeper="triage_sweeper", say=print)
    return passwords[VAULT_ADMIN]


def prepare_broker():
    password = (SECRETS / "broker-admin-password").read_text()
    with redis.Redis.from_url(os.environ["REDIS_ADMIN_URL"], password=password) as broker:
        for process in ("dispatcher", "worker"):
            word = keep(f"{process}-broker-password", secrets.token_urlsafe(32))
            broker.execute_command("ACL", "SETUSER", process, "on", f">{word}", "~triage:*", "+@all")


def prepare_vault(vault, root, *, soil_password):
    vault.write("sys/auth/approle", {"type": "approle"}, root)
    vault.write("sys/mounts/database", {"type": "database"}, root)
    soil = urlsplit(os.environ["SOIL_URL"])
    connection = database_connection(
        SOIL.name,
        role=SOIL.credential.role,
        url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{soil.netloc}{soil.path}?sslmode=disable",
        username=VAULT_ADMIN,
        passwords="plain",
    )
    data = {**connection.data, **connection.data["connection_details"], "password": soil_password}
    del data["connection_details"]
    vault.write(connection.path, data, root)
    vault.write(f"database/rotate-root/{SOIL.name}", {}, root)
    for entry in operator_entries(tools=[WEATHER, SOIL], process_ttl=3600):
        vault.write(entry.path, entry.data, root)
    role_id = vault.read(f"auth/approle/role/{RUN_ROLE}/role-id", root)["data"]["role_id"]
    keep("worker-run-role-id", role_id)
    for identity in IDENTITIES:
        if not identity.in_custody:
            role = f"auth/approle/role/{identity.role}"
            login = {
                "role_id": vault.read(f"{role}/role-id", root)["data"]["role_id"],
                "secret_id": vault.write(f"{role}/secret-id", {}, root)["data"]["secret_id"],
            }
            keep(f"{identity.owner}-vault-identity.json", json.dumps(login))
    # Alive to the end: what the auditor must not take for dead.
    living = vault.write("auth/token/create-orphan", {"policies": ["default"], "ttl": "10m"}, root)
    keep("living-accessor", living["auth"]["accessor"])


def opened(vault):
    """Initialise and unseal a new vault; its root token."""
    new = vault.write("sys/init", {"secret_shares": 1, "secret_threshold": 1})
    vault.write("sys/unseal", {"key": new["keys_base64"][0]})
    root = Secret(new["root_token"])
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            vault.read("sys/mounts", root)
        except VaultUnavailableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return root


def main():
    settings = load(AgentSettings, "vault_addr")
    soil_password = prepare_database()
    prepare_broker()
    vault = Vault(settings.need("vault_addr"), trust_of(settings))
    root = opened(vault)
    prepare_vault(vault, root, soil_password=soil_password)
    vault.write("auth/token/revoke-self", token=root)


if __name__ == "__main__":
    main()
