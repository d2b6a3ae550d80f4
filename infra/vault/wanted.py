"""What a vault must hold: policies, roles and the key that signs, each as a record to be compared with what is there.

Durations are seconds and lists are in the order the vault gives them back, so that comparing is plain equality.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.vault.owners import IDENTITIES, Identity

POLICIES = Path(__file__).parent / "policies"

#: Name and RoleID of the runs' AppRole. A RoleID is no secret; a fixed one keeps it out of every configuration.
RUN_ROLE = "triage-run"
#: Seconds a credential of a run lives at most.
MAX_TTL = 15 * 60
#: Seconds a SecretID of a run may wait for its worker.
RUN_SECRET_ID_TTL = 30 * 60
#: A signed token cannot be revoked, so it lives no longer than a run may take (hard time limit 90 s).
SIGNED_TOKEN_TTL = 2 * 60
SIGNED_TOKENS = {"sam-gov": "entity:read", "debarment": "exclusions:read"}
API_KEYS = ("contracts", "documents")
#: Logins with one SecretID. Each process logs in every 12 minutes; the limit ends a SecretID that is tried all day.
SECRET_ID_USES = 10_000

_ONLY_OWN_POLICY = {"token_no_default_policy": True, "token_type": "service"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing in the vault: what messages call it, its path, and the fields that must be there."""

    name: str
    path: str
    data: Mapping[str, Any]

    def is_met_by(self, there: Mapping[str, Any] | None) -> bool:
        """Whether what the vault holds at this path has all these fields; more fields do not matter."""
        return there is not None and all(there.get(field) == value for field, value in self.data.items())


def operator_entries(*, process_ttl: int) -> list[Entry]:
    """What the operator's identity may write. `process_ttl`: seconds a SecretID of our own processes lives."""
    processes = [identity for identity in IDENTITIES if not identity.in_custody]
    policies = [RUN_ROLE, *(identity.role for identity in processes), *(f"tool-{tool}" for tool in API_KEYS)]
    return [
        *(_policy(name) for name in policies),
        _run_role(),
        *(_process_role(identity, process_ttl) for identity in processes),
        *_api_key_roles(),
        *_signed_token_roles(),
        _ledger_reader(),
    ]


def root_entries(*, issuer: str, custody_ttl: int) -> list[Entry]:
    """What takes a root token to write, and the operator may read. `custody_ttl`: as `process_ttl`, in custody."""
    custody = [identity for identity in IDENTITIES if identity.in_custody]
    return [
        *(_policy(identity.role) for identity in custody),
        *(_process_role(identity, custody_ttl) for identity in custody),
        Entry(name="issuer of signed tokens", path="identity/oidc/config", data={"issuer": issuer}),
        _signing_key(),
    ]


def ledger_connection(connection_url: str, username: str) -> Entry:
    """The database engine's connection. Passwords of leased users reach PostgreSQL as SCRAM verifiers only."""
    details = {
        "connection_url": connection_url,
        "username": username,
        "password_authentication": "scram-sha-256",
        "max_open_connections": 8,
        "username_template": "triage-{{ random 16 | lowercase }}",
    }
    return Entry(
        name="ledger connection",
        path="database/config/ledger",
        data={
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": ["ledger-reader"],
            "connection_details": details,
        },
    )


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


def _run_role() -> Entry:
    """A SecretID of a run logs in once; the token it gives may be used any number of times.

    A token with limited uses cannot create children.
    """
    return _approle(RUN_ROLE, MAX_TTL, secret_id_num_uses=1, secret_id_ttl=RUN_SECRET_ID_TTL)


def _process_role(identity: Identity, secret_id_ttl: int) -> Entry:
    """No token of a process lives longer than the SecretID it came from might."""
    return _approle(
        identity.role,
        min(MAX_TTL, secret_id_ttl),
        secret_id_num_uses=SECRET_ID_USES,
        secret_id_ttl=secret_id_ttl,
    )


def _api_key_roles() -> Sequence[Entry]:
    """Child tokens that can look themselves up and nothing else; they die with the run token."""
    return [
        Entry(
            name=f"token role {tool}",
            path=f"auth/token/roles/{tool}",
            data={
                **_ONLY_OWN_POLICY,
                "allowed_policies": [f"tool-{tool}"],
                "token_explicit_max_ttl": MAX_TTL,
                "orphan": False,
                "renewable": False,
            },
        )
        for tool in API_KEYS
    ]


def _signed_token_roles() -> Sequence[Entry]:
    return [
        Entry(
            name=f"signed token role {tool}",
            path=f"identity/oidc/role/{tool}",
            data={
                "key": "triage",
                "client_id": tool,
                "ttl": SIGNED_TOKEN_TTL,
                "template": json.dumps({"scope": scope}),
            },
        )
        for tool, scope in SIGNED_TOKENS.items()
    ]


def _signing_key() -> Entry:
    """ES256, because only its signatures differ between two tokens of the same second."""
    return Entry(
        name="signing key triage",
        path="identity/oidc/key/triage",
        data={
            "algorithm": "ES256",
            "rotation_period": 24 * 3600,
            "verification_ttl": MAX_TTL,
            "allowed_client_ids": sorted(SIGNED_TOKENS),
        },
    )


def _ledger_reader() -> Entry:
    create = (
        "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' CONNECTION LIMIT 2"
        " IN ROLE ledger_reader"
    )
    end_sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}'"
    return Entry(
        name="database role ledger-reader",
        path="database/roles/ledger-reader",
        data={
            "db_name": "ledger",
            "default_ttl": MAX_TTL,
            "max_ttl": MAX_TTL,
            "creation_statements": [create],
            "revocation_statements": [end_sessions, 'DROP ROLE IF EXISTS "{{name}}"'],
        },
    )
