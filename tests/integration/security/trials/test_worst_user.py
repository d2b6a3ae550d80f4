"""After the end of a run everything is refused, whatever its ledger user has done before."""

import time
from threading import Event, Thread
from typing import Self

import psycopg
import pytest

from app import usecases
from tests.integration.security.trials.thief import Credential, Thief

#: What a reader of the ledger can still be so unkind as to do.
NASTY = (
    "SELECT pg_advisory_lock(n) FROM generate_series(1, 500) AS n",
    "LISTEN anything",
    "SET idle_session_timeout = 0",
    "SET client_connection_check_interval = 0",
    "ALTER ROLE CURRENT_USER SET work_mem = '1MB'",
    "ALTER ROLE CURRENT_USER PASSWORD 'mine-from-now-on'",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "SELECT lo_create(0) FROM generate_series(1, 1000)",
    "CREATE TEMPORARY TABLE mine (word text)",
    "BEGIN",
    "PREPARE TRANSACTION 'mine'",
)
CURSOR = "DECLARE c CURSOR FOR SELECT a.piid FROM finance.commitments a, finance.obligation_lines b, finance.commitments c"
LEFT = {
    "login": "SELECT 1 FROM pg_roles WHERE oid = %s",
    "session": "SELECT 1 FROM pg_stat_activity WHERE usesysid = %s",
    "anything": "SELECT 1 FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = %s",
}


class WorstUser:
    """Connects again and again with each password it ever had, and reads with open cursors."""

    def __init__(self, thief: Thief, credential: Credential) -> None:
        self._thief = thief
        self._credential = credential
        self._over = Event()
        self._passwords = [credential.secret, "mine-from-now-on"]
        self.reads = []
        """When each row that was read had been asked for."""
        (row,) = thief.system.rows("SELECT oid FROM pg_roles WHERE rolname = %s", credential.user)
        self.number = row["oid"]
        self._threads = [Thread(target=self._read) for _ in range(3)]

    def __enter__(self) -> Self:
        with self._thief.system.ledger(self._credential.user, self._credential.secret) as session:
            for statement in NASTY:
                try:
                    session.execute(statement)
                except psycopg.Error:
                    session.rollback()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _read(self):
        while not self._over.is_set():
            for password in self._passwords:
                try:
                    with self._thief.system.ledger(self._credential.user, password) as session:
                        session.execute("BEGIN")
                        session.execute(CURSOR)
                        while not self._over.is_set():
                            asked = time.monotonic()
                            if session.execute("FETCH 1 FROM c").fetchone():
                                self.reads.append(asked)
                except psycopg.Error:
                    continue

    def left(self):
        with self._thief.system.stack.services.database.connect("ledger") as ledger:
            return {what for what, query in LEFT.items() if ledger.execute(query, [self.number]).fetchone()}


def by_stopping(thief, message, identity):
    usecases.stop_run(thief.system.sessions, message.run_id, requested_by="operator-a")


def by_revoking_itself(thief, message, identity):
    answer = thief.ask("POST", "auth/token/revoke-self", token=identity.token)
    assert answer.status_code == 204
    thief.call(
        "SELECT store_triage(%s, %s, %s, '[]', '[]', '[]')", message.run_id, message.number, message.proof
    )


def by_losing_it(thief, message, identity):
    thief.system.execute("UPDATE attempt SET lease_until = now() WHERE run_id = %s", message.run_id)


@pytest.mark.parametrize("end", [by_stopping, by_revoking_itself, by_losing_it])
def test_nothing_of_a_run_outlives_its_end(thief, at_work, until, record_property, end):
    message, identity = at_work()
    with WorstUser(thief, identity.of("ledger")) as user:
        until(lambda: len(user.reads) > 20, what="reading")
        end(thief, message, identity)
        asked = time.monotonic()
        until(lambda: not thief.works(identity), seconds=10, what="the end of everything")
        refused = time.monotonic()
        until(lambda: thief.attempts(message.run_id)[0]["revoked_at"], what="the confirmed end")
        confirmed = time.monotonic()
        assert not user.left()
        reads = len(user.reads)
        assert not thief.works(identity)
    assert len(user.reads) == reads
    assert not [at for at in user.reads if at > confirmed]
    record_property("seconds to the refusal of all", f"{refused - asked:.2f}")
    record_property("seconds to the confirmed end", f"{confirmed - asked:.2f}")
