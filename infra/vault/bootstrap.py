"""Prepares a vault for the agent, once, and ends by revoking the root token it was given.

Idempotent: a second run changes nothing that is already right. Works on OpenBao (audit device from its config file)
and on HashiCorp Vault (audit device through the API).
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hvac
import hvac.exceptions
import requests
import structlog

from infra.vault import roles

log = structlog.get_logger()
POLICIES = Path(__file__).parent / "policies"


class BootstrapError(Exception):
    """The vault could not be prepared; the text says what is missing."""


@dataclass(frozen=True, kw_only=True)
class LedgerAdmin:
    """How the vault's database engine reaches the ledger; the password is replaced by one only the vault knows."""

    host: str
    port: int
    database: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"LedgerAdmin({self.username}@{self.host}:{self.port}/{self.database})"


def bootstrap(
    *,
    address: str,
    token: str,
    ledger: LedgerAdmin,
    secrets: Path,
    audit_log: Path,
    issuer: str | None = None,
) -> None:
    """Prepare the vault at `address`, write the infrastructure identities into `secrets`, revoke `token`.

    Raises `BootstrapError` when no audit device can be had or the root token survives, and hvac's own errors when
    the vault refuses a step.
    """
    session = requests.Session()
    # No proxy and no ~/.netrc: either would see the root token, or put another in its place.
    session.trust_env = False
    client = hvac.Client(url=address, token=token, timeout=10, session=session, allow_redirects=False)
    _audit_device(client, audit_log)
    for file in sorted(POLICIES.glob("*.hcl")):
        client.sys.create_or_update_policy(name=file.stem, policy=file.read_text())
    _mounts(client)
    roles.write_run_role(client)
    roles.write_signed_token_roles(client, issuer=issuer or address)
    roles.write_api_key_roles(client)
    _database(client, ledger)
    for name in ("dispatcher", "sweeper", "auditor"):
        write_identity(client, name, secrets / f"{name}.json")
    _drop(client)
    log.info("vault prepared, root token revoked", address=address)


def _audit_device(client: Any, audit_log: Path) -> None:
    # Only HashiCorp Vault takes a device over the API; OpenBao has it from its config file or not at all.
    if client.read("sys/audit")["data"]:
        return
    options = {"file_path": str(audit_log), "hmac_accessor": "false"}
    try:
        client.write_data("sys/audit/file", data={"type": "file", "options": options})
    except hvac.exceptions.VaultError as error:
        raise BootstrapError(
            "no audit device: add an audit stanza with hmac_accessor = false to the vault's config"
        ) from error


def _mounts(client: Any) -> None:
    if "approle/" not in client.read("sys/auth")["data"]:
        client.write_data("sys/auth/approle", data={"type": "approle"})
    # Five bad logins would otherwise lock the role, and with it all triage, for 15 minutes.
    client.write_data("sys/auth/approle/tune", data={"user_lockout_config": {"lockout_disable": True}})
    if "database/" not in client.read("sys/mounts")["data"]:
        client.write_data("sys/mounts/database", data={"type": "database"})


def _database(client: Any, ledger: LedgerAdmin) -> None:
    # Written once: after the rotation below, the password in `ledger` is no longer the right one.
    if client.read("database/config/ledger") is None:
        client.write_data("database/config/ledger", data=roles.ledger_connection(ledger))
        client.write_data("database/rotate-root/ledger", data={})
    client.write_data("database/roles/ledger-reader", data=roles.LEDGER_READER)


def _drop(client: Any) -> None:
    client.auth.token.revoke_self()
    try:
        client.auth.token.lookup_self()
    except hvac.exceptions.Forbidden:
        return
    raise BootstrapError("the root token still answers after its revocation")


def write_identity(client: Any, name: str, file: Path) -> None:
    """Give `name` an AppRole login of its own and store it in `file`, unless the file is already there.

    Its tokens live 15 minutes and are not renewed; the process logs in again.
    """
    role = f"auth/approle/role/triage-{name}"
    client.write_data(
        role,
        data={
            "token_policies": [f"triage-{name}"],
            "token_no_default_policy": True,
            "token_ttl": "15m",
            "token_max_ttl": "15m",
        },
    )
    if file.exists():
        return
    role_id = client.read(f"{role}/role-id")["data"]["role_id"]
    secret_id = client.write_data(f"{role}/secret-id", data={})["data"]["secret_id"]
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump({"role_id": role_id, "secret_id": secret_id}, stream)
