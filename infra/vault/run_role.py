"""The RoleID of runs, which is the half of their login that only workers know, and the entity that all runs share.

A login names its entity by the RoleID. The entity is renamed before the RoleID is in the workers' file: a login that comes
earlier would make an entity of its own, which disabling the agent would miss.
"""

from collections.abc import Sequence
from typing import Any

from app.credentials.approle import INCOMPLETE, LOGIN_PATH, RUN_ROLE
from infra.reporting import Say
from infra.secrets_folder import SecretsFolder, random_secret
from infra.vault.client import ProvisionReply, VaultAnswerError, VaultClient

OWNER, FILE = "worker", "run-role-id"
ENTITY = "triage-agent"

_PATH = f"auth/approle/role/{RUN_ROLE}/role-id"
_ENTITY_PATH = f"identity/entity/name/{ENTITY}"
_TOO_MANY = 429


def problem(client: VaultClient, secrets: SecretsFolder) -> str | None:
    """What is wrong with the RoleID in the workers' file; None if the vault knows it.

    It asks with a login that lacks the SecretID, since no identity may read a RoleID. Raises `ProvisionError`.
    """
    role_id = secrets.read(OWNER, FILE)
    if role_id is None:
        return f"there is no {OWNER}/{FILE}"
    try:
        client.write(LOGIN_PATH, {"role_id": role_id})
    except VaultAnswerError as error:
        if error.reason == INCOMPLETE or error.status == _TOO_MANY:
            return None  # the rate limit of runs counts only what it knows as a login of runs
        if "invalid role" not in error.reason:
            raise
    return f"the RoleID of {RUN_ROLE} differs from {OWNER}/{FILE}"


def set_up(
    client: VaultClient, secrets: SecretsFolder, token: str, say: Say, *, policies: Sequence[str]
) -> None:
    """Make vault, entity and file agree on the RoleID that the vault has made; `token` is a root token.

    The entity has these policies, beside those of the logins.
    A RoleID that equals the role's name, as earlier versions set it, is replaced. Raises `ProvisionError`.
    """
    role_id = (client.read(_PATH, token) or ProvisionReply()).text("role_id")
    if role_id == RUN_ROLE:
        role_id = _replace_in_vault(client, token)
    _adopt(client, secrets, token, role_id, say)
    entity = client.read(_ENTITY_PATH, token) or ProvisionReply()
    if sorted(entity.get("policies") or []) != sorted(policies):
        client.write(_ENTITY_PATH, {"policies": list(policies)}, token)
        say(f"entity {ENTITY}: policies {', '.join(policies)}")


def replace(client: VaultClient, secrets: SecretsFolder, token: str, say: Say) -> None:
    """Give the runs a new RoleID; the earlier one is refused from then on. `token` is a root token.

    If interrupted, `set_up` completes it. Raises `ProvisionError`.
    """
    _adopt(client, secrets, token, _replace_in_vault(client, token), say)


def _replace_in_vault(client: VaultClient, token: str) -> str:
    role_id = random_secret()
    client.write(_PATH, {"role_id": role_id}, token)
    return role_id


def _adopt(client: VaultClient, secrets: SecretsFolder, token: str, role_id: str, say: Say) -> None:
    _name_entity(client, token, role_id, say)
    if secrets.read(OWNER, FILE) != role_id:
        secrets.replace(OWNER, FILE, role_id)
        say(f"{OWNER}/{FILE}: new RoleID of {RUN_ROLE}")


def _name_entity(client: VaultClient, token: str, role_id: str, say: Say) -> None:
    """Give the agent's entity the alias of this RoleID. A disabled agent stays disabled."""
    entity = client.read(_ENTITY_PATH, token)
    if entity is None:
        client.write(_ENTITY_PATH, {}, token)
        say(f"entity {ENTITY}: created")
        entity = client.read(_ENTITY_PATH, token) or ProvisionReply()
    mount = (client.read("sys/auth", token) or ProvisionReply()).text("approle/", "accessor")
    alias = _alias(entity, mount)
    if alias is None or alias["name"] != role_id:
        # An entity has one alias at each mount, so that the earlier one is renamed.
        path = "identity/entity-alias" + (f"/id/{alias['id']}" if alias else "")
        wanted = {"name": role_id, "mount_accessor": mount, "canonical_id": entity.text("id")}
        client.write(path, wanted, token)
        say(f"alias of {ENTITY}: {'changed' if alias else 'created'}")


def _alias(entity: dict[str, Any], mount: str) -> dict[str, Any] | None:
    return next((alias for alias in entity.get("aliases") or [] if alias["mount_accessor"] == mount), None)
