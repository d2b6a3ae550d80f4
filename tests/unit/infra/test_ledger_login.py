"""The vault reaches the ledger at VAULT_LEDGER_URL, without a password in the connection."""

import pytest

from infra.vault.database_login import connection_url
from infra.vault.database_users import database_connection


@pytest.mark.parametrize(
    ("address", "url"),
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
def test_host_port_and_tls_stay_as_they_are(address, url):
    entry = database_connection(
        "ledger",
        role="ledger-reader",
        url=connection_url(address),
        username="vault_ledger_admin",
        passwords="plain",
    )
    details = entry.data["connection_details"]
    assert details["connection_url"] == f"postgresql://{{{{username}}}}:{{{{password}}}}@{url}"
    assert details["username"] == "vault_ledger_admin"
    assert details["password_authentication"] == "password"
    assert "password" not in details
