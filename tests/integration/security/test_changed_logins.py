"""A hostile process changes its own login of the database: the others go on, it is set back, and there is an alarm."""

import time

import psycopg
import pytest

from infra.provision.logins import DATABASE_LOGINS

WITHIN = 10
HOSTILE = {
    "password": ("ALTER ROLE {login} PASSWORD 'known to nobody else'",),
    "settings": (
        "ALTER ROLE {login} SET default_transaction_read_only = on",
        "ALTER ROLE {login} SET statement_timeout = 1",
        "ALTER ROLE {login} IN DATABASE triage SET search_path = nowhere",
    ),
}


@pytest.fixture
def log_in(system):
    """A connection with the password in a process's file: `log_in("triage_worker")`."""

    def connected(login):
        password = system.stack.secrets.read(DATABASE_LOGINS[login][0], "database-password")
        return system.stack.services.database.connect("triage", user=login, password=password)

    return connected


@pytest.mark.parametrize("login", DATABASE_LOGINS)
@pytest.mark.parametrize("changed", HOSTILE)
def test_what_a_login_changes_of_itself_is_set_back_with_an_alarm(system, log_in, until, login, changed):
    began = time.monotonic()
    (at,) = system.rows("SELECT now()")
    with log_in(login) as hostile:
        for statement in HOSTILE[changed]:
            hostile.execute(statement.format(login=login))
    (run_id,) = system.run(system.actions[0])
    (run,) = system.rows("SELECT state, attempt FROM run WHERE run_id = %s", run_id)
    assert (run["state"], run["attempt"]) == ("completed", 1)
    told = "SELECT detail FROM alarm WHERE kind = 'login changed' AND raised_at >= %s AND detail LIKE %s"
    pattern = f"{login} changed its own {changed}%"
    until(lambda: system.rows(told, at["now"], pattern), seconds=WITHIN, what="the alarm")
    assert time.monotonic() - began < WITHIN
    with log_in(login) as again:
        assert again.execute("SHOW search_path").fetchone() == ('"$user", public',)
        assert again.execute("SHOW default_transaction_read_only").fetchone() == ("off",)


def test_a_login_ends_and_interrupts_no_session_of_its_peers(system, log_in):
    with log_in("triage_worker") as hostile, log_in("triage_worker") as peer:
        for function in ("pg_terminate_backend", "pg_cancel_backend"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                hostile.execute(f"SELECT {function}(%s)", [peer.info.backend_pid])
        assert peer.execute("SELECT 1").fetchone() == (1,)
