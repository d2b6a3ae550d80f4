"""Passwords replaced under a system at work: no process is restarted, no run fails, the old ones are refused.

Every session is ended as well, so that each process must log in anew with what is in its file now.
"""

import psycopg
import pytest
import redis

from infra.provision.database_passwords import password_owners
from infra.provision.logins import BROKER_USERS
from infra.provision.rotation import rotate_broker, rotate_database

RUNS = 12


@pytest.fixture
def settings(system):
    return system.stack.startup.provisioning.settings()


def test_the_database_gets_new_passwords_while_runs_go_through(system, settings, said):
    before = system.stack.processes
    old = {
        role: system.stack.secrets.read(owners[0], name) for role, (name, owners) in password_owners().items()
    }
    runs = system.request(*system.actions[:RUNS])
    lines = said(rotate_database, settings, end_sessions=True)
    runs += system.request(*system.actions[:RUNS])
    system.wait(runs)
    assert [line for line in lines if "new password" in line] == [
        f"role {role}: new password" for role in old
    ]
    ends = system.rows("SELECT state, count(*) AS many FROM run WHERE run_id = ANY(%s) GROUP BY state", runs)
    assert ends == [{"state": "completed", "many": 2 * RUNS}]
    assert system.stack.processes == before
    server = system.stack.services.database
    for role, (name, owners) in password_owners().items():
        database = "ledger" if "ledger" in role else "triage"
        new = {system.stack.secrets.read(owner, name) for owner in owners}
        assert len(new) == 1
        psycopg.connect(**server.parameters(database, user=role, password=new.pop())).close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(**server.parameters(database, user=role, password=old[role]))


def test_the_broker_gets_new_passwords_while_runs_go_through(system, settings, said):
    before = system.stack.processes
    port = int(system.stack.endpoints["valkey"].rpartition(":")[2])
    old = {
        user: system.stack.secrets.read(owners[0], "broker-password") for user, owners in BROKER_USERS.items()
    }
    runs = system.request(*system.actions[:RUNS])
    lines = said(rotate_broker, settings, end_sessions=True)
    runs += system.request(*system.actions[:RUNS])
    system.wait(runs)
    assert [line for line in lines if "new password" in line] == [
        f"user {user}: new password" for user in old
    ]
    ends = system.rows("SELECT state, count(*) AS many FROM run WHERE run_id = ANY(%s) GROUP BY state", runs)
    assert ends == [{"state": "completed", "many": 2 * RUNS}]
    assert system.stack.processes == before
    for user, owners in BROKER_USERS.items():
        with (
            redis.Redis(port=port, username=user, password=old[user]) as stranger,
            pytest.raises(redis.exceptions.AuthenticationError),
        ):
            stranger.ping()
        new = system.stack.secrets.read(owners[0], "broker-password")
        with redis.Redis(port=port, username=user, password=new) as known:
            known.ping()
