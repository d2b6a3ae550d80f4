"""LEDGER_PASSWORDS at the server: what the vault's login states is recorded nowhere, however much the server records."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from secrets import token_hex, token_urlsafe
from threading import Thread

import psycopg
import pytest

from infra.postgres.roles import verifier
from infra.provision.database import provision_database
from infra.provision.logins import VAULT_ADMIN
from infra.reporting import ProvisionError
from tests.conftest import wait_until

SETTLED = f"role {VAULT_ADMIN}: its statements are recorded nowhere; passwords are hashed once"
BACK = f"role {VAULT_ADMIN}: passwords are hashed by the vault"
CREATE = "CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}' IN ROLE {group}"
ROUNDS = "SELECT split_part(split_part(rolpassword, '$', 2), ':', 1) FROM pg_authid WHERE rolname = %s"
#: One that each server has.
MODULE = "plpgsql"
TALKATIVE = {
    "log_statement": "all",
    "log_min_messages": "debug2",
    "log_min_error_statement": "debug5",
    "log_min_duration_statement": "0",
    "log_transaction_sample_rate": "1",
    "debug_print_parse": "on",
    "logging_collector": "on",
    "log_destination": "stderr,csvlog,jsonlog",
    "password_encryption": "md5",
}


def configure(servers, changes: dict[str, str | None]) -> None:
    with servers.database.connect() as connection:
        for name, value in changes.items():
            connection.execute(
                f"ALTER SYSTEM SET {name} = '{value}'" if value else f"ALTER SYSTEM RESET {name}"
            )
    servers.process_table.restart("postgres")


@pytest.fixture(scope="module")
def talkative(servers) -> Iterator[None]:
    """A server that records all that it can, in three formats, and by itself hashes as in former times."""
    configure(servers, TALKATIVE)
    yield
    configure(servers, dict.fromkeys(TALKATIVE))


@pytest.fixture
def plain(servers) -> None:
    provision_database(servers.settings, lambda _: None)


@pytest.fixture
def vault(servers) -> Callable[[], psycopg.Connection]:
    """Sessions of the vault's login."""

    def connected() -> psycopg.Connection:
        password = servers.secrets.read("operator", "ledger-admin-password")
        return servers.database.connect("ledger", user=VAULT_ADMIN, password=password)

    return connected


@pytest.fixture
def records(servers, until) -> Callable[[], str]:
    """All that the server has written until now, in all formats."""
    folder = servers.layout.postgres / "data" / "log"

    def read() -> str:
        marker = token_urlsafe(24)
        with servers.database.wait(setting="", patience=20) as connection:
            connection.execute(f"SELECT '{marker}'")
        files = sorted(folder.iterdir())
        assert {file.suffix for file in files} == {".log", ".csv", ".json"}

        def written() -> str:
            texts = [file.read_text(errors="replace") for file in files]
            return "".join(texts) if sum(marker in text for text in texts) == 3 else ""

        return until(written, what="the statement of another login in each log")

    return read


def shown(servers) -> str:
    """What a superuser sees of all sessions, with their statements."""
    with servers.database.connect() as connection:
        return repr(connection.execute("SELECT * FROM pg_stat_activity").fetchall())


def states(servers, session, name, password) -> str:
    session.execute(CREATE.format(name=name, password=password, group="ledger_reader"))
    return shown(servers)


def prepares(servers, session, name, password) -> str:
    session.execute(CREATE.format(name=name, password=password, group="ledger_reader"), prepare=True)
    return shown(servers)


def fails(servers, session, name, password) -> str:
    with pytest.raises(psycopg.errors.UndefinedObject, match="nowhere"):
        session.execute(CREATE.format(name=name, password=password, group="nowhere"))
    return shown(servers)


def crashes(servers, session, name, password) -> str:
    """The server says of a process that was killed what it was doing, and ends all others."""
    (pid,) = session.execute("SELECT pg_backend_pid()").fetchone()

    def sleep() -> None:
        with suppress(psycopg.OperationalError):
            session.execute(f"SELECT pg_sleep(60), '{password}'")

    thread = Thread(target=sleep)
    thread.start()
    try:
        asleep = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
        with servers.database.connect() as connection:
            wait_until(lambda: connection.execute(asleep, [pid]).fetchone(), what="the sleep")
        seen = shown(servers)
    finally:
        os.kill(pid, signal.SIGKILL)
        thread.join()
    return seen


@pytest.mark.usefixtures("talkative", "plain")
@pytest.mark.parametrize("act", [states, prepares, fails, crashes])
def test_a_password_that_the_vault_states_is_in_no_log_and_no_view(servers, vault, records, act):
    """The same statement is in all of them as soon as the login has lost its settings."""
    password, name = f"A1-{token_urlsafe(24)}", f"triage-{token_hex(8)}"
    with suppress(psycopg.OperationalError), vault() as session:
        assert password not in act(servers, session, name, password)
    assert password not in records()

    with servers.database.connect() as connection:
        connection.execute(f"ALTER ROLE {VAULT_ADMIN} RESET ALL")
    password, name = f"A1-{token_urlsafe(24)}", f"triage-{token_hex(8)}"
    with suppress(psycopg.OperationalError), vault() as session:
        assert password in act(servers, session, name, password)
    assert records().count(password) > 3


@pytest.mark.usefixtures("talkative", "plain")
def test_both_ways_let_a_user_log_in_and_one_follows_the_other(servers, vault, said):
    """Also where the server by itself would store what its rules for logins refuse."""
    for setting, line, rounds in (
        ("plain", [], "1"),
        ("hashed", [BACK], "4096"),
        ("hashed", [], "4096"),
        ("plain", [SETTLED], "1"),
        ("plain", [], "1"),
    ):
        assert said(provision_database, servers.changed(ledger_passwords=setting)) == line
        name, password = f"triage-{token_hex(8)}", token_urlsafe(16)
        given = password if setting == "plain" else verifier(name, password)
        with vault() as session:
            session.execute(CREATE.format(name=name, password=given, group="ledger_reader"))
        servers.database.connect("ledger", user=name, password=password).close()
        with servers.database.connect() as connection:
            assert connection.execute(ROUNDS, [name]).fetchone() == (rounds,)
            connection.execute(f'DROP ROLE "{name}"')


@pytest.mark.parametrize(
    "drift",
    [
        "RESET log_statement",
        "SET log_min_error_statement = error",
        "IN DATABASE ledger SET log_min_error_statement = error",
        "IN DATABASE triage SET track_activities = on",
        "SET session_preload_libraries = 'auto_explain'",
        "RESET password_encryption",
    ],
)
def test_what_differs_is_set_right_and_sessions_from_before_end(servers, plain, vault, said, drift):
    with vault() as kept, vault() as from_before:
        assert said(provision_database, servers.settings) == []
        kept.execute("SELECT 1")
        with servers.database.connect() as connection:
            connection.execute(f"ALTER ROLE {VAULT_ADMIN} {drift}")
        assert said(provision_database, servers.settings) == [SETTLED]
        with pytest.raises(psycopg.OperationalError):
            from_before.execute("SELECT 1")
        assert said(provision_database, servers.settings) == []
    vault().close()


def test_a_session_that_began_before_the_first_provisioning_with_it_ends(servers, plain, vault, said):
    """As after a provisioning that was stopped between the two."""
    with servers.database.connect() as connection:
        (own,) = connection.execute(
            "SELECT setconfig FROM pg_db_role_setting WHERE setrole = %s::regrole", [VAULT_ADMIN]
        ).fetchone()
        connection.execute(f"ALTER ROLE {VAULT_ADMIN} RESET ALL")
        with vault() as from_before:
            for name, _, value in (entry.partition("=") for entry in own):
                connection.execute("SELECT set_config(%s, %s, false)", [name, value])
                connection.execute(f"ALTER ROLE {VAULT_ADMIN} SET {name} FROM CURRENT")
            assert said(provision_database, servers.settings) == [SETTLED]
            with pytest.raises(psycopg.OperationalError):
                from_before.execute("SELECT 1")
    assert said(provision_database, servers.settings) == []


def test_a_server_with_modules_is_refused_before_the_vault_gets_a_login(servers, said):
    servers.empty()
    configure(servers, {"shared_preload_libraries": MODULE})
    reason = f"^LEDGER_PASSWORDS: plain is refused, because the server loads {MODULE}, .*; set it to hashed$"
    try:
        with pytest.raises(ProvisionError, match=reason):
            provision_database(servers.settings, lambda _: None)
        assert not servers.secrets.has("operator", "ledger-admin-password")
        assert f"role {VAULT_ADMIN}: created" in said(
            provision_database, servers.changed(ledger_passwords="hashed")
        )
    finally:
        configure(servers, {"shared_preload_libraries": None})


def test_an_administrator_who_is_no_superuser_needs_three_rights_for_it(servers, said):
    """Each refusal names what a superuser can run; then it goes on."""
    servers.empty()
    with servers.managed() as managed, servers.database.connect() as superuser:
        for grant in ("GRANT pg_read_all_settings TO managed", "GRANT SET ON PARAMETER .* TO managed"):
            with pytest.raises(
                ProvisionError, match=f"^LEDGER_PASSWORDS: .*{grant}; or set it to hashed$"
            ) as no:
                provision_database(managed, lambda _: None)
            superuser.execute(re.search(grant, str(no.value))[0])
        with pytest.raises(ProvisionError, match=f"must run: GRANT pg_signal_backend TO {VAULT_ADMIN}"):
            provision_database(managed, lambda _: None)
        superuser.execute(f"GRANT pg_signal_backend TO {VAULT_ADMIN}")
        provision_database(managed, lambda _: None)
        notes = said(provision_database, managed)
        assert SETTLED not in notes
        assert all("which takes a superuser" in note for note in notes)
