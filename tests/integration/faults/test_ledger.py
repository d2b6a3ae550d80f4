"""The ledger is a database: it may refuse, change its views, be slow or hang; its checks are then "not performed"."""

import os
import signal
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from app.connections import bounded_database
from app.connections.deadline import Deadline
from app.credentials.lineage import CredentialKind, IssuedCredential
from benchmarks.fault_proxy import TcpFaults
from workers.runtime.answer import ToolError
from workers.runtime.database_client import DatabaseClient
from workers.runtime.leased_logins import DatabaseSilentError, LeasedLogins
from workers.runtime.run_session import Issued
from workers.runtime.secret import Secret


@contextmanager
def refusing(ledger):
    ledger.execute("REVOKE CONNECT ON DATABASE ledger FROM ledger_reader")
    yield
    ledger.execute("GRANT CONNECT ON DATABASE ledger TO ledger_reader")


@contextmanager
def without_a_view(ledger):
    ledger.execute("ALTER VIEW finance.obligation_lines RENAME TO put_away")
    yield
    ledger.execute("ALTER VIEW finance.put_away RENAME TO obligation_lines")


@contextmanager
def without_the_right(ledger):
    ledger.execute("REVOKE SELECT ON finance.commitments FROM ledger_reader")
    yield
    ledger.execute("GRANT SELECT ON finance.commitments TO ledger_reader")


@contextmanager
def locked(ledger):
    with ledger.transaction():
        ledger.execute("LOCK TABLE finance.commitments IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize(
    ("broken", "reason", "statuses"),
    [
        (refusing, 'it refused (permission denied for database "ledger")', [0]),
        (without_a_view, "no answer (UndefinedTable)", [200, 0]),
        (without_the_right, "refused the credential (permission denied)", [403]),
        (locked, "no answer within 2 s", [0]),
    ],
)
def test_a_ledger_that_does_not_answer_is_not_checked(fragile, broken, reason, statuses):
    server = fragile.stack.services.database
    action, rule = fragile.faulty["contracts", "429"]
    with server.connect("ledger") as ledger:
        ledger.autocommit = True
        with broken(ledger):
            (run_id,) = fragile.system.run(action)
    found = {row["subject"]: row for row in fragile.findings(run_id) if row["rule"] == "S01"}
    assert set(found) == {"contracts", "ledger"}
    assert reason in found["ledger"]["because"]
    assert rule in {row["rule"] for row in fragile.findings(run_id)}
    calls = fragile.system.rows(
        "SELECT call.status FROM call JOIN credential USING (credential_id)"
        " WHERE call.run_id = %s AND credential.tool = 'ledger' ORDER BY call.started_at",
        run_id,
    )
    assert [call["status"] for call in calls] == statuses


@pytest.fixture
def ledger(system):
    """A client of the real ledger as its superuser, who may ask it anything, and the calls it has made."""
    server = system.stack.services.database
    now = datetime.now(UTC)
    record = IssuedCredential(
        credential_id=uuid4(),
        tool="ledger",
        kind=CredentialKind.DATABASE_USER,
        vault_path="database/creds/ledger-reader",
        policy="triage-run",
        scope="finance:select",
        request_id="request-1",
        fingerprint="0" * 64,
        issued_at=now,
        expires_at=now + timedelta(minutes=15),
        service_user=server.administrator,
    )
    calls = []
    address = f"postgresql://{server.host}:{server.port}/ledger"
    issued = Issued(Secret(server.password), record)
    with DatabaseClient(address, system.settings("worker", tool_timeout=1), issued, calls) as client:
        yield client, calls


def test_a_good_answer_is_recorded_with_its_digest(ledger):
    client, calls = ledger
    answer = client.select("SELECT one", "SELECT 1 AS one", {})
    assert answer.body == [{"one": 1}]
    (call,) = calls
    assert (call.call_id, call.status, call.operation) == (answer.call_id, 200, "SELECT one")
    assert len(call.answer_digest) == 64


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT generate_series(1, 10001) AS n", "answer larger than 10000 rows"),
        ("SELECT repeat('x', 100000) AS t FROM generate_series(1, 1000)", "answer larger than 4000000 bytes"),
        ("SELECT generate_series(1, 1000000000) AS n", "answer larger than 10000 rows"),
        ("SELECT pg_sleep(30)", "no answer within 1 s"),
        ("SELECT 1 FROM nowhere", r"no answer \(UndefinedTable\)"),
        ("CREATE TABLE finance.mine (one int)", r"no answer \(ReadOnlySqlTransaction\)"),
    ],
)
def test_an_answer_is_limited_in_rows_bytes_and_time(ledger, query, reason):
    client, calls = ledger
    with pytest.raises(ToolError, match=reason):
        client.select("SELECT", query, {})
    (call,) = calls
    assert call.error
    assert call.answer_digest is None


@pytest.mark.parametrize("fault", ["hang", "trickle"])
def test_a_ledger_that_trickles_is_given_up_by_the_deadline(system, ledger, fault):
    server = system.stack.services.database
    issued, calls = ledger[0]._issued, []
    with TcpFaults(server.port) as proxy:
        address = f"postgresql://{server.host}:{proxy.port}/ledger"
        client = DatabaseClient(
            address, system.settings("worker", tool_timeout=1), issued, calls, Deadline(4)
        )
        with client as opened:
            proxy.inflict(fault)
            with pytest.raises(ToolError, match=r"^no answer within 1 s$"):
                opened.select("SELECT much", "SELECT repeat('x', 100000) AS much", {})
            # The connection is gone; so is the tool.
            with pytest.raises(ToolError):
                opened.select("SELECT one", "SELECT 1 AS one", {})
        again = DatabaseClient(address, system.settings("worker", tool_timeout=1), issued, calls, Deadline(4))
        with pytest.raises(ToolError, match=r"^no answer within 1 s$"), again:
            pass
    assert [call.operation for call in calls] == ["SELECT much", "SELECT one", "CONNECT"]
    assert max(call.latency_ms for call in calls) < 10_000


def test_all_queries_of_the_ledger_end_by_one_deadline(ledger):
    client, calls = ledger
    client.recording(calls, Deadline(0.5))
    with pytest.raises(ToolError, match=r"^no answer within 0\.5 s$"):
        client.select("SELECT", "SELECT pg_sleep(0.9)", {})
    with pytest.raises(ToolError, match=r"^not everything was answered within 0\.5 s$"):
        client.select("SELECT", "SELECT 1", {})
    assert len(calls) == 1


def test_a_server_that_stops_amid_a_query_is_given_up(ledger):
    client, calls = ledger
    (row,) = client.select("SELECT pid", "SELECT pg_backend_pid() AS pid", {}).body
    os.kill(row["pid"], signal.SIGSTOP)
    try:
        with pytest.raises(ToolError, match="no answer within 1 s"):
            client.select("SELECT one", "SELECT 1 AS one", {})
    finally:
        os.kill(row["pid"], signal.SIGCONT)
    assert calls[-1].status == 0
    assert calls[-1].latency_ms < 10_000


def test_a_wrong_password_is_a_recorded_connection_that_shows_no_password(system, ledger):
    server = system.stack.services.database
    _, calls = ledger
    issued = Issued(Secret("canary-password"), ledger[0]._issued.record)
    address = f"postgresql://{server.host}:{server.port}/ledger"
    with (
        pytest.raises(ToolError) as caught,
        DatabaseClient(address, system.settings("worker"), issued, calls),
    ):
        pass
    assert (calls[-1].operation, calls[-1].status) == ("CONNECT", 0)
    assert "canary" not in repr(caught.value) + repr(calls)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("fault", ["hang", "trickle"])
def test_a_ledger_that_trickles_holds_no_sweeper(system, monkeypatch, fault):
    monkeypatch.setattr(bounded_database, "LONGEST_WAIT", 1.0)
    port = system.stack.services.database.port
    settings = system.settings("sweeper")
    user = make_url(settings.database_url).username
    with TcpFaults(port) as proxy:
        led = settings.ledger_url.replace(f":{port}", f":{proxy.port}")
        logins = LeasedLogins("ledger", led, user, settings)
        assert logins.left(["nobody"]) == {}
        proxy.inflict(fault)
        for _ in range(2):  # on the connection that was open, and on a new one
            with pytest.raises(DatabaseSilentError, match="does not answer"):
                logins.left(["nobody"])
        proxy.heal()
        assert logins.left(["nobody"]) == {}
        logins._connection.close()
