"""LEDGER_PASSWORDS at vault and ledger: how the password of a run's user gets there, and who could read it on its way."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from app.connections.secret_files import SettingsError
from infra.provision.database import provision_database
from infra.provision.logins import VAULT_ADMIN
from infra.vault import database_users

ROLE = "database/roles/ledger-reader"
TALKATIVE = {
    "log_statement": "all",
    "log_min_error_statement": "debug5",
    "log_min_duration_statement": "0",
    "log_connections": "on",
}
#: By value of the setting, what the server has stretched a password with.
ROUNDS = {"plain": "1", "hashed": "4096"}
STORED = "SELECT split_part(split_part(rolpassword, '$', 2), ':', 1) FROM pg_authid WHERE rolname = %s"
END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'vault_ledger_admin'"


@pytest.fixture(scope="module")
def superuser(installation) -> Iterator[psycopg.Connection]:
    with installation.database("postgres") as connection:
        yield connection


@pytest.fixture(scope="module")
def log(installation, superuser) -> Iterator[Callable[[], str]]:
    """The log of a server that records all it can."""
    for name, value in TALKATIVE.items():
        superuser.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    superuser.execute("SELECT pg_reload_conf()")
    yield (installation.folder / "postgres.log").read_text
    for name in TALKATIVE:
        superuser.execute(f"ALTER SYSTEM RESET {name}")
    superuser.execute("SELECT pg_reload_conf()")


@pytest.fixture
def recorded(installation, superuser) -> Iterator[None]:
    """The vault's login has lost its settings."""
    superuser.execute(f"ALTER ROLE {VAULT_ADMIN} RESET ALL")
    superuser.execute(END)
    yield
    provision_database(installation.settings(), lambda _: None)
    installation.provision()


@pytest.fixture
def created_by(installation) -> Iterator[Callable[[list[str]], None]]:
    """Gives the vault's role other statements, for the time of one test."""

    def changed(statements: list[str]) -> None:
        token = installation.log_in("operator")
        usual = installation.ask("GET", ROLE, token=token).json()["data"]
        answer = installation.ask("POST", ROLE, {**usual, "creation_statements": statements}, token)
        assert answer.is_success

    yield changed
    installation.provision()


def issued(installation) -> dict[str, str]:
    """A credential that works at the ledger."""
    credential = installation.ledger_credential()
    login = {"user": credential["username"], "password": credential["password"]}
    with installation.database("ledger", **login) as ledger:
        assert ledger.execute("SELECT current_user").fetchone() == (credential["username"],)
    return credential


def test_the_password_of_a_run_is_in_no_log_and_no_view_of_the_ledger(installation, log, superuser):
    credential = issued(installation)
    seen = repr(superuser.execute("SELECT * FROM pg_stat_activity").fetchall())
    assert VAULT_ADMIN in seen
    assert "FROM pg_stat_activity" in seen  # of others the statements are there
    assert credential["password"] not in seen
    text = log()
    assert "SELECT current_user" in text
    assert credential["password"] not in text


def test_a_user_that_cannot_be_made_is_an_error_without_its_statement(installation, log, created_by):
    _, create = database_users.creation("nowhere", most=1)
    created_by([create])
    assert installation.ledger_credential(may_fail=True) == {}
    text = log()
    assert 'role "nowhere" does not exist' in text
    assert "IN ROLE nowhere" not in text


def test_without_the_settings_of_its_login_the_vault_states_no_password(installation, log, recorded):
    """The server refuses that first, in the same session: nothing relies on how long provisioning is ago."""
    before = len(log())
    assert installation.ledger_credential(may_fail=True) == {}
    text = log()[before:]
    refusal = (
        "this server could record the passwords of users of ledger_reader: run triage provision database"
    )
    assert f"ERROR:  {refusal}" in text
    assert "CREATE ROLE" not in text

    provision_database(installation.settings(), lambda _: None)
    assert issued(installation)["password"] not in log()


def test_without_that_refusal_the_password_would_be_in_the_log(installation, log, recorded, created_by):
    _, create = database_users.creation("ledger_reader", most=1)
    created_by([create])
    assert issued(installation)["password"] in log()


def test_a_module_that_keeps_statements_and_came_later_is_refused_as_well(installation, superuser):
    superuser.execute(f"ALTER ROLE {VAULT_ADMIN} SET pg_stat_statements.track = 'all'")
    superuser.execute(END)
    try:
        assert installation.ledger_credential(may_fail=True) == {}
    finally:
        superuser.execute(f"ALTER ROLE {VAULT_ADMIN} RESET pg_stat_statements.track")
        superuser.execute(END)
    assert issued(installation)


@pytest.fixture
def switched(installation) -> Iterator[Callable[[str], list[str]]]:
    """Provisions database and vault with one value of the setting."""

    def to(value: str) -> list[str]:
        said: list[str] = []
        provision_database(installation.settings(ledger_passwords=value), said.append)
        return said + installation.provision(ledger_passwords=value)

    yield to
    installation.restart_vault()
    assert to("plain") == []


def test_each_value_follows_the_other_and_a_second_time_changes_nothing(installation, switched, superuser):
    installation.restart_vault(makes_root_tokens=True)
    for value in ("hashed", "plain"):
        said = switched(value)
        assert len(said) == 5
        assert said[1::3] == ["root token made from the recovery keys", "root token revoked"]
        assert {"database role ledger-reader: changed", "ledger connection: changed"} <= set(said)
        assert switched(value) == []
        (rounds,) = superuser.execute(STORED, [issued(installation)["username"]]).fetchone()
        assert rounds == ROUNDS[value]


def test_while_the_connection_states_passwords_the_role_does_not_stop_asking(installation):
    """Only a root token may change the connection; without one, nothing is changed."""
    token = installation.log_in("operator")
    before = installation.ask("GET", ROLE, token=token).json()["data"]
    with pytest.raises(Exception, match="a root token is needed"):
        installation.provision(ledger_passwords="hashed")
    assert installation.ask("GET", ROLE, token=token).json()["data"] == before
    assert "could record" in before["creation_statements"][0]


@pytest.mark.parametrize("query", ["", "?sslmode=require"])
def test_a_ledger_elsewhere_gets_no_password_over_a_connection_that_is_not_verified(installation, query):
    elsewhere = {"vault_ledger_url": f"postgresql://db.example:5432/ledger{query}"}
    with pytest.raises(SettingsError, match="VAULT_LEDGER_URL: must carry sslmode=verify-full while"):
        installation.provision(**elsewhere)
    with pytest.raises(Exception, match="a root token is needed"):
        installation.provision(**elsewhere, ledger_passwords="hashed")
