"""What the tools of a running system logged reaches the database, joins with what runs recorded, and is complete."""

import json
import os
import signal
from datetime import datetime, timedelta

import psutil
import pytest

from app.connections.database import connect
from app.credentials.ends import EndRecords
from app.reconciliation.side_records import SideRecords
from app.reconciliation.use_lines import read_request
from app.reconciliation.use_log import UseLog
from app.reconciliation.use_store import UseStore
from workers.runtime.reconciler import UseReading

SOURCES = ["contracts", "debarment", "documents", "ledger", "sam-gov"]
#: Uses of each credential at a tool that answers over HTTP, and calls that a worker recorded for it.
HTTP = """
SELECT credential_id, tool,
    (SELECT count(*) FROM call WHERE call.credential_id = credential.credential_id) AS calls,
    (SELECT count(*) FROM tool_use WHERE system = tool AND tool_use.fingerprint = credential.fingerprint) AS uses
FROM credential WHERE run_id = ANY(%s) AND kind <> 'database-user'
"""
EXAMPLE = "SELECT operation FROM tool_use WHERE system = 'example' ORDER BY number"
LOGINS = """
SELECT service_user, remote_address,
    (SELECT run_id FROM vault_event WHERE kind = 'issued' AND vault_event.service_user = tool_use.service_user)
FROM tool_use WHERE system = 'ledger' AND at >= (SELECT min(requested_at) FROM run WHERE run_id = ANY(%s))
"""


def sources(system):
    return {row["source"]: row for row in system.rows("SELECT * FROM log_source ORDER BY source")}


def has_read_to(system, moment):
    return all(sources(system)[name]["read_until"] >= moment for name in SOURCES)


@pytest.fixture
def now(system):
    return lambda: system.rows("SELECT now() AS now")[0]["now"]


@pytest.fixture(scope="module")
def run_ids(system):
    return system.run(*system.actions[:3])


def test_each_call_that_a_run_recorded_was_seen_by_the_tool(system, run_ids, until, now):
    moment = now()
    until(lambda: has_read_to(system, moment), seconds=10, what="the tools' logs")
    rows = system.rows(HTTP, run_ids)
    assert {row["tool"] for row in rows} == set(SOURCES) - {"ledger"}
    assert [row for row in rows if row["uses"] != row["calls"] or not row["calls"]] == []


def test_each_login_at_the_database_is_that_of_a_user_the_vault_made(system, run_ids, until, now):
    moment = now()
    until(lambda: has_read_to(system, moment), seconds=10, what="the tools' logs")
    logins = system.rows(LOGINS, run_ids)  # runs of other tests may still be at work on the same system
    assert {row["run_id"] for row in logins} >= set(run_ids)
    assert None not in {row["run_id"] for row in logins}
    assert {row["remote_address"] for row in logins} == {"127.0.0.1"}


def test_every_line_since_the_start_of_the_system_was_read(system, run_ids):
    found = sources(system)
    assert sorted(found.keys() & set(SOURCES)) == SOURCES
    (began,) = system.rows("SELECT min(requested_at) AS first FROM run")
    for name in SOURCES:
        source = found[name]
        assert (source["unreadable"], source["problem"]) == (0, None), name
        assert source["covered_from"] < began["first"], name
        assert source["lines"] > 0, name


def test_a_log_that_its_reader_could_write_is_not_written_apart(system):
    """Here processes share one user, unless root runs the tests; then logs have other owners."""
    logs = {name: system.stack.layout.access_log(name) for name in SOURCES} | {
        "ledger": system.stack.layout.postgres_log
    }
    (reader,) = psutil.Process(system.stack.processes["reconciler"]).uids()[:1]
    apart = {name: log.stat().st_uid != reader for name, log in logs.items()}
    assert {name: sources(system)[name]["written_apart"] for name in SOURCES} == apart


def test_what_happened_while_the_reconciler_was_away_is_read_when_it_is_back(system, until, now):
    reconciler = system.stack.processes["reconciler"]
    os.killpg(reconciler, signal.SIGSTOP)
    try:
        before = sources(system)
        run_ids = system.run(system.actions[4])
        assert {
            name: source["read_until"] for name, source in sources(system).items() if name in SOURCES
        } == {name: source["read_until"] for name, source in before.items() if name in SOURCES}
    finally:
        os.killpg(reconciler, signal.SIGCONT)
    moment = now()
    until(lambda: has_read_to(system, moment), seconds=10, what="the tools' logs")
    assert [row for row in system.rows(HTTP, run_ids) if row["uses"] != row["calls"]] == []


def test_a_log_that_cannot_be_read_is_said_and_claims_nothing(system, until, now):
    log = system.stack.layout.access_log("documents")
    aside = log.with_name("aside")
    log.rename(aside)
    try:
        until(lambda: sources(system)["documents"]["problem"], seconds=10, what="the problem")
        source = sources(system)["documents"]
        assert "No such file" in source["problem"]
        read_until = source["read_until"]
        moment = now()
        until(lambda: sources(system)["contracts"]["read_until"] > moment, seconds=10, what="the other logs")
        assert sources(system)["documents"]["read_until"] == read_until
        until(
            lambda: (
                "the log of documents is not read"
                in (
                    system.rows("SELECT problem FROM heartbeat WHERE process = 'reconciler'")[0]["problem"]
                    or ""
                )
            ),
            seconds=10,
            what="the report of the reconciler",
        )
    finally:
        aside.rename(log)
    until(lambda: sources(system)["documents"]["problem"] is None, seconds=10, what="the log")
    assert sources(system)["documents"]["covered_from"] < read_until


@pytest.fixture
def reading(system, tmp_path):
    """The reading of one log of a tool named example, with the reconciler's login, and the log."""
    log = tmp_path / "access.log"
    log.write_text("".join(map(line, range(3))))
    engine = connect(system.settings("reconciler"), pool_size=1)
    store = UseStore(engine)
    source = UseLog(
        "example", log, setting="example_log", read_line=read_request, store=store, observed={os.getuid()}
    )
    yield UseReading([source], store, EndRecords(engine)), log
    engine.dispose()
    for statement in (
        "DELETE FROM tool_use WHERE system = 'example'",
        "DELETE FROM log_source WHERE source = 'example'",
        "DELETE FROM unreadable_stretch WHERE source = 'example'",
        "DELETE FROM alarm WHERE kind = 'tool log changed'",
    ):
        system.execute(statement)
    system.execute("DELETE FROM use_position WHERE file = %s", str(log))


def line(number):
    request = {"time": f"2026-01-01T00:00:0{number}Z", "method": "GET", "route": f"/{number}", "status": 200}
    return json.dumps(request) + "\n"


def test_a_log_that_is_cut_raises_an_alarm_and_its_coverage_begins_anew(system, reading):
    work, log = reading
    assert work.look() is None
    before = sources(system)["example"]
    assert (before["lines"], before["covered_from"].isoformat()) == (3, "2026-01-01T00:00:00+00:00")
    log.write_text(line(7))
    assert "may be lost" in work.look()
    after = sources(system)["example"]
    assert after["covered_from"] > before["read_until"]
    assert [row["operation"] for row in system.rows(EXAMPLE)] == ["GET /0", "GET /1", "GET /2", "GET /7"]
    (alarm,) = system.rows("SELECT * FROM alarm WHERE kind = 'tool log changed'")
    assert alarm["detail"].startswith("example, seen at 2")
    assert work.look() is None


def test_a_line_that_cannot_be_read_is_missing_from_its_own_time_only(system, reading, now):
    work, log = reading
    engine = connect(system.settings("reconciler"), pool_size=1)

    def gap(*times):
        return SideRecords(engine, {}).coverage()["example"].gap(*times) or ""

    began = datetime.fromisoformat("2026-01-01T00:00:00Z")
    log.write_text(line(0))
    assert work.look() is None
    read_before = sources(system)["example"]["read_until"]
    for _ in range(2):
        with log.open("a") as file:
            file.write("{\n" + line(1))
        assert work.look() is None
    assert sources(system)["example"]["unreadable"] == 2
    (found,) = system.rows("SELECT * FROM unreadable_stretch WHERE source = 'example'")
    assert (found["since"], found["lines"]) == (read_before, 2)
    assert found["until"] <= now()
    aside = timedelta(seconds=7)
    assert "cannot be read" not in gap(began, read_before - aside)
    system.execute(
        "UPDATE unreadable_stretch SET until = until - interval '1 h', since = since - interval '1 h' WHERE source = 'example'"
    )
    until = sources(system)["example"]["read_until"]
    assert "cannot be read" not in gap(until - aside, until)
    assert "may have 2 lines of this time that cannot be read" in gap(began, until)
    assert "cannot be read" in gap(
        found["since"] - timedelta(hours=1), found["since"] - timedelta(minutes=59)
    )
    engine.dispose()


def test_adding_is_all_that_its_login_can_do(system):
    """See tests/integration/security/powers for the whole table."""
    rights = system.rows(
        "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants WHERE grantee = 'triage_reconciler'"
    )
    assert [row["privilege_type"] for row in rights] == ["SELECT"]
