"""What a production vault survives: its own restart, the database's, and a newly generated root token."""

import signal

import pytest

from infra.provision.vault_setup import vault_client
from infra.reporting import ProvisionError
from infra.vault.opening import generate_root_token


def works(credential, installation) -> bool:
    with installation.database(
        "ledger", user=credential["username"], password=credential["password"]
    ) as ledger:
        return ledger.execute("SELECT current_user").fetchone() == (credential["username"],)


def test_a_restarted_vault_unseals_itself_and_goes_on(installation):
    installation.process_table.kill("vault", signal.SIGKILL)
    installation.process_table.restart("vault")

    assert installation.provision() == []  # it waits until the vault serves, and each identity logs in
    assert works(installation.ledger_credential(), installation)


def test_a_restarted_database_is_connected_to_again(installation, until):
    configured = installation.ask(
        "GET", "database/config/ledger", token=installation.log_in("operator")
    ).json()["data"]
    installation.process_table.restart("postgres")

    # The vault finds out about each of its dead connections once.
    until(lambda: installation.ledger_credential(may_fail=True), what="a credential for the ledger")
    assert works(installation.ledger_credential(), installation)
    assert installation.provision() == []
    after = installation.ask("GET", "database/config/ledger", token=installation.log_in("operator")).json()[
        "data"
    ]
    assert after == configured


def test_the_vault_waits_for_its_database_and_says_so(installation):
    """A ledger that is down is distinguished from one that refuses the password."""
    password = installation.secrets / "operator" / "ledger-admin-password"
    password.write_text("no longer right")
    installation.process_table.stop("postgres")
    try:
        with pytest.raises(
            ProvisionError, match=r"VAULT_LEDGER_URL: the vault cannot reach the database: .*refused"
        ) as down:
            installation.provision()
        assert "\n" not in str(down.value)
        assert "no longer right" not in str(down.value)
    finally:
        installation.start_postgres()
    # The vault's own password is right, so that the file is not needed.
    assert installation.provision() == [
        "ledger connection: password replaced by one that only the vault knows"
    ]
    assert not password.exists()


def test_a_root_token_made_from_the_recovery_keys_does_what_the_operator_may_not_and_is_revoked(installation):
    """Another issuer, an operator who lost the login, and a ledger whose password was changed."""
    installation.restart_vault(makes_root_tokens=True)
    try:
        (installation.identity_file("operator")).unlink()
        with installation.database("postgres") as database:
            database.execute("ALTER ROLE vault_ledger_admin PASSWORD 'somebody''s'")
        (installation.secrets / "operator" / "ledger-admin-password").write_text("somebody's")
        assert installation.provision(vault_issuer="https://another.example") == [
            "root token made from the recovery keys",
            "issuer of signed tokens: changed",
            "identity of operator: new",
            "ledger connection: password set",
            "ledger connection: password replaced by one that only the vault knows",
            "root token revoked",
        ]
        assert works(installation.ledger_credential(), installation)
        assert installation.provision()[1:-1] == ["issuer of signed tokens: changed"]
        a_disabled_agent_stays_so(installation)
    finally:
        installation.restart_vault()
    assert installation.provision() == []


def a_disabled_agent_stays_so(installation) -> None:
    with vault_client(installation.settings()) as client:

        def switch(*, disabled: bool) -> list[str]:
            token = generate_root_token(client, installation.settings().secrets, ["a test"], print)
            client.write("identity/entity/name/triage-agent", {"disabled": disabled}, token)
            return installation.provision()

        assert switch(disabled=True) == ["root token revoked"]
        with pytest.raises(AssertionError, match=r"entity is disabled|permission denied"):
            installation.ledger_credential()
        assert switch(disabled=False) == ["root token revoked"]
        assert works(installation.ledger_credential(), installation)
