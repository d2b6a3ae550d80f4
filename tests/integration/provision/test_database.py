"""Provisioning a database server: first, repeated, interrupted, and by an administrator who is not a superuser."""

from uuid import uuid4

import psycopg
import pytest
from alembic import command

from app.connections.compatibility import FIRST_TABLES, TABLES
from infra.postgres.migrate import configuration
from infra.provision import database as step
from infra.provision.database import provision_database
from infra.provision.logins import VAULT_ADMIN
from infra.reporting import ProvisionError

STATE = {
    "roles": "SELECT rolname, rolcanlogin, rolcreaterole, rolcreatedb, rolsuper, rolpassword FROM pg_authid",
    "members": "SELECT roleid::regrole::text, member::regrole::text, admin_option, inherit_option, set_option"
    " FROM pg_auth_members",
    "databases": "SELECT datname, datdba::regrole::text, pg_encoding_to_char(encoding), datacl::text FROM pg_database",
}
GRANTS = (
    "SELECT relname, relacl::text FROM pg_class WHERE relname NOT LIKE 'pg_%'"
    " UNION ALL SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'"
)


def state(servers) -> dict[str, list[tuple[object, ...]]]:
    """All that provisioning could change, password hashes among it."""
    with servers.database.connect() as connection:
        found = {name: sorted(connection.execute(query), key=str) for name, query in STATE.items()}
    for database in ("triage", "ledger"):
        with servers.database.connect(database) as connection:
            found[database] = sorted(connection.execute(GRANTS), key=str)
    return found


@pytest.fixture
def provision_earlier(servers, monkeypatch):
    """Empty servers, provisioned with tables of an earlier version: `provision_earlier("1.0002")`."""

    def provision(version):
        def earlier(engine, domain, _say):
            config = configuration(domain)
            config.attributes["engine"] = engine
            command.upgrade(config, version)

        servers.empty()
        with monkeypatch.context() as patched:
            patched.setattr(step, "migrate", earlier)
            provision_database(servers.settings, lambda _: None)

    return provision


def test_tables_before_the_fence_are_upgraded_with_their_rows(servers, said, provision_earlier):
    """The older worker is refused from then on, and what is under way has no proof: it is redone after its lease."""
    provision_earlier("1.0002")
    run_id = uuid4()
    with servers.database.connect("triage") as connection:
        connection.execute(
            "INSERT INTO action VALUES ('A', 'x', 'x', NULL, 1, now(), 'x', '[]', '{}', now())"
        )
        connection.execute(
            "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at)"
            " VALUES (%s, 'A', 'dispatched', 1, 'x', now())",
            [run_id],
        )
        connection.execute(
            "INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, secret_id_accessor,"
            " wrapping_accessor) VALUES (%s, 1, 'dispatched', now(), now(), 'x', 'x')",
            [run_id],
        )
    assert f"tables: 1.0002 to {TABLES}" in said(provision_database, servers.settings)
    password = servers.secrets.read("worker", "database-password")
    parameters = servers.database.parameters("triage", user="triage_worker", password=password)
    with psycopg.connect(**parameters, autocommit=True) as worker:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute("UPDATE attempt SET state = 'running' WHERE run_id = %s", [run_id])
        claimed = worker.execute(
            "SELECT claim_attempt(%s, 1, 'any', sha256('any'), 'test', 60)", [run_id]
        ).fetchone()
    assert claimed == (None,)
    with servers.database.connect("triage") as connection:
        kept = connection.execute("SELECT run.state, attempt.state FROM run JOIN attempt USING (run_id)")
        assert kept.fetchall() == [("dispatched", "dispatched")]


def test_of_a_log_that_was_read_before_nothing_counts_as_noted(servers, said, provision_earlier):
    provision_earlier("1.0025")
    with servers.database.connect("triage") as connection:
        connection.execute("INSERT INTO log_position VALUES ('audit.log', 1, 5000, 3, 'x')")
    assert f"tables: 1.0025 to {TABLES}" in said(provision_database, servers.settings)
    with servers.database.connect("triage") as connection:
        assert connection.execute("SELECT place, noted_from FROM log_position").fetchall() == [(5000, 5000)]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def provisioned(servers, said):
    """What the test before has left, set right; what was said."""
    return said(provision_database, servers.settings)


def test_a_second_time_changes_nothing(servers, said):
    servers.empty()
    first = said(provision_database, servers.settings)
    assert "database triage: created" in first
    assert first[-2].startswith("tables: none to ")
    assert first[-1] == f"role {VAULT_ADMIN}: member of pg_signal_backend"
    before = state(servers)
    assert said(provision_database, servers.settings) == []
    assert state(servers) == before


def test_stopped_after_any_change_it_is_completed_by_the_next(servers, said):
    """Each time it gets one change further, and dies."""
    servers.empty()
    changes = said(provision_database, servers.settings)
    whole = state(servers)
    servers.empty()

    def dies(text):
        steps.append(text)
        raise Killed

    steps: list[str] = []
    for _ in range(len(changes) + 5):
        try:
            provision_database(servers.settings, dies)
        except Killed:
            continue
        break
    assert sorted(steps) == sorted(changes)
    assert said(provision_database, servers.settings) == []
    now = state(servers)
    for found in (now, whole):
        found["roles"] = [row[:-1] for row in found["roles"]]  # salted anew
    assert now == whole


def test_only_what_differs_is_set_right(servers, provisioned, said):
    with servers.database.connect() as connection:
        connection.execute("ALTER ROLE triage_app PASSWORD 'another'")
        connection.execute("ALTER ROLE triage_worker CREATEDB")
        connection.execute("GRANT CONNECT ON DATABASE ledger TO PUBLIC")
        connection.execute("REVOKE CONNECT ON DATABASE triage FROM triage_dispatcher")
    with servers.database.connect("ledger") as connection:
        connection.execute("ALTER EVENT TRIGGER leased_users_only_read DISABLE")
        connection.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
    assert said(provision_database, servers.settings) == [
        "role triage_worker: NOCREATEDB",
        "database ledger: closed to everybody else",
        "database triage: open to triage_dispatcher",
        "role triage_app: password set",
        "large objects: closed to everybody else in database ledger",
        "leased users: may create and change nothing",
    ]
    assert said(provision_database, servers.settings) == []


def test_a_password_that_only_the_vault_knows_and_users_of_live_runs_stay(servers, provisioned, said):
    password = servers.secrets.read("operator", "ledger-admin-password")
    with servers.database.connect("ledger", user=VAULT_ADMIN, password=password) as vault:
        vault.execute("CREATE ROLE \"v-run\" LOGIN PASSWORD 'run' IN ROLE ledger_reader")
        vault.execute(f"ALTER ROLE {VAULT_ADMIN} PASSWORD 'only-the-vault-knows'")
    servers.secrets.delete("operator", "ledger-admin-password")
    servers.process_table.restart("postgres")
    assert said(provision_database, servers.settings) == []
    assert not servers.secrets.has("operator", "ledger-admin-password")
    servers.database.connect("ledger", user=VAULT_ADMIN, password="only-the-vault-knows").close()
    servers.database.connect("ledger", user="v-run", password="run").close()
    with servers.database.connect() as connection:
        connection.execute('DROP ROLE "v-run"')


def test_a_vault_that_lost_its_storage_is_given_a_new_password(servers, provisioned, said):
    servers.secrets.delete("operator", "ledger-admin-password")
    lines = said(provision_database, servers.settings, new_ledger_admin_password=True)
    assert lines == [f"role {VAULT_ADMIN}: new password"]
    password = servers.secrets.read("operator", "ledger-admin-password")
    servers.database.connect("ledger", user=VAULT_ADMIN, password=password).close()


def test_an_administrator_who_is_no_superuser_does_all_else_and_names_what_is_missing(servers, said):
    servers.empty()
    own = servers.secrets.read("operator", "database-admin-password")
    with servers.managed(ledger_passwords="hashed") as managed:
        for _ in range(2):
            with pytest.raises(
                ProvisionError, match="must run: GRANT pg_signal_backend TO vault_ledger_admin"
            ):
                provision_database(managed, lambda _: None)
        with servers.database.connect() as connection:
            connection.execute(f"GRANT pg_signal_backend TO {VAULT_ADMIN}")
        assert said(provision_database, managed) == [
            "logins: not kept from new passwords of their own, which takes a superuser",
            "processes: not kept from large objects and ending each other's sessions, which takes a superuser",
            "leased users: not kept from large objects and default privileges of their own, which takes a superuser",
        ]
        servers.secrets.replace("operator", "database-admin-password", own)
        assert len(said(provision_database, servers.changed(ledger_passwords="hashed"))) == 4
        servers.secrets.replace("operator", "database-admin-password", "managed")
        assert said(provision_database, managed) == []


def test_a_database_in_another_encoding_is_refused(servers):
    servers.empty()
    with servers.database.connect() as connection:
        connection.execute("CREATE DATABASE triage ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(ProvisionError, match="database triage is encoded in LATIN1; it must be UTF8"):
        provision_database(servers.settings, lambda _: None)
    servers.empty()


def test_a_server_that_is_too_old_is_refused(servers, monkeypatch):
    monkeypatch.setattr(step, "OLDEST", 99)
    with pytest.raises(ProvisionError, match=r"PostgreSQL \d+ is too old; it must be 99 or later"):
        provision_database(servers.settings, lambda _: None)


def test_a_server_that_keeps_prepared_transactions_is_refused(servers, provisioned):
    for change, refused in (
        ("SET max_prepared_transactions = 3", True),
        ("RESET max_prepared_transactions", False),
    ):
        with servers.database.connect() as connection:
            connection.execute(f"ALTER SYSTEM {change}")
        servers.process_table.restart("postgres")
        if refused:
            with pytest.raises(
                ProvisionError, match=r"max_prepared_transactions is 3; it must be 0, because [^\n]*$"
            ):
                provision_database(servers.settings, lambda _: None)
    provision_database(servers.settings, lambda _: None)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ("9999", "which is later than this program's"),
        (
            "0012",
            f"from before {FIRST_TABLES}, and cannot be brought up to {TABLES}: start with an empty database$",
        ),
    ],
    ids=["later", "before the first release"],
)
def test_tables_of_another_version_are_left_alone(servers, provisioned, other, reason):
    with servers.database.connect("triage") as connection:
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = %s", [other])
        with pytest.raises(ProvisionError, match=f"the tables are of version {other}, {reason}"):
            provision_database(servers.settings, lambda _: None)
        connection.execute("UPDATE alembic_version SET version_num = %s", [version])


def test_two_at_once_wait_for_each_other(servers, provisioned):
    with servers.database.connect() as other:
        other.execute("SELECT pg_advisory_lock(hashtext('triage provisioning'))")
        with pytest.raises(ProvisionError, match=r"another provisioning has been running for 0\.2 s"):
            provision_database(servers.changed(provision_patience=0.2), lambda _: None)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://nobody@127.0.0.1:{port}/postgres", "refused the password of nobody"),
        ("postgresql://postgres@127.0.0.1:1/postgres", "does not answer (connection refused) within 0.2 s"),
        ("postgresql://postgres@[::1]:1/postgres", "PostgreSQL at [::1]:1 does not answer"),
        ("postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=require", "offers no TLS"),
        ("postgresql://postgres@127.0.0.1:{port}/nowhere", "has no database nowhere"),
    ],
)
def test_why_the_server_cannot_be_used_is_said_in_one_line(servers, address, reason):
    settings = servers.changed(
        database_admin_url=address.format(port=servers.database.port), provision_patience=0.2
    )
    with pytest.raises(ProvisionError) as refused:
        provision_database(settings, lambda _: None)
    assert str(refused.value).startswith("DATABASE_ADMIN_URL: ")
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_password_reaches_the_servers_log(servers, provisioned):
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**servers.database.parameters("triage", user="triage_app", password="wrong"))
    log = servers.layout.postgres_log.read_text()
    assert "password authentication failed" in log
    files = servers.layout.secrets.rglob("*-password")
    assert not [path for path in files if path.read_text() in log]
