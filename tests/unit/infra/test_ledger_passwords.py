"""LEDGER_PASSWORDS: what the vault is configured with for each value, and which addresses a password may go to."""

import pytest

from app.connections.addresses import is_verified
from app.connections.secret_files import SettingsError
from app.procurement.systems import SYSTEMS, Source
from infra.provision.settings import load
from infra.vault.database_users import Passwords, creation, database_connection
from infra.vault.wanted import operator_entries


def statements(passwords: Passwords) -> list[str]:
    """How the ledger's role makes a user."""
    entries = operator_entries(tools=SYSTEMS, process_ttl=3600, passwords=passwords)
    (found,) = [entry for entry in entries if entry.data.get("db_name") == Source.LEDGER]
    return found.data["creation_statements"]


def test_it_is_plain_unless_it_is_set(monkeypatch):
    monkeypatch.delenv("LEDGER_PASSWORDS", raising=False)
    assert load().ledger_passwords == "plain"
    monkeypatch.setenv("LEDGER_PASSWORDS", "hashed")
    assert load().ledger_passwords == "hashed"
    monkeypatch.setenv("LEDGER_PASSWORDS", "md5")
    with pytest.raises(SettingsError, match=r"^LEDGER_PASSWORDS: .*'plain' or 'hashed'"):
        load()


@pytest.mark.parametrize(("passwords", "written"), [("plain", "password"), ("hashed", "scram-sha-256")])
def test_a_password_leaves_the_vault_as_it_is_or_as_a_verifier(passwords, written):
    entry = database_connection("x", role="x", url="x", username="x", passwords=passwords)
    assert entry.data["connection_details"]["password_authentication"] == written


def test_only_where_passwords_are_stated_the_server_is_asked_first():
    asked, plainly = statements("plain")
    unasked, hashed = statements("hashed")
    assert plainly == hashed
    assert "{{password}}" in plainly
    question = asked.replace(unasked.removesuffix(" END $$"), "")
    assert question.startswith(" IF (")
    assert "run triage provision database" in question
    assert "password}}" not in asked


def test_by_default_the_role_asks():
    assert creation("readers", most=1) == creation("readers", most=1, passwords="plain")


@pytest.mark.parametrize(
    ("address", "verified"),
    [
        ("postgresql://127.0.0.1:5432/ledger?sslmode=disable", True),
        ("postgresql://[::1]/ledger", True),
        ("postgresql://localhost/ledger", True),
        ("postgresql://db.example/ledger?sslmode=verify-full&sslrootcert=/vault/ca.pem", True),
        ("postgresql://db.example/ledger?sslmode=verify-ca", True),
        ("postgresql://db.example/ledger?sslmode=require", False),
        ("postgresql://db.example/ledger", False),
        ("postgresql://10.0.0.1/ledger?sslrootcert=/vault/ca.pem", False),
    ],
)
def test_a_password_stays_on_this_machine_or_goes_where_the_certificate_is_checked(address, verified):
    assert is_verified(address) == verified
