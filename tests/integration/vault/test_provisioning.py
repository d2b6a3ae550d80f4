"""The first provisioning, interrupted after every step, and what later ones change."""

import json
import stat

import psycopg
import pytest

from infra.reporting import ProvisionError

OWNERS = {
    **{name: name for name in ("dispatcher", "sweeper", "switch", "operator", "rotator", "backup")},
    "web": "auditor",
}


def test_a_provisioning_stopped_after_any_change_is_completed_by_the_next(installation):
    changed = [change for piece in installation.pieces for change in piece]
    assert len(installation.pieces) > 50
    assert installation.pieces[-1] == []
    # What was done stays done: only a SecretID that was lost with its process, or a password, is made again. The agent's
    # entity is made, and then it gets its policies.
    secrets = (
        "operator/vault-root-token",
        "operator/vault-recovery-keys.json",
        "database/rotate-root/ledger",
        "identity/entity/name/triage-agent",
    )
    repeated = {change for change in changed if changed.count(change) > 1 and change not in secrets}
    assert all(change.endswith("/secret-id") for change in repeated)
    assert changed[-2:] == ["auth/token/revoke-self", "operator/vault-root-token"]
    assert installation.ledger_credential()["password"]


def test_no_root_token_and_no_password_of_the_ledger_is_left(installation):
    left = {path.name for path in (installation.secrets / "operator").iterdir()}
    assert not left & {"vault-root-token", "ledger-admin-password"}
    assert json.loads(
        (installation.secrets / "operator" / "vault-recovery-keys.json").read_text()
    ).keys() == {"keys"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        installation.database("ledger", user="vault_ledger_admin", password=installation.ledger_password)
    roots = [
        line for line in installation.audit_lines() if (line.get("auth") or {}).get("policies") == ["root"]
    ]
    assert roots[-1]["request"]["path"] == "auth/token/revoke-self"
    assert not roots[-1].get("error")


def test_each_owner_has_one_secret_id_in_a_file_for_itself(installation):
    for owner, role in OWNERS.items():
        file = installation.identity_file(owner)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text()).keys() == {"role_id", "secret_id"}
        auth = installation.ask("POST", "auth/approle/login", installation.identity(owner)).json()["auth"]
        assert auth["token_policies"] == [f"triage-{role}"]
        assert auth["lease_duration"] == 900
        assert (
            installation.ask("POST", "auth/token/renew-self", token=auth["client_token"]).status_code == 403
        )


def test_a_second_provisioning_writes_nothing(installation):
    before = len(installation.audit_lines())
    assert installation.provision() == []
    asked = [line["request"] for line in installation.audit_lines()[before:] if line["type"] == "request"]
    assert len(asked) > 25
    assert {(each["operation"], each["path"]) for each in asked if each["operation"] != "read"} == {
        ("update", "auth/approle/login")
    }


def test_a_changed_policy_and_role_are_put_right_by_the_operator_alone(installation):
    token = installation.log_in("operator")
    policy, role = "sys/policies/acl/triage-run", "auth/token/roles/contracts"
    wanted = installation.ask("GET", policy, token=token).json()["data"]["policy"]
    assert installation.ask(
        "POST", policy, {"policy": 'path "x" { capabilities = ["read"] }'}, token
    ).is_success
    assert installation.ask("POST", role, {"renewable": True}, token).is_success
    before = len(installation.audit_lines())

    assert installation.provision() == ["policy triage-run: changed", "token role contracts: changed"]

    assert installation.ask("GET", policy, token=token).json()["data"]["policy"] == wanted
    written = [
        line
        for line in installation.audit_lines()[before:]
        if line["request"]["operation"] in ("create", "update")
        and line["request"]["path"] != "auth/approle/login"
    ]
    assert {line["request"]["path"] for line in written} == {policy, role}
    assert all(line["auth"]["policies"] == ["triage-operator"] for line in written)


def test_an_installation_from_before_gets_the_statements_that_end_a_user(installation):
    token, path = installation.log_in("operator"), "database/roles/ledger-reader"
    wanted = installation.ask("GET", path, token=token).json()["data"]
    before = {**wanted, "revocation_statements": ['DROP ROLE IF EXISTS "{{name}}"']}
    assert installation.ask("POST", path, before, token).is_success
    assert installation.provision() == ["database role ledger-reader: changed"]
    assert installation.ask("GET", path, token=token).json()["data"] == wanted
    assert wanted["revocation_statements"][1:3] == ["COMMIT", "BEGIN"]
    assert installation.provision() == []


def test_identities_that_ran_out_are_made_anew_with_that_of_the_rotator(installation):
    """As after a stop that was longer than they live: no root token is needed."""
    for owner in ("web", "operator"):
        file = installation.identity_file(owner)
        file.write_text(json.dumps({**installation.identity(owner), "secret_id": "gone"}))
    assert installation.provision() == ["identity of web: new", "identity of operator: new"]
    assert installation.provision() == []


def test_a_step_that_needs_a_root_token_is_named(installation):
    with pytest.raises(ProvisionError) as refused:
        installation.provision(vault_issuer="https://another.example")
    text = str(refused.value)
    assert "a root token is needed (issuer of signed tokens differs)" in text
    assert "disable_unauthed_generate_root_endpoints = false" in text
    assert "\n" not in text

    keys = installation.secrets / "operator" / "vault-recovery-keys.json"
    kept = keys.rename(keys.with_suffix(".away"))
    try:
        with pytest.raises(
            ProvisionError, match=r"put one into .*/operator/vault-root-token, or the recovery keys"
        ):
            installation.provision(vault_issuer="https://another.example")
    finally:
        kept.rename(keys)


def test_a_new_vault_is_not_initialised_without_a_password_for_the_ledger(start):
    """Checked first: a vault whose root token has to wait for the database would keep it alive."""
    other = start("vault")
    with pytest.raises(ProvisionError, match="provision database --new-ledger-admin-password"):
        other.provision()
    assert not other.ask("GET", "sys/seal-status").json()["initialized"]
    assert not list((other.secrets / "operator").glob("vault-*"))
