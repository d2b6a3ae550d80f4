"""What a vault must hold: policies, roles and the key that signs, each as a record to be compared with what is there.

Durations are seconds and lists are in the order the vault gives them back, so that comparing is plain equality.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.credentials.approle import RUN_ROLE
from app.credentials.grants import MAX_TTL_SECONDS, SIGNED_TOKEN_SECONDS, ApiKey, DatabaseUser, SignedToken
from app.credentials.tool_record import ToolRecord
from infra.vault import database_users
from infra.vault.database_users import Passwords
from infra.vault.entry import Entry
from infra.vault.limits import RunLimits, rate_limits
from infra.vault.log_settings import LOG_SETTINGS
from infra.vault.owners import IDENTITIES, Identity
from infra.vault.switch_policies import switch_policy

POLICIES = Path(__file__).parent / "policies"

#: Seconds a SecretID of a run may wait for its worker.
RUN_SECRET_ID_TTL = 30 * 60
#: Logins with one SecretID. Each process logs in every 12 minutes; the limit ends a SecretID that is tried all day.
SECRET_ID_USES = 10_000

_USUAL = RunLimits()
_ONLY_OWN_POLICY = {"token_no_default_policy": True, "token_type": "service"}


def operator_entries(
    *,
    tools: Sequence[ToolRecord],
    process_ttl: int,
    limits: RunLimits = _USUAL,
    passwords: Passwords = "plain",
) -> list[Entry]:
    """What the operator's identity may write. `process_ttl`: seconds a SecretID of our own processes lives.

    `passwords`: how those of database users leave the vault.
    """
    processes = [identity for identity in IDENTITIES if not identity.in_custody]
    return [
        *(_policy(name) for name in (RUN_ROLE, *(identity.role for identity in processes))),
        _run_role(limits),
        *(_process_role(identity, process_ttl) for identity in processes),
        *(entry for tool in tools for entry in _tool_entries(tool, limits, passwords)),
    ]


def root_entries(
    *, tools: Sequence[ToolRecord], issuer: str, custody_ttl: int, limits: RunLimits = _USUAL
) -> list[Entry]:
    """What takes a root token to write, and the operator may read. `custody_ttl`: as `process_ttl`, in custody."""
    custody = [identity for identity in IDENTITIES if identity.in_custody]
    return [
        *(_policy(identity.role) for identity in custody),
        *(_process_role(identity, custody_ttl) for identity in custody),
        Entry(name="issuer of signed tokens", path="identity/oidc/config", data={"issuer": issuer}),
        _signing_key(tools),
        *map(switch_policy, tools),
        *LOG_SETTINGS,
        *rate_limits(tools, limits),
    ]


def _policy(name: str) -> Entry:
    text = (POLICIES / f"{name}.hcl").read_text(encoding="utf-8")
    return Entry(name=f"policy {name}", path=f"sys/policies/acl/{name}", data={"policy": text})


def _approle(name: str, token_ttl: int, **data: Any) -> Entry:
    return Entry(
        name=f"role {name}",
        path=f"auth/approle/role/{name}",
        data={
            **_ONLY_OWN_POLICY,
            "token_policies": [name],
            "token_ttl": token_ttl,
            "token_max_ttl": token_ttl,
            "token_explicit_max_ttl": token_ttl,
            **data,
        },
    )


def _run_role(limits: RunLimits) -> Entry:
    """A SecretID of a run logs in once; the token it gives may be used any number of times.

    A token with limited uses cannot create children.
    """
    return _approle(
        RUN_ROLE,
        limits.run_token_ttl,
        secret_id_num_uses=1,
        secret_id_ttl=RUN_SECRET_ID_TTL,
        **limits.addresses,
    )


def _process_role(identity: Identity, secret_id_ttl: int) -> Entry:
    """No token of a process lives longer than the SecretID it came from might."""
    return _approle(
        identity.role,
        min(MAX_TTL_SECONDS, secret_id_ttl),
        secret_id_num_uses=SECRET_ID_USES,
        secret_id_ttl=secret_id_ttl,
    )


def _tool_entries(tool: ToolRecord, limits: RunLimits, passwords: Passwords) -> list[Entry]:
    """The role that issues the tool's credential; for an API key also the key's own policy."""
    match tool.credential:
        case ApiKey(role=role):
            return [_policy(f"tool-{role}"), _api_key_role(role, limits.api_key_ttl)]
        case SignedToken(role=role, scope=scope):
            return [_signed_token_role(role, scope)]
        case DatabaseUser(role=role):
            return [_database_role(role, tool.name, limits, passwords)]


def _api_key_role(role: str, ttl: int) -> Entry:
    """Child tokens that can look themselves up and nothing else; they die with the run token."""
    return Entry(
        name=f"token role {role}",
        path=f"auth/token/roles/{role}",
        data={
            **_ONLY_OWN_POLICY,
            "allowed_policies": [f"tool-{role}"],
            "token_explicit_max_ttl": ttl,
            "orphan": False,
            "renewable": False,
        },
    )


def _signed_token_role(role: str, scope: str) -> Entry:
    return Entry(
        name=f"signed token role {role}",
        path=f"identity/oidc/role/{role}",
        data={
            "key": "triage",
            "client_id": role,
            "ttl": SIGNED_TOKEN_SECONDS,
            "template": json.dumps({"scope": scope}),
        },
    )


def _signing_key(tools: Sequence[ToolRecord]) -> Entry:
    """ES256, because only its signatures differ between two tokens of the same second."""
    return Entry(
        name="signing key triage",
        path="identity/oidc/key/triage",
        data={
            "algorithm": "ES256",
            "rotation_period": 24 * 3600,
            "verification_ttl": MAX_TTL_SECONDS,
            "allowed_client_ids": sorted(
                tool.credential.role for tool in tools if isinstance(tool.credential, SignedToken)
            ),
        },
    )


def _database_role(role: str, database: str, limits: RunLimits, passwords: Passwords) -> Entry:
    """Users that may read what the database's group of the same name may, for as long as their lease lasts."""
    group = role.replace("-", "_")
    return Entry(
        name=f"database role {role}",
        path=f"database/roles/{role}",
        data={
            "db_name": database,
            "default_ttl": limits.database_user_ttl,
            "max_ttl": limits.database_user_ttl,
            "creation_statements": database_users.creation(
                group, most=limits.database_users, passwords=passwords
            ),
            "revocation_statements": database_users.revocation(group),
        },
    )
