"""The audit device, the mounts and the agent's entity, which take a root token."""

from infra.reporting import ProvisionError, Say
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.wanted import RUN_ROLE

ENTITY = "triage-agent"


def require_audit_device(client: VaultClient, token: str, audit_log: str | None, say: Say) -> None:
    """HashiCorp Vault takes a device over the API, OpenBao only from its config file.

    `audit_log` is the file for a new device, as the vault sees it. Raises `ProvisionError`.
    """
    if client.read("sys/audit", token):
        return
    if audit_log is None:
        raise ProvisionError(_NO_DEVICE)
    options = {"file_path": audit_log, "hmac_accessor": "false", "mode": "0640"}
    try:
        client.write("sys/audit/file", {"type": "file", "options": options}, token)
    except VaultAnswerError:
        raise ProvisionError(_NO_DEVICE) from None
    say("audit device file: created")


_NO_DEVICE = (
    "no audit device: add an audit stanza with hmac_accessor = false to the vault's config, or set VAULT_AUDIT_LOG if"
    " the vault takes one over its API"
)


def mount(client: VaultClient, token: str, say: Say) -> None:
    """AppRole for logins, and the database engine."""
    methods = client.read("sys/auth", token) or {}
    if "approle/" not in methods:
        client.write("sys/auth/approle", {"type": "approle"}, token)
        say("auth method approle: created")
    tuned = (methods.get("approle/") or {}).get("config") or {}
    if not (tuned.get("user_lockout_config") or {}).get("user_lockout_disable"):
        # Five bad logins would otherwise lock the role, and with it all runs, for 15 minutes.
        client.write("sys/auth/approle/tune", {"user_lockout_config": {"lockout_disable": True}}, token)
        say("auth method approle: lock-out off")
    if "database/" not in (client.read("sys/mounts", token) or {}):
        client.write("sys/mounts/database", {"type": "database"}, token)
        say("secrets engine database: created")


def name_agent(client: VaultClient, token: str, say: Say) -> None:
    """The RoleID of runs, and its entity: made here so that the agent can be disabled by name.

    A disabled agent stays disabled.
    """
    role_id = f"auth/approle/role/{RUN_ROLE}/role-id"
    if (client.read(role_id, token) or {})["role_id"] != RUN_ROLE:
        client.write(role_id, {"role_id": RUN_ROLE}, token)
        say(f"RoleID of {RUN_ROLE}: set")
    path = f"identity/entity/name/{ENTITY}"
    if client.read(path, token) is None:
        client.write(path, {}, token)
        say(f"entity {ENTITY}: created")
    entity = client.read(path, token) or {}
    accessor = (client.read("sys/auth", token) or {})["approle/"]["accessor"]
    if not any(alias["mount_accessor"] == accessor for alias in entity["aliases"] or []):
        alias = {"name": RUN_ROLE, "mount_accessor": accessor, "canonical_id": entity["id"]}
        client.write("identity/entity-alias", alias, token)
        say(f"alias of {ENTITY}: created")
