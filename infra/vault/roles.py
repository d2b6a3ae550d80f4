"""The vault's roles: who may obtain which credential, for how long."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.vault.bootstrap import LedgerAdmin

#: Name and RoleID of the runs' AppRole. A RoleID is no secret; a fixed one keeps it out of every configuration.
RUN_ROLE = "triage-run"
MAX_TTL = "15m"

#: A signed token cannot be revoked, so it lives no longer than a run may take (hard time limit 90 s).
SIGNED_TOKEN_TTL = "2m"  # noqa: S105  # a duration
SIGNED_TOKENS = {"sam-gov": "entity:read", "debarment": "exclusions:read"}
API_KEYS = ("contracts", "documents")

_ONLY_OWN_POLICY = {"token_no_default_policy": True, "token_type": "service"}

LEDGER_READER = {
    "db_name": "ledger",
    "default_ttl": MAX_TTL,
    "max_ttl": MAX_TTL,
    "creation_statements": [
        (
            "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' CONNECTION LIMIT 2"
            " IN ROLE ledger_reader"
        )
    ],
    "revocation_statements": [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}'",
        'DROP ROLE IF EXISTS "{{name}}"',
    ],
}


def write_run_role(client: Any) -> None:
    """The AppRole of runs: a SecretID logs in once, the token it gives lives 15 minutes at most.

    The token may be used any number of times, because a token with limited uses cannot create children.
    """
    path = f"auth/approle/role/{RUN_ROLE}"
    client.write_data(
        path,
        data={
            **_ONLY_OWN_POLICY,
            "token_policies": [RUN_ROLE],
            "token_ttl": MAX_TTL,
            "token_max_ttl": MAX_TTL,
            "token_explicit_max_ttl": MAX_TTL,
            "secret_id_num_uses": 1,
            "secret_id_ttl": "30m",
        },
    )
    client.write_data(f"{path}/role-id", data={"role_id": RUN_ROLE})
    # Made here rather than by the first login, so that the agent has a known name to be disabled by.
    client.write_data("identity/entity/name/triage-agent", data={})
    entity = client.read("identity/entity/name/triage-agent")["data"]
    mount = client.read("sys/auth")["data"]["approle/"]["accessor"]
    if not any(alias["mount_accessor"] == mount for alias in entity["aliases"] or []):
        alias = {"name": RUN_ROLE, "mount_accessor": mount, "canonical_id": entity["id"]}
        client.write_data("identity/entity-alias", data=alias)


def write_signed_token_roles(client: Any, *, issuer: str) -> None:
    """ES256, because only its signatures differ between two tokens of the same second."""
    client.write_data("identity/oidc/config", data={"issuer": issuer})
    client.write_data(
        "identity/oidc/key/triage",
        data={
            "algorithm": "ES256",
            "rotation_period": "24h",
            "verification_ttl": MAX_TTL,
            "allowed_client_ids": sorted(SIGNED_TOKENS),
        },
    )
    for tool, scope in SIGNED_TOKENS.items():
        client.write_data(
            f"identity/oidc/role/{tool}",
            data={
                "key": "triage",
                "client_id": tool,
                "ttl": SIGNED_TOKEN_TTL,
                "template": json.dumps({"scope": scope}),
            },
        )


def write_api_key_roles(client: Any) -> None:
    """Child tokens that can look themselves up and nothing else; they die with the run token."""
    for tool in API_KEYS:
        client.write_data(
            f"auth/token/roles/{tool}",
            data={
                **_ONLY_OWN_POLICY,
                "allowed_policies": [f"tool-{tool}"],
                "token_explicit_max_ttl": MAX_TTL,
                "orphan": False,
                "renewable": False,
            },
        )


def ledger_connection(ledger: "LedgerAdmin") -> dict[str, Any]:
    """The database engine's connection. Passwords of leased users reach PostgreSQL as SCRAM verifiers only."""
    return {
        "plugin_name": "postgresql-database-plugin",
        "allowed_roles": ["ledger-reader"],
        "connection_url": (
            f"postgresql://{{{{username}}}}:{{{{password}}}}@{ledger.host}:{ledger.port}/{ledger.database}"
        ),
        "username": ledger.username,
        "password": ledger.password,
        "password_authentication": "scram-sha-256",
        "max_open_connections": 8,
        "username_template": "triage-{{ random 16 | lowercase }}",
    }
