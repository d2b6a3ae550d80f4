"""What the vault issued is ended by the vault's own record, whatever a worker recorded."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app import usecases
from workers.runtime.process_identity import MintedIdentity
from workers.runtime.run_session import IntroductionError

LEASED = ("contracts", "documents", "ledger")
#: Seconds until what was stolen is dead.
AT_ONCE = 10


@pytest.fixture
def at_work(insider) -> Iterator[Callable[[], tuple[UUID, MintedIdentity]]]:
    """Makes attempts at work; the test plays their worker. They are stopped in the end."""
    made: list[UUID] = []

    def taken() -> tuple[UUID, MintedIdentity]:
        made.append(uuid4())
        minted = insider.mint(made[-1])
        insider.take(insider.system.actions[0], made[-1], minted)
        return made[-1], minted

    yield taken
    for run_id in made:
        usecases.stop_run(insider.system.sessions, run_id, requested_by="test")


@pytest.fixture
def identity(insider) -> Iterator[Callable[..., Any]]:
    """Logs in with a minted identity and takes all five credentials; they are kept until the test is over."""
    with ExitStack() as kept:
        yield lambda run_id, minted: kept.enter_context(insider.identity(run_id, minted))


@pytest.fixture
def stopped(insider, until) -> Callable[[UUID], dict[str, Any]]:
    """Stops a run, and waits for its confirmed end: its attempt."""

    def stop(run_id: UUID) -> dict[str, Any]:
        usecases.stop_run(insider.system.sessions, run_id, requested_by="operator-a")
        until(lambda: attempts(insider, run_id)[0]["revoked_at"], seconds=AT_ONCE, what="the confirmed end")
        return attempts(insider, run_id)[0]

    return stop


def accepted(insider, run):
    """What of this identity is still let in: leased credentials, and its token."""
    found = {name for name in LEASED if insider.accepts(name, run.secret(name), user=run.database_user)}
    return found | ({"token"} if insider.is_token(run.token) else set())


def alarms(insider, run_id):
    return [row["kind"] for row in insider.system.rows("SELECT kind FROM alarm WHERE run_id = %s", run_id)]


def attempts(insider, run_id):
    return insider.system.rows("SELECT * FROM attempt WHERE run_id = %s ORDER BY number", run_id)


def record(insider, run_id, accessor):
    insider.system.execute("UPDATE attempt SET token_accessor = %s WHERE run_id = %s", accessor, run_id)


def test_a_victims_accessor_in_the_record_neither_hides_the_thief_nor_ends_the_victim(
    insider, at_work, identity, stopped
):
    victim, (run_id, minted) = identity(*at_work()), at_work()
    run = identity(run_id, minted)
    record(insider, run_id, victim.session.identity.token_accessor)
    assert stopped(run_id)["revoked_by"] == "sweeper"
    assert not accepted(insider, run)
    assert accepted(insider, victim) == {*LEASED, "token"}
    assert "record names another's credential" in alarms(insider, run_id)


@pytest.mark.parametrize("accessor", [None, "AAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_stopped_run_holds_nothing_although_its_worker_recorded_no_accessor_of_it(
    insider, at_work, identity, stopped, accessor
):
    run_id, minted = at_work()
    run = identity(run_id, minted)
    record(insider, run_id, accessor)
    assert accepted(insider, run) == {*LEASED, "token"}
    assert stopped(run_id)["revoked_by"] == "sweeper"
    assert not accepted(insider, run)


def test_a_worker_that_died_between_login_and_record_leaves_nothing_alive(insider, at_work, identity, until):
    run_id, minted = at_work()
    run = identity(run_id, minted)
    insider.system.execute("UPDATE attempt SET lease_until = now() WHERE run_id = %s", run_id)
    until(lambda: not accepted(insider, run), seconds=AT_ONCE, what="the end of everything")
    insider.system.wait([run_id])
    first, second = attempts(insider, run_id)
    assert (first["state"], first["revoked_by"], second["state"]) == ("lost", "sweeper", "finished")
    assert second["dispatched_at"] >= first["revoked_at"]


def test_a_thief_of_a_message_loses_all_of_it_and_the_run_is_redone(insider, identity, until):
    run_id = uuid4()
    minted = insider.mint(run_id)
    insider.queue(insider.system.actions[0], run_id, minted)
    thief = identity(run_id, minted)
    until(lambda: not accepted(insider, thief), seconds=AT_ONCE, what="the end of the thief")
    insider.system.wait([run_id])
    first, second = attempts(insider, run_id)
    assert (first["state"], first["claimed_at"], second["state"]) == ("failed", None, "finished")
    assert first["revoked_by"] == "sweeper"
    assert alarms(insider, run_id)


def test_an_identity_of_a_run_that_never_was_is_ended(insider, identity, until):
    run_id = uuid4()
    thief = identity(run_id, insider.mint(run_id))
    until(lambda: not accepted(insider, thief), seconds=AT_ONCE, what="the end of the thief")
    until(lambda: alarms(insider, run_id), seconds=AT_ONCE, what="the alarm")
    assert not insider.system.rows("SELECT 1 FROM run WHERE run_id = %s", run_id)


def test_a_second_identity_of_a_run_that_ended_is_ended(insider, identity, until):
    (run_id,) = insider.system.run(insider.system.actions[0])
    until(lambda: attempts(insider, run_id)[0]["revoked_at"], what="its confirmed end")
    before = attempts(insider, run_id)
    thief = identity(run_id, insider.mint(run_id))
    until(lambda: not accepted(insider, thief), seconds=AT_ONCE, what="the end of the thief")
    until(lambda: alarms(insider, run_id), seconds=AT_ONCE, what="the alarm")
    assert attempts(insider, run_id) == before


def test_the_message_of_a_stopped_run_is_worth_nothing(insider, at_work, stopped):
    run_id, minted = at_work()
    stopped(run_id)
    with pytest.raises(IntroductionError), insider.identity(run_id, minted):
        pass


def test_a_secret_id_that_was_taken_out_before_the_end_does_not_log_in_after_it(insider, at_work, stopped):
    run_id, minted = at_work()
    opened = insider.vault.write("sys/wrapping/unwrap", token=minted.wrapping_token)["data"]["secret_id"]
    stopped(run_id)
    login = {"role_id": insider.role_id.read(), "secret_id": opened}
    answer = insider.system.ask_vault("POST", "auth/approle/login", login, token="")
    assert (answer.status_code, answer.json()["errors"]) == (400, ["invalid role or secret ID"])


def test_a_user_that_did_its_worst_is_gone_when_the_end_is_confirmed(insider, at_work, identity, stopped):
    system, (run_id, minted) = insider.system, at_work()
    run = identity(run_id, minted)
    with system.ledger(run.database_user, run.secret("ledger")) as session:
        (number,) = session.execute("SELECT oid FROM pg_roles WHERE rolname = current_user").fetchone()
        session.execute(f"ALTER ROLE \"{run.database_user}\" SET work_mem = '1MB'")
        session.execute("BEGIN")
        session.execute("DECLARE c CURSOR FOR SELECT 1 FROM finance.commitments a, finance.commitments b")
        stopped(run_id)
        assert not system.rows("SELECT 1 FROM pg_roles WHERE oid = %s", number)
        assert not system.rows("SELECT 1 FROM pg_stat_activity WHERE usesysid = %s", number)
        with pytest.raises(psycopg.OperationalError):
            session.execute("FETCH 1 FROM c")


def test_a_user_that_no_lease_ends_is_ended_with_an_alarm(system, until):
    with system.stack.services.database.connect("ledger") as ledger:
        ledger.execute("SET ROLE vault_ledger_admin")
        ledger.execute(
            "CREATE ROLE \"triage-forgotten\" LOGIN VALID UNTIL '2000-01-01' IN ROLE ledger_reader"
        )
    there = "SELECT 1 FROM pg_roles WHERE rolname = 'triage-forgotten'"
    until(lambda: not system.rows(there), what="the end of the user")
    alarms = "SELECT detail FROM alarm WHERE kind = 'database user without a lease' AND detail LIKE '%%triage-forgotten%%'"
    (alarm,) = system.rows(alarms)
    assert "triage-forgotten" in alarm["detail"]
