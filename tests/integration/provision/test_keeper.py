"""A login changes its own password and settings, which no right refuses; they are set back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest
from sqlalchemy import text

from app.connections.database import connect
from app.settings import Settings
from infra.provision.database import provision_database
from infra.provision.logins import DATABASE_LOGINS, SWEEPER
from infra.provision.rotation import rotate_database

RESTORE = (
    "SELECT * FROM triage_keeper.restore_settings() UNION ALL SELECT * FROM triage_keeper.restore_passwords()"
)
#: All but those of the vault's login, which provisioning gives it.
CHANGED = "SELECT * FROM pg_db_role_setting WHERE setrole <> 'vault_ledger_admin'::regrole"
HOSTILE = (
    "default_transaction_read_only = on",
    "default_transaction_isolation = serializable",
    "statement_timeout = 1",
    "idle_in_transaction_session_timeout = 1",
    "idle_session_timeout = 1",
    "lock_timeout = 1",
    "search_path = nowhere",
    "synchronous_commit = off",
    "TimeZone = 'Asia/Tokyo'",
    "enable_indexscan = off",
    "transform_null_equals = on",
)


@pytest.fixture(scope="module")
def logins(servers) -> Callable[[str], psycopg.Connection]:
    """Connections of processes, with the password in their file: `logins("triage_worker")`."""
    provision_database(servers.settings, lambda _: None)

    def connected(role: str) -> psycopg.Connection:
        password = servers.secrets.read(DATABASE_LOGINS[role][0], "database-password")
        return servers.database.connect("triage", user=role, password=password)

    return connected


@pytest.fixture
def restored(logins) -> Iterator[Callable[[], list[tuple[str, str, bool]]]]:
    """Has logins set back, as the sweeper does: what was found."""
    with logins(SWEEPER) as sweeper:

        def call() -> list[tuple[str, str, bool]]:
            return sweeper.execute(RESTORE).fetchall()

        call()
        yield call


@pytest.mark.parametrize("login", DATABASE_LOGINS)
@pytest.mark.parametrize("password", ["'another'", "NULL"])
def test_a_password_that_a_login_gave_itself_is_replaced_by_the_one_in_its_file(
    logins, restored, login, password
):
    with logins(login) as hostile:
        hostile.execute(f"ALTER ROLE {login} PASSWORD {password}")
    if login != SWEEPER:
        with pytest.raises(Exception, match="refused the password"):
            logins(login)
    assert restored() == [(login, "password", True)]
    logins(login).close()
    assert restored() == []


def test_settings_that_a_login_gave_itself_are_gone(servers, logins, restored):
    with logins("triage_worker") as hostile:
        for change in (
            "SET default_transaction_read_only = on",
            "SET statement_timeout = 1",
            "IN DATABASE triage SET search_path = nowhere",
            "IN DATABASE ledger SET lock_timeout = 1",
        ):
            hostile.execute(f"ALTER ROLE triage_worker {change}")
    assert sorted(restored()) == [
        ("triage_worker", "settings default_transaction_read_only, statement_timeout", True),
        ("triage_worker", "settings lock_timeout", True),
        ("triage_worker", "settings search_path", True),
    ]
    with servers.database.connect() as connection:
        assert connection.execute(CHANGED).fetchall() == []
    assert restored() == []


def test_a_process_that_connects_meanwhile_is_not_affected(servers, logins, restored):
    """Whatever the other one has set: read-only transactions, time limits, other schemas, weaker commits."""
    settings = Settings(
        database_url=f"postgresql://triage_worker@127.0.0.1:{servers.database.port}/triage",
        database_password_file=servers.secrets.path("worker", "database-password"),
    )

    def settings_of_a_new_connection() -> dict[str, str]:
        engine = connect(settings, pool_size=1)
        with engine.begin() as db:
            found = db.execute(text("SELECT name, setting FROM pg_settings WHERE context = 'user'")).all()
        engine.dispose()
        return dict(found)

    usual = settings_of_a_new_connection()
    with logins("triage_worker") as hostile:
        for change in HOSTILE:
            hostile.execute(f"ALTER ROLE triage_worker SET {change}")
    assert settings_of_a_new_connection() == usual
    assert [changed.count(",") for _, changed, _ in restored()] == [len(HOSTILE) - 1]


def test_what_only_an_administrator_can_have_set_stays(servers, restored):
    with servers.database.connect() as connection:
        connection.execute("ALTER ROLE triage_worker SET log_statement = 'ddl'")
        connection.execute("ALTER ROLE ledger_owner SET statement_timeout = 100")
        assert restored() == []
        assert len(connection.execute(CHANGED).fetchall()) == 2
        connection.execute("ALTER ROLE triage_worker RESET ALL")
        connection.execute("ALTER ROLE ledger_owner RESET ALL")


def test_a_change_that_is_held_open_delays_setting_back_by_a_second_at_most(logins, restored, until):
    with logins("triage_worker") as first, logins("triage_worker") as second:
        first.execute("ALTER ROLE triage_worker PASSWORD 'another'")
        with second.transaction(force_rollback=True):
            second.execute("ALTER ROLE triage_worker PASSWORD 'a third'")
            assert restored() == [("triage_worker", "password", False)]
        assert restored() == [("triage_worker", "password", True)]


def test_a_rotation_is_no_change_of_a_login_and_is_not_undone(servers, logins, restored):
    """The whole time somebody sets back, and somebody else changes a password before each round."""
    found: list[tuple[str, str, bool]] = []
    ended = Event()

    def set_back() -> None:
        while not ended.is_set():
            found.extend(restored())

    with _running(set_back, ended):
        for _ in range(5):
            rotate_database(servers.settings, lambda _: None)
            for login in DATABASE_LOGINS:
                logins(login).close()
    assert found == []
    assert restored() == []


def test_what_was_changed_before_a_rotation_is_the_rotations_afterwards(servers, logins, restored):
    with logins("triage_worker") as hostile:
        hostile.execute("ALTER ROLE triage_worker PASSWORD 'another'")
    rotate_database(servers.settings, lambda _: None)
    assert restored() == []
    logins("triage_worker").close()


def test_nobody_reads_what_is_kept_and_only_the_sweeper_calls(servers, logins):
    for login in DATABASE_LOGINS:
        with logins(login) as connection:
            for query in (
                "SELECT * FROM triage_keeper.kept_login",
                "UPDATE triage_keeper.kept_login SET verifier = ''",
                "SELECT rolpassword FROM pg_authid",
                "SET ROLE triage_keeper",
                *((RESTORE,) if login != SWEEPER else ()),
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(query)
    with servers.database.connect() as connection:
        query = "SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = 'triage_keeper'"
        assert connection.execute(query).fetchone() == (False, False)


@contextmanager
def _running(work: Callable[[], None], ended: Event) -> Iterator[None]:
    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
