"""What the operating identities may do in the vault, path by path, and that all else is refused."""

import pytest

from app.procurement.systems import SYSTEMS
from infra.vault.wanted import operator_entries, root_entries

AGENT = ("run", "dispatcher", "sweeper", "auditor")
CUSTODY = ("operator", "rotator", "backup")
READ, WRITE, LIST, DELETE = "GET", "POST", "LIST", "DELETE"

ISSUING = (
    *("identity/oidc/token/sam-gov", "identity/oidc/token/debarment", "auth/token/create/contracts"),
    *("auth/token/create/documents", "database/creds/ledger-reader"),
)
WRITABLE = {
    *(f"sys/policies/acl/triage-{name}" for name in AGENT),
    *(f"sys/policies/acl/tool-{tool}" for tool in ("contracts", "documents")),
    *(f"auth/approle/role/triage-{name}" for name in AGENT),
    *(f"auth/token/roles/{tool}" for tool in ("contracts", "documents")),
    *(f"identity/oidc/role/{tool}" for tool in ("sam-gov", "debarment")),
    "database/roles/ledger-reader",
}
READABLE = {
    *(f"sys/policies/acl/triage-{name}" for name in CUSTODY),
    *(f"auth/approle/role/triage-{name}" for name in CUSTODY),
    "identity/oidc/key/triage",
    "identity/oidc/config",
    "database/config/ledger",
    "sys/mounts/auth/approle/tune",
    "sys/mounts/database/tune",
    "sys/quotas/config",
    "sys/quotas/rate-limit/triage-run",
    *(f"sys/quotas/rate-limit/triage-run-{path.rpartition('/')[2]}" for path in ISSUING),
}
SECRET_IDS = {f"auth/approle/role/triage-{name}/secret-id" for name in (*AGENT[1:], *CUSTODY)}
DESTROYED = {f"{path}-accessor/destroy" for path in SECRET_IDS}

ALLOWED = {
    "operator": {
        *((verb, path) for path in WRITABLE for verb in (READ, WRITE)),
        *((READ, path) for path in READABLE),
        (WRITE, "database/rotate-root/ledger"),
    },
    "rotator": {
        *((verb, path) for path in SECRET_IDS for verb in (WRITE, LIST)),
        *((WRITE, path) for path in DESTROYED),
    },
    "backup": {(READ, "sys/storage/raft/snapshot")},
}

OTHERS = {
    *(
        "sys/policies/acl",
        "sys/policies/acl/triage",
        "sys/policies/acl/triage-run-2",
        "sys/policies/acl/default",
    ),
    *(
        "sys/policy/triage-run",
        "sys/mounts",
        "sys/mounts/kv",
        "sys/mounts/database/tune",
        "sys/auth",
        "sys/auth/approle",
    ),
    *(
        "sys/auth/approle/tune",
        "sys/auth/userpass",
        "sys/audit",
        "sys/audit/file",
        "sys/seal",
        "sys/step-down",
    ),
    *("sys/rotate/keyring", "sys/generate-root-token/attempt", "sys/rotate/recovery/init", "sys/config/cors"),
    *("sys/leases/lookup", "sys/leases/revoke", "sys/leases/revoke-prefix/database/creds", "sys/remount"),
    *(
        "sys/storage/raft/snapshot",
        "sys/storage/raft/snapshot-force",
        "sys/storage/raft/configuration",
        "sys/raw/core",
    ),
    *("sys/plugins/catalog", "sys/quotas/rate-limit/all", "sys/namespaces/other", "sys/capabilities-self"),
    *("auth/approle/role", "auth/approle/role/other", "auth/approle/role/triage-run/role-id"),
    *("auth/approle/role/triage-operator/role-id", "auth/approle/role/triage-run/secret-id"),
    *("auth/approle/role/triage-run/custom-secret-id", "auth/approle/role/triage-run/policies"),
    *(
        "auth/approle/role/triage-dispatcher/secret-id/lookup",
        "auth/approle/role/triage-rotator/custom-secret-id",
    ),
    *("auth/token/create", "auth/token/create-orphan", "auth/token/create/contracts", "auth/token/roles"),
    *(
        "auth/token/roles/other",
        "auth/token/accessors",
        "auth/token/lookup-accessor",
        "auth/token/revoke-accessor",
    ),
    *("auth/token/lookup-self", "auth/token/renew-self", "auth/userpass/users/x"),
    *("identity/entity/name/triage-agent", "identity/entity/id", "identity/entity-alias", "identity/group"),
    *("identity/entity", "identity/entity-alias/id", "identity/lookup/entity", "identity/lookup/group"),
    *(f"auth/approle/role/triage-{name}/role-id" for name in (*AGENT, *CUSTODY)),
    *(
        "identity/oidc/token/sam-gov",
        "identity/oidc/role",
        "identity/oidc/role/other",
        "identity/oidc/key/other",
    ),
    *(
        "identity/oidc/key/triage/rotate",
        "identity/oidc/introspect",
        "database/config",
        "database/config/other",
    ),
    *("database/creds/ledger-reader", "database/roles", "database/roles/other", "database/static-roles/x"),
    *("database/reset/ledger", "database/rotate-role/x", "kv/payments", "cubbyhole/x"),
}


@pytest.mark.parametrize("name", CUSTODY)
def test_each_identity_has_its_powers_and_no_other(installation, name):
    """Everything that is allowed is harmless here: what is written is what is there, what is destroyed is unknown."""
    token = installation.log_in(name)
    entries = [
        *operator_entries(tools=SYSTEMS, process_ttl=86_400),
        *root_entries(tools=SYSTEMS, issuer="https://x", custody_ttl=2_592_000),
    ]
    wanted = {entry.path: dict(entry.data) for entry in entries}
    paths = {path for powers in ALLOWED.values() for _, path in powers} | OTHERS
    allowed = set()
    for path in sorted(paths):
        for verb in (READ, LIST, WRITE, DELETE):
            answer = installation.ask(verb, path, wanted.get(path, {"secret_id_accessor": "x"}), token)
            # Some verbs do not exist on some paths, which is said before anybody is asked for a permission.
            if answer.status_code not in (403, 405) and "unsupported" not in answer.text:
                allowed.add((verb, path))
    assert allowed == ALLOWED[name]


@pytest.mark.parametrize("name", CUSTODY)
def test_the_table_covers_the_whole_policy(installation, name):
    policy = installation.ask("GET", f"sys/policies/acl/triage-{name}", token=installation.log_in("operator"))
    text = policy.json()["data"]["policy"]
    named = {line.split('"')[1] for line in text.splitlines() if line.startswith("path ")}
    assert named == {path for _, path in ALLOWED[name]}
    assert not [path for path in named if "*" in path or "+" in path]
