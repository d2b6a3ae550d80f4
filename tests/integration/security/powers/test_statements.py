"""What any login of the database is refused beyond tables and functions, and the rest, which is harmless."""

from itertools import product

import psycopg
import pytest

from infra.postgres.closed_functions import LARGE_OBJECTS, SESSIONS
from tests.integration.security.powers.conftest import attempt, lacks_right
from tests.integration.security.powers.database_table import LOGINS
from tests.integration.security.powers.statements import HARMLESS, REFUSED

#: Statements that cannot be tried inside a transaction.
ALONE = {"DISCARD ALL", "BEGIN"}
CONNECTS = {("triage_sweeper", "ledger"), *product(LOGINS, ("triage",))}
CHANGED_RIGHTS = """
SELECT c.oid::regclass::text FROM pg_class AS c LEFT JOIN pg_init_privs AS i
    ON i.objoid = c.oid AND i.classoid = 'pg_class'::regclass AND objsubid = 0
WHERE relnamespace = 'pg_catalog'::regnamespace AND relacl IS DISTINCT FROM initprivs
UNION ALL
SELECT attrelid::regclass || '.' || attname FROM pg_attribute LEFT JOIN pg_init_privs AS i
    ON i.objoid = attrelid AND i.classoid = 'pg_class'::regclass AND objsubid = attnum
WHERE attrelid < 16384 AND attacl IS DISTINCT FROM initprivs
UNION ALL
SELECT proname FROM pg_proc AS p LEFT JOIN pg_init_privs AS i ON i.objoid = p.oid AND i.classoid = 'pg_proc'::regclass
WHERE pronamespace = 'pg_catalog'::regnamespace AND proacl IS DISTINCT FROM initprivs
"""


@pytest.fixture
def words(system):
    """What stands in a statement for the login itself, another login, and the session of a peer."""

    def of(login, peer):
        other = next(each for each in LOGINS if each != login)
        return {"me": login, "other": other, "peer": peer}

    return of


@pytest.mark.parametrize("login", LOGINS)
def test_no_login_makes_anything_or_administers_anything(system, log_in, words, login):
    connection = log_in(login)
    password = system.stack.secrets.read("web", "database-password")
    with system.stack.services.database.connect("triage", user="triage_app", password=password) as peer:
        named = words(login, peer.info.backend_pid)
        wrong = [
            (statement, str(error))
            for statement in REFUSED
            if not isinstance(
                error := attempt(connection, statement.format(**named)), psycopg.errors.InsufficientPrivilege
            )
        ]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("login", LOGINS)
def test_what_works_for_every_login_is_known(log_in, words, login):
    connection = log_in(login)
    for statement in HARMLESS:
        text = statement.format(**words(login, 0))
        if statement in ALONE:
            connection.execute(text)
            connection.execute("ROLLBACK")
        else:
            assert attempt(connection, text) is None, statement
    assert connection.execute("SELECT tables_version() IS NOT NULL").fetchone() == (True,)


@pytest.mark.parametrize("login", LOGINS)
def test_a_login_becomes_no_other_role_and_belongs_to_none(log_in, login):
    connection = log_in(login)
    roles = [
        role for (role,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname <> %s", [login])
    ]
    assert {"postgres", "triage_owner", "triage_keeper", "pg_read_all_data"} <= set(roles)
    for role in roles:
        error = attempt(connection, f'SET ROLE "{role}"')
        assert isinstance(error, psycopg.errors.InsufficientPrivilege), role
    query = "SELECT rolname FROM pg_roles WHERE pg_has_role(%s, oid, 'MEMBER') AND rolname <> %s"
    assert connection.execute(query, [login, login]).fetchall() == []


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("database", ["triage", "ledger", "postgres", "template1"])
def test_a_login_reaches_its_database_and_no_other(system, log_in, login, database):
    if (login, database) in CONNECTS:
        log_in(login, database)
    else:
        with pytest.raises(Exception, match="permission denied for database"):
            log_in(login, database)
    with system.stack.services.database.connect() as connection:
        for privilege in ("CREATE", "TEMPORARY"):
            query = "SELECT has_database_privilege(%s, %s, %s)"
            assert connection.execute(query, [login, database, privilege]).fetchone() == (False,)


@pytest.mark.parametrize("login", LOGINS)
def test_a_login_replicates_nothing(system, log_in, login):
    info = log_in(login).info
    with pytest.raises(
        psycopg.OperationalError, match=r"must have the REPLICATION attribute|permission denied"
    ):
        psycopg.connect(
            host=info.host,
            port=info.port,
            user=login,
            password=info.password,
            dbname="triage",
            replication="database",
        )


def test_the_servers_own_objects_have_the_rights_they_came_with(system):
    """But for what is taken from everybody, and the passwords that are compared with those that were set."""
    closed = {name.split("(")[0] for name in (*LARGE_OBJECTS, *SESSIONS)} - {"lo_import"}
    with system.stack.services.database.connect("triage") as connection:
        found = {name for (name,) in connection.execute(CHANGED_RIGHTS).fetchall()}
    assert found == closed | {"pg_authid.rolname", "pg_authid.rolpassword"}


def test_a_process_sees_no_statement_of_another(log_in):
    """Nor of the owner. Those of its own login it sees, so secrets are sent as parameters."""
    for login in LOGINS:
        query = (
            "SELECT DISTINCT query FROM pg_stat_activity WHERE usename IS DISTINCT FROM %s AND query <> ''"
        )
        assert log_in(login).execute(query, [login]).fetchall() in ([], [("<insufficient privilege>",)])
        assert not lacks_right(attempt(log_in(login), "SELECT 1"))
