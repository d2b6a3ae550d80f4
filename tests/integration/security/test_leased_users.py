"""Users of the ledger: with the answer that their lease is revoked, no login and no session is left, whatever they did."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

READ = "DECLARE c CURSOR FOR SELECT a.piid FROM finance.commitments a, finance.obligation_lines b, finance.commitments c"
LEFT = {
    "login": "SELECT 1 FROM pg_roles WHERE oid = %s",
    "session": "SELECT 1 FROM pg_stat_activity WHERE usesysid = %s",
    "default privilege": "SELECT 1 FROM pg_default_acl WHERE defaclrole = %s",
    "large object": "SELECT 1 FROM pg_largeobject_metadata WHERE lomowner = %s",
    "setting": "SELECT 1 FROM pg_db_role_setting WHERE setrole = %s",
    "membership": "SELECT 1 FROM pg_auth_members WHERE %s IN (roleid, member)",
    "anything": "SELECT 1 FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = %s",
}


@dataclass(kw_only=True)
class LeasedUser:
    """A user of the ledger in hostile hands, and what PostgreSQL knows about it by its number."""

    system: Any
    name: str
    password: str
    lease: str
    number: int = 0
    reads: list[float] = field(default_factory=list)
    """When each row that was read had been asked for."""

    def connect(self) -> psycopg.Connection:
        return self.system.ledger(self.name, self.password)

    def revoke(self) -> int:
        data = {"lease_id": self.lease, "sync": True}
        return self.system.ask_vault("POST", "sys/leases/revoke", data).status_code

    def left(self) -> set[str]:
        with self.system.stack.services.database.connect("ledger") as ledger:
            return {what for what, query in LEFT.items() if ledger.execute(query, [self.number]).fetchone()}

    def read_without_end(self, answered: Event) -> None:
        """Connect again and again, and read with an open cursor, until five logins in a row were refused at the end."""
        refused = read_late = 0
        while refused < 5 and read_late < 20:
            try:
                with self.connect() as session, session.transaction():
                    session.execute(READ)
                    while read_late < 20:
                        asked, late = time.monotonic(), answered.is_set()
                        if session.execute("FETCH 1 FROM c").fetchone():
                            self.reads.append(asked)
                            read_late += late
            except psycopg.Error:
                refused += answered.is_set()


@pytest.fixture
def lease(system) -> Callable[[], LeasedUser]:
    def issued() -> LeasedUser:
        answer = system.ask_vault("GET", "database/creds/ledger-reader").json()
        name, password = answer["data"]["username"], answer["data"]["password"]
        user = LeasedUser(system=system, name=name, password=password, lease=answer["lease_id"])
        (row,) = system.rows("SELECT oid FROM pg_roles WHERE rolname = %s", name)
        user.number = row["oid"]
        return user

    return issued


@pytest.fixture
def user(lease) -> LeasedUser:
    return lease()


@pytest.fixture
def unprotected(system):
    """A ledger at a server that forbids leased users nothing up front."""
    with system.stack.services.database.connect("ledger") as ledger:
        ledger.execute("ALTER EVENT TRIGGER leased_users_only_read DISABLE")
        ledger.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
        yield
        ledger.execute("REVOKE EXECUTE ON FUNCTION lo_create(oid) FROM PUBLIC")
        ledger.execute("ALTER EVENT TRIGGER leased_users_only_read ENABLE ALWAYS")


def test_no_row_is_read_after_the_answer_by_one_that_connects_again_and_again(lease, until):
    for _ in range(5):
        user, answered = lease(), Event()
        threads = [Thread(target=user.read_without_end, args=[answered]) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            until(lambda user=user: len(user.reads) > 20, what="reading")
            status, then = user.revoke(), time.monotonic()
            left = user.left()
        finally:
            answered.set()
            for thread in threads:
                thread.join(30)
        assert status == 204
        assert not left
        assert not [asked for asked in user.reads if asked > then]


def test_a_session_that_cannot_be_ended_is_not_called_ended(user):
    with user.connect() as session:
        (pid,) = session.execute("SELECT pg_backend_pid()").fetchone()
        os.kill(pid, signal.SIGSTOP)
        try:
            assert user.revoke() == 400
            assert user.left() >= {"login", "session"}
            with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
                user.connect()
        finally:
            os.kill(pid, signal.SIGCONT)
    assert user.revoke() == 204
    assert not user.left()


@pytest.mark.parametrize("expired", [False, True])
def test_what_a_user_left_behind_goes_with_it(system, user, unprotected, expired):
    with user.connect() as session:
        session.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
        session.execute("SELECT lo_create(0) FROM generate_series(1, 50)")
        session.execute("SELECT pg_advisory_lock(4711)")
        session.execute(f"ALTER ROLE \"{user.name}\" SET work_mem = '1MB'")
        assert user.left() == set(LEFT)
        if expired:
            system.execute(f"ALTER ROLE \"{user.name}\" VALID UNTIL '2000-01-01'")
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                user.connect()
            assert session.execute("SELECT 1").fetchone() == (1,)  # expiry alone ends no session
        assert user.revoke() == 204
        assert not user.left()
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert not system.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", "leased users only read"),
        ("CREATE TEMPORARY TABLE mine (word text)", "leased users only read"),
        ("SELECT 1 AS one INTO TEMPORARY mine", "leased users only read"),
        ("ALTER EVENT TRIGGER leased_users_only_read DISABLE", "must be owner of event trigger"),
        ("SET event_triggers = off", "permission denied to set parameter"),
        ("SET session_replication_role = replica", "permission denied to set parameter"),
        ("SELECT lo_create(0)", "permission denied for function lo_create"),
        ("SELECT lo_creat(-1)", "permission denied for function lo_creat"),
        ("SELECT lo_from_bytea(0, 'x')", "permission denied for function lo_from_bytea"),
    ],
)
def test_a_user_creates_nothing(user, statement, reason):
    with user.connect() as session, pytest.raises(psycopg.errors.InsufficientPrivilege, match=reason):
        session.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMPORARY TABLE mine (word text)",
        "CREATE TABLE public.mine (word text)",
        "CREATE TABLE finance.mine (word text)",
        "CREATE SCHEMA mine",
    ],
)
def test_a_user_has_no_right_to_create_beside_the_event_trigger(user, unprotected, statement):
    with user.connect() as session, pytest.raises(psycopg.errors.InsufficientPrivilege, match="denied"):
        session.execute(statement)


def test_no_transaction_of_a_user_outlives_its_session(user):
    with user.connect() as session:
        session.execute("BEGIN")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="are disabled"):
            session.execute("PREPARE TRANSACTION 'mine'")


def test_the_end_of_a_user_that_is_gone_already_is_no_failure(system, user):
    system.execute(f'DROP ROLE "{user.name}"')
    assert user.revoke() == 204
