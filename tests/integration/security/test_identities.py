"""What each identity may do in the vault, and that all else is refused."""

import json
from uuid import uuid4

import pytest

MINT = "auth/approle/role/triage-run/secret-id"
DESTROY = f"{MINT}-accessor/destroy"

#: Each refused to everyone below, except where a table allows it.
POWERS = [
    ("GET", "sys/policies/acl/triage-run", None),
    ("GET", "sys/policy", None),
    ("LIST", "sys/policies/acl", None),
    ("PUT", "sys/policies/acl/triage-run", {"policy": 'path "*" { capabilities = ["sudo"] }'}),
    ("GET", "sys/audit", None),
    ("PUT", "sys/audit/other", {"type": "file", "options": {"file_path": "/dev/null"}}),
    ("DELETE", "sys/audit/file", None),
    ("GET", "sys/auth", None),
    ("GET", "sys/mounts", None),
    ("POST", "sys/mounts/other", {"type": "kv"}),
    ("PUT", "sys/seal", None),
    ("POST", "sys/wrapping/wrap", {"a": "b"}),
    ("POST", "sys/capabilities-self", {"paths": ["sys/mounts"]}),
    ("PUT", "sys/leases/lookup", {"lease_id": "database/creds/ledger-reader/x"}),
    ("PUT", "sys/leases/revoke", {"lease_id": "database/creds/ledger-reader/x"}),
    ("PUT", "sys/leases/renew", {"lease_id": "database/creds/ledger-reader/x"}),
    ("PUT", "sys/leases/revoke-prefix/database/creds", None),
    ("POST", "auth/token/create", {"policies": ["triage-run"]}),
    ("POST", "auth/token/create-orphan", {"policies": ["triage-run"]}),
    ("POST", "auth/token/create/other", {}),
    ("POST", "auth/token/create/contracts", {}),
    ("POST", "auth/token/create/documents", {}),
    ("POST", "auth/token/roles/contracts", {"allowed_policies": ["root"]}),
    ("GET", "auth/token/lookup-self", None),
    ("POST", "auth/token/lookup", {"token": "x"}),
    ("POST", "auth/token/lookup-accessor", {"accessor": "x"}),
    ("LIST", "auth/token/accessors", None),
    ("POST", "auth/token/renew-self", {}),
    ("POST", "auth/token/revoke", {"token": "x"}),
    ("POST", "auth/token/revoke-accessor", {"accessor": "x"}),
    ("POST", "auth/token/revoke-self", {}),
    ("POST", MINT, {}),
    ("LIST", MINT, None),
    ("POST", f"{MINT}/lookup", {"secret_id": "x"}),
    ("POST", f"{MINT}/destroy", {"secret_id": "x"}),
    ("POST", f"{MINT}-accessor/lookup", {"secret_id_accessor": "x"}),
    ("POST", DESTROY, {"secret_id_accessor": "x"}),
    ("POST", "auth/approle/role/triage-run/custom-secret-id", {"secret_id": "x"}),
    ("GET", "auth/approle/role/triage-run", None),
    ("GET", "auth/approle/role/triage-run/role-id", None),
    ("POST", "auth/approle/role/triage-run", {"token_policies": ["root"]}),
    ("POST", "auth/approle/role/triage-dispatcher/secret-id", {}),
    ("POST", "auth/approle/role/other", {"token_policies": ["root"]}),
    ("GET", "identity/entity/name/triage-agent", None),
    ("POST", "identity/entity/name/triage-agent", {"disabled": True}),
    ("LIST", "identity/entity/id", None),
    ("LIST", "identity/entity-alias/id", None),
    ("POST", "identity/lookup/entity", {"name": "triage-agent"}),
    ("POST", "auth/approle/role/triage-run/role-id", {"role_id": "x"}),
    ("POST", "sys/quotas/rate-limit/triage-run", {"path": "auth/approle/", "rate": 1e9}),
    ("POST", "identity/entity-alias", {"name": "x"}),
    ("GET", "identity/oidc/token/other", None),
    ("GET", "identity/oidc/token/sam-gov", None),
    ("GET", "identity/oidc/token/debarment", None),
    ("GET", "identity/oidc/role/sam-gov", None),
    ("POST", "identity/oidc/role/sam-gov", {"key": "triage", "ttl": "24h"}),
    ("POST", "identity/oidc/key/triage/rotate", {}),
    ("POST", "identity/oidc/introspect", {"token": "x"}),
    ("GET", "database/creds/other", None),
    ("GET", "database/creds/ledger-reader", None),
    ("GET", "database/config/ledger", None),
    ("POST", "database/config/ledger", {"allowed_roles": "*"}),
    ("GET", "database/roles/ledger-reader", None),
    ("POST", "database/roles/ledger-reader", {"default_ttl": "24h"}),
    ("POST", "database/rotate-root/ledger", {}),
    ("GET", "cubbyhole/mine", None),
    ("POST", "cubbyhole/mine", {"hidden": "here"}),
    ("GET", "secret/data/payments", None),
    ("GET", "kv/payments", None),
    ("GET", "payments", None),
]

ALLOWED = {
    "run": {
        ("GET", "identity/oidc/token/sam-gov"),
        ("GET", "identity/oidc/token/debarment"),
        ("POST", "auth/token/create/contracts"),
        ("POST", "auth/token/create/documents"),
        ("GET", "database/creds/ledger-reader"),
        ("POST", "auth/token/revoke-self"),
    },
    "dispatcher": {("POST", MINT)},
    "sweeper": {
        ("POST", "auth/token/lookup-accessor"),
        ("POST", "auth/token/revoke-accessor"),
        ("PUT", "sys/leases/lookup"),
        ("PUT", "sys/leases/revoke"),
        ("POST", DESTROY),
    },
    "auditor": {("POST", "auth/token/lookup-accessor"), ("PUT", "sys/leases/lookup")},
    "contracts": {("GET", "auth/token/lookup-self")},
    "documents": {("GET", "auth/token/lookup-self")},
}


@pytest.fixture
def token_of(system, held):
    """A token of each identity, by name."""

    def get(name):
        if name == "run":
            return held.token
        if name in ("contracts", "documents"):
            return held.secret(name)
        owner = "web" if name == "auditor" else name
        login = json.loads(system.stack.secrets.read(owner, "vault-identity.json"))
        return system.ask_vault("POST", "auth/approle/login", login, token="").json()["auth"]["client_token"]

    return get


@pytest.mark.parametrize("name", ALLOWED)
def test_an_identity_has_its_powers_and_no_other(system, token_of, name):
    token = token_of(name)
    wrongly_allowed, refused_in_error = [], []
    # Last what ends the token.
    for method, path, data in sorted(POWERS, key=lambda power: "revoke-self" in power[1]):
        answer = system.ask_vault(method, path, data, token=token)
        allowed = (method, path) in ALLOWED[name]
        denied = answer.status_code == 403 and "permission denied" in answer.text
        if allowed and denied and path != MINT:
            refused_in_error.append((method, path))
        if not allowed and not denied:
            wrongly_allowed.append((method, path, answer.status_code, answer.text))
    assert not wrongly_allowed
    assert not refused_in_error


def test_every_power_of_a_policy_is_in_the_table(system):
    """A path added to a policy must be added above as well, and every path above to some policy.

    Those who keep the installation have a table of their own, in `tests/integration/vault/test_powers.py`.
    """
    keepers = ("triage-operator", "triage-rotator", "triage-backup")
    granted = {path for powers in ALLOWED.values() for _, path in powers}
    named = set()
    for name in system.ask_vault("LIST", "sys/policies/acl").json()["data"]["keys"]:
        if name not in ("root", "default", *keepers):
            policy = system.ask_vault("GET", f"sys/policies/acl/{name}").json()["data"]["policy"]
            named |= {line.split('"')[1] for line in policy.splitlines() if line.startswith("path ")}
    assert named == granted
    assert not [path for path in named if "*" in path or "+" in path or "payments" in path]


def test_no_identity_but_a_run_can_log_in_as_one(insider, system, token_of):
    """What the dispatcher mints is half of a login, and no identity can read about either half."""
    minted = insider.mint(uuid4())
    assert set(minted.__slots__) == {"wrapping_token", "wrapping_accessor", "secret_id_accessor"}
    for name in ("dispatcher", "sweeper", "auditor"):
        for path in (MINT + "/lookup", MINT + "-accessor/lookup"):
            data = {"secret_id_accessor": minted.secret_id_accessor, "secret_id": "x"}
            assert not insider.may(token_of(name), "POST", path, data)
