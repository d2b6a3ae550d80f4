"""The page with the state of the stack, with parts up or down."""

import re
import socket
import time
from datetime import timedelta

import pytest

from app.procurement.daily_quota import day_of
from app.procurement.labels import SOURCES

pytestmark = pytest.mark.whole_system

LOGS = [SOURCES[name] for name in ("sam-gov", "debarment", "contracts", "documents", "ledger")]
PARTS = [
    "database",
    "vault",
    "broker",
    "sam-gov",
    "debarment",
    "contracts",
    "documents",
    "ledger",
    "identity-provider",
]


def test_every_part_is_shown_with_its_condition(client, read):
    document = read(client, "/stack")
    parts = {row[0]: row for row in document.rows[1:10]}
    assert list(parts) == PARTS
    for name in set(PARTS) - {"broker"}:
        assert parts[name][1] == "✓ Up", parts[name]
    assert "unsealed, active" in parts["vault"][3]


def test_queue_and_background_processes_are_read_from_the_database(system, client, read, triaged):
    text = read(client, "/stack").text
    completed = system.rows("SELECT count(*) AS n FROM run WHERE state = 'completed'")[0]["n"]
    assert f"Completed {completed} runs" in text
    for row in system.rows("SELECT process FROM heartbeat"):
        assert row["process"] in text


def test_each_log_is_shown_with_the_stretch_that_was_read(system, client, read, triaged, until):
    until(lambda: len(system.rows("SELECT 1 FROM log_source")) >= 5, what="the reconciler's first look")
    rows = {row[0]: row[1:] for row in read(client, "/stack").rows if row[0] in LOGS}
    assert sorted(rows) == sorted(LOGS)
    for _, read_until, lag, unchanged, lines, unreadable, apart in rows.values():
        assert "UTC" in read_until
        assert re.fullmatch(r"[\d.]+ s", lag)
        assert unchanged == "not read again", "only the vault's log is"
        assert int(lines.replace(",", "")) > 0
        assert unreadable == "0"
        assert apart.endswith(("Yes", "No"))


@pytest.fixture
def called(system, triaged):
    """Runs that called SAM.gov's services today, and their calls by tool, as the database has them."""
    rows = system.rows(
        "SELECT tool, count(*) AS calls FROM call JOIN credential USING (credential_id)"
        " WHERE (started_at AT TIME ZONE 'UTC')::date = (now() AT TIME ZONE 'UTC')::date AND tool = ANY(%s)"
        " GROUP BY tool",
        ["sam-gov", "debarment", "contracts"],
    )
    runs = system.rows(
        "SELECT count(DISTINCT call.run_id) AS n FROM call JOIN credential USING (credential_id)"
        " WHERE (started_at AT TIME ZONE 'UTC')::date = (now() AT TIME ZONE 'UTC')::date AND tool = ANY(%s)",
        ["sam-gov", "debarment", "contracts"],
    )
    return runs[0]["n"], {row["tool"]: row["calls"] for row in rows}


def test_the_quota_of_the_day_is_counted_from_the_calls(client, read, called):
    runs, by_tool = called
    calls = sum(by_tool.values())
    document = read(client, "/stack")
    rows = {row[0]: row[1:] for row in document.rows if len(row) == 7}
    assert rows["Today so far"][:2] == [f"{runs:,}", f"{calls:,}"]
    assert rows["Today so far"][-1] == "✓ Yes"
    ahead = -(-calls * 400 // runs)
    assert rows["A full day at today’s average"][:3] == ["400", f"{ahead:,}", f"{calls / runs:.1f}"]
    assert (
        rows["A full day of runs with three vendors each, as calls are planned"][1]
        == f"{day_of(400, quota=1).calls:,}"
    )
    assert f"SAM.gov exclusions {by_tool['debarment']:,}" in document.text
    assert re.search(
        r"resets at 00:00 UTC, next \S+ (19:00:00 EST|20:00:00 EDT) \(\S+ 00:00:00 UTC\)", document.text
    )


def test_exceeding_the_budget_is_reported(client_of, read, called):
    _, by_tool = called
    calls = sum(by_tool.values())
    document = read(client_of(sam_daily_quota=calls - 1), "/stack")
    assert f"Over the budget of {calls - 1:,} calls by 1 call." in document.text
    assert [row[-1] for row in document.rows if row and row[0] == "Today so far"] == ["✕ Over by 1"]
    within = read(client_of(sam_daily_quota=calls), "/stack").text
    assert "Over the budget of" not in within
    assert f"At this average, 400 runs would pass the budget of {calls:,} by" in within


def test_yesterdays_calls_do_not_count(system, client, read, called):
    (day,) = system.rows("SELECT date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS began")
    began, before = day["began"], day["began"] - timedelta(days=1)
    move = "UPDATE call SET started_at = started_at + %s WHERE started_at >= %s"
    system.execute(move, timedelta(days=-1), began)
    try:
        document = read(client, "/stack")
        rows = {row[0]: row[1:] for row in document.rows if row}
        assert rows["Today so far"][:3] == ["0", "0", "none yet"]
        assert rows["A full day at today’s average"] == ["not known before the first call of the day"]
    finally:
        system.execute(move, timedelta(days=1), before)


def test_the_page_never_reloads_by_itself(client, read):
    looking = read(client, "/stack")
    assert not [meta for meta in looking.all("meta") if meta.get("http-equiv") == "refresh"]
    assert "/stack" in looking.links


@pytest.fixture
def deaf():
    """An address where connections are taken and nothing is ever said."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_parts_that_are_down_or_silent_do_not_hold_up_the_page(client_of, read, deaf):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{unused.getsockname()[1]}"
        client = client_of(
            vault_addr=f"http://{deaf}",
            redis_url=f"redis://{deaf}/0",
            documents_url=f"http://{dead}",
            database_url=f"postgresql+psycopg://nobody@{dead}/nowhere",
        )
        began = time.monotonic()
        document = read(client, "/stack")
        assert time.monotonic() - began < 5
    conditions = {row[0]: row[1] for row in document.rows[1:10]}
    for name in ("database", "vault", "broker", "documents"):
        assert conditions[name] == "✕ No answer", name
    assert conditions["sam-gov"] == "✓ Up"
    notes = {row[0]: row[3] for row in document.rows[1:10]}
    assert notes["vault"] == notes["broker"] == "no answer within 1 s"
    assert notes["documents"] == "no answer (connection refused)"
    assert "Needs attention: database, vault, broker, documents." in document.text
    assert "the queue cannot be shown" in document.text
    assert "the use of the quota cannot be shown" in document.text


def test_the_served_process_sees_the_same_parts(served):
    answer = served("officer-a").get("/stack")
    assert answer.status_code == 200
    assert answer.text.count("✓</span> Up") >= 7
