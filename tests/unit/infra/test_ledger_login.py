"""How the vault is told to reach the ledger: as VAULT_LEDGER_URL has it, and without any password."""

import pytest

from infra.vault.ledger_login import wanted_connection


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("postgresql://db.example/ledger", "db.example:5432/ledger"),
        (
            "postgresql://db.example:6000/ledger?sslmode=verify-full&sslrootcert=/vault/ca.pem",
            "db.example:6000/ledger?sslmode=verify-full&sslrootcert=/vault/ca.pem",
        ),
        ("postgresql://[2001:db8::1]/books?sslmode=disable", "[2001:db8::1]:5432/books?sslmode=disable"),
        ("postgresql://[2001:db8::1]:6000/books", "[2001:db8::1]:6000/books"),
    ],
)
def test_host_port_and_tls_stay_as_they_are(told, url):
    entry = wanted_connection(told)
    details = entry.data["connection_details"]
    assert details["connection_url"] == f"postgresql://{{{{username}}}}:{{{{password}}}}@{url}"
    assert details["username"] == "vault_ledger_admin"
    assert details["password_authentication"] == "scram-sha-256"
    assert "password" not in details
