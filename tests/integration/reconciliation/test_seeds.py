"""What somebody leaves behind on one of the three sides raises its alarm within seconds: on real servers."""

import secrets
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from app.connections.database import connect
from app.procurement.systems import ISSUING_PATHS, SYSTEMS
from app.reconciliation import leftover_kinds as kinds
from app.reconciliation.matching import leftovers
from app.reconciliation.report import count_used, reconcile, reconcile_run
from app.reconciliation.side_records import SideRecords
from app.reconciliation.verdict import Verdict
from tests.conftest import TLS, wait_until

#: Seconds until the alarm.
SOON = 10
#: Each is done to a finished run by somebody with every right at the database.
SEEDS = {
    "accessor rewritten": (
        "UPDATE credential SET accessor = 'another' WHERE run_id = %s AND kind = 'api-key'",
        kinds.CONTRADICTED,
    ),
    "lease rewritten": (
        "UPDATE credential SET lease_id = 'another' WHERE run_id = %s AND kind = 'database-user'",
        kinds.CONTRADICTED,
    ),
    "end rewritten": (
        "UPDATE credential SET revoked_at = revoked_at - interval '1 h' WHERE run_id = %s AND kind = 'api-key'",
        kinds.CONTRADICTED,
    ),
    "credential given to another attempt": (
        "UPDATE vault_event SET attempt = 2 WHERE run_id = %s AND kind = 'issued' AND service_user IS NOT NULL",
        kinds.CONTRADICTED,
    ),
    "record of an issue that the vault never answered": (
        "UPDATE credential SET request_id = 'invented' WHERE run_id = %s AND kind = 'database-user'",
        kinds.RECORDED_ONLY,
    ),
    "lines of an issue deleted": (
        "DELETE FROM vault_event WHERE run_id = %s AND kind = 'issued' AND accessor IS NOT NULL",
        kinds.RECORDED_ONLY,
    ),
    "record of a credential deleted": (
        "DELETE FROM credential WHERE run_id = %s AND kind = 'signed-token'",
        kinds.ISSUED_ONLY,
    ),
    "record of a used credential deleted": (
        "DELETE FROM credential WHERE run_id = %s AND kind = 'database-user'",
        kinds.USED_ONLY,
    ),
    "calls deleted": ("DELETE FROM call WHERE run_id = %s", kinds.USED_MORE),
    "call invented": (
        (
            "INSERT INTO call (call_id, credential_id, run_id, attempt, operation, status, started_at, latency_ms,"
            " answer_bytes) SELECT gen_random_uuid(), credential_id, run_id, attempt, 'GET /x', 200, now(), 1, 1"
            " FROM credential, generate_series(1, 20) WHERE run_id = %s AND kind <> 'database-user'"
        ),
        kinds.NEVER_SEEN,
    ),
    "use deleted": (
        "DELETE FROM tool_use WHERE fingerprint IN (SELECT fingerprint FROM credential WHERE run_id = %s)",
        kinds.NEVER_SEEN,
    ),
    "use moved": (
        (
            "UPDATE tool_use SET remote_address = '10.9.9.9' WHERE number IN (SELECT min(number) FROM tool_use"
            " JOIN credential USING (fingerprint) WHERE run_id = %s)"
        ),
        kinds.USED_ELSEWHERE,
    ),
    "every login moved": (
        (
            "UPDATE tool_use SET remote_address = '10.9.9.9' WHERE service_user IN (SELECT service_user FROM credential"
            " WHERE run_id = %s)"
        ),
        kinds.USED_ELSEWHERE,
    ),
    "use after the end": (
        (
            "UPDATE tool_use SET at = at + interval '1 min' WHERE number IN (SELECT min(number) FROM tool_use"
            " JOIN credential USING (fingerprint) WHERE run_id = %s)"
        ),
        kinds.USED_LATE,
    ),
}


@pytest.fixture(scope="module")
def watched(start_system, tmp_path_factory) -> Iterator[Any]:
    """A system of its own: other tests count alarms."""
    with start_system(tmp_path_factory.mktemp("watched")) as running:
        yield running


@pytest.fixture
def alarmed(watched) -> Callable[..., None]:
    """Waits for an alarm of a kind, about a run or with words in its details."""

    def wait(kind: str, *, run_id: UUID | None = None, words: str = "") -> None:
        query = "SELECT 1 FROM alarm WHERE kind = %s AND (run_id = %s OR %s::uuid IS NULL) AND strpos(detail, %s) > 0"
        wait_until(
            lambda: watched.rows(query, kind, run_id, run_id, words), seconds=SOON, what=f"the alarm {kind}"
        )

    return wait


def test_runs_alone_raise_no_alarm_and_all_sides_agree(watched):
    watched.run("ACT-2026-0004", "ACT-2026-0012", "ACT-2026-0003")
    counted = "SELECT (SELECT count(*) FROM vault_event WHERE kind = 'issued') AS issued, count(*) AS recorded FROM credential"
    wait_until(
        lambda: watched.rows(counted) == [{"issued": 15, "recorded": 15}], seconds=SOON, what="all answers"
    )
    seen = "SELECT count(DISTINCT coalesce(fingerprint, service_user)) AS n FROM tool_use"
    wait_until(lambda: watched.rows(seen)[0]["n"] == 15, seconds=SOON, what="all uses")
    (began,) = watched.rows("SELECT now() AS at")
    judged = "SELECT 1 FROM log_source WHERE read_until > %s + interval '6 s'"
    wait_until(lambda: watched.rows(judged, began["at"]), seconds=30, what="two looks at everything")
    assert watched.rows("SELECT kind, detail FROM alarm") == []


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_changed_in_the_records_of_a_finished_run_is_found(watched, alarmed, seed):
    change, kind = SEEDS[seed]
    (run_id,) = watched.run("ACT-2026-0004")
    uses = "SELECT 1 FROM tool_use JOIN credential USING (fingerprint) WHERE run_id = %s"
    wait_until(lambda: watched.rows(uses, run_id), seconds=SOON, what="its uses")
    ended = "SELECT 1 FROM attempt WHERE run_id = %s AND revoked_at IS NOT NULL"
    wait_until(lambda: watched.rows(ended, run_id), seconds=SOON, what="its confirmed end")
    with watched.stack.services.database.connect("triage") as database, database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")  # not even triggers stand in the way
        assert database.execute(change, [run_id]).rowcount
    unnamed = kind in (kinds.USED_ONLY, kinds.ISSUED_ONLY)
    about = "SELECT 1 FROM alarm JOIN credential USING (credential_id, run_id) WHERE alarm.kind = %s AND run_id = %s"
    alarmed(kind, run_id=None if kind == kinds.USED_ONLY else run_id)
    assert unnamed or watched.rows(about, kind, run_id)


@pytest.mark.parametrize("tool", ["contracts", "sam-gov"])
def test_a_made_up_credential_is_found(watched, alarmed, tool):
    header = (
        {"X-Api-Key": secrets.token_urlsafe()}
        if tool == "contracts"
        else {"Authorization": f"Bearer {secrets.token_urlsafe()}"}
    )
    path = {"contracts": "/contract-awards/v1/search?piid=x", "sam-gov": "/entity-information/v4/entities"}[
        tool
    ]
    answer = httpx.get(watched.stack.endpoints[tool] + path, headers=header, trust_env=False, verify=TLS)
    assert answer.status_code in (401, 403)
    alarmed(kinds.USED_ONLY, words=f"was refused at {tool}")


def test_a_login_that_no_run_was_given_is_found(watched, alarmed):
    server = watched.stack.services.database
    with server.connect("postgres") as database:
        database.execute("CREATE ROLE intruder LOGIN PASSWORD 'x' IN ROLE ledger_reader")
        database.execute("GRANT CONNECT ON DATABASE ledger TO intruder")
    address = watched.stack.endpoints["postgres"].removeprefix("postgresql://")
    with psycopg.connect(f"postgresql://intruder:x@{address}/ledger"):
        pass
    alarmed(kinds.USED_ONLY, words="user intruder was used at ledger")


@pytest.mark.parametrize("user", ["nobody-was-given-this", "ledger_owner"])
def test_a_guessed_password_at_the_ledger_is_found(watched, alarmed, user):
    """Also that of a user that no run is given. All of one address are one alarm."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        watched.ledger(user, "a guess")
    use = "SELECT 1 FROM tool_use WHERE service_user = %s AND status = 401"
    wait_until(lambda: watched.rows(use, user), seconds=SOON, what="the use")
    alarmed(kinds.USED_ONLY, words="a login was refused at ledger from 127.0.0.1")


def test_a_guessed_password_of_a_user_of_a_run_is_found(watched, alarmed):
    (run_id,) = watched.run("ACT-2026-0012")
    (row,) = watched.rows(
        "SELECT service_user FROM credential WHERE run_id = %s AND service_user IS NOT NULL", run_id
    )
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        watched.ledger(row["service_user"], "a guess")
    alarmed(kinds.USED_MORE, run_id=run_id)


def test_a_connection_from_where_nobody_may_connect_is_found(watched, alarmed):
    address, _, port = watched.stack.endpoints["postgres"].removeprefix("postgresql://").rpartition(":")
    asked = b"user\0somebody\0database\0ledger\0\0"
    with socket.create_connection((address, int(port)), timeout=5, source_address=("127.0.0.2", 0)) as client:
        client.sendall(struct.pack("!ii", len(asked) + 8, 3 << 16) + asked)
        assert b"no pg_hba.conf entry" in client.recv(1000)
    alarmed(kinds.USED_ONLY, words="a login was refused at ledger from 127.0.0.2")


@pytest.fixture
def compared(watched) -> Callable[..., Any]:
    """Compares the sides between two times, as a report does."""
    engine = connect(watched.settings("reconciler"), pool_size=1)
    yield lambda *times: reconcile(engine, {each.credential.path: each.name for each in SYSTEMS}, *times)
    engine.dispose()


@pytest.fixture
def stretch(watched) -> Callable[..., Any]:
    """Runs of these actions alone: their ids, and the time (UTC) from before them until all logs are read."""

    def made(*actions: str) -> tuple[list[UUID], Any, Any]:
        (began,) = watched.rows("SELECT now() AS at")
        run_ids = watched.run(*actions)
        (ended,) = watched.rows("SELECT now() AS at")
        read = "SELECT 1 FROM log_source HAVING min(read_until) > %s"
        wait_until(lambda: watched.rows(read, ended["at"]), seconds=SOON, what="its uses")
        return run_ids, began["at"], ended["at"]

    return made


def test_a_report_leaves_out_what_agrees_and_nothing_else(watched, stretch):
    """Of everything above, attempt by attempt."""
    (clean,), _, until = stretch("ACT-2026-0004")
    ended = "SELECT 1 FROM attempt WHERE run_id = %s AND revoked_at IS NOT NULL"
    wait_until(lambda: watched.rows(ended, clean), seconds=SOON, what="its confirmed end")
    (first,) = watched.rows("SELECT min(dispatched_at) AS at FROM attempt")
    engine = connect(watched.settings("reconciler"), pool_size=1)
    sides = SideRecords(engine, ISSUING_PATHS)
    for since in (first["at"], first["at"] + (until - first["at"]) / 2):
        all_of_it, _ = sides.between(since, until)
        doubtful, _, _ = sides.doubtful(since, until)
        found = reconcile(engine, ISSUING_PATHS, since, until)
        assert sorted(map(str, found.leftovers)) == sorted(map(str, leftovers(all_of_it)))
        assert found.leftovers
        assert found.issued == sum(since <= each.at < until for each in all_of_it.issued)
        assert found.recorded == sum(since <= each.issued_at < until for each in all_of_it.recorded)
        assert found.used == count_used(all_of_it, since, until)
        assert clean not in doubtful.runs
    for row in watched.rows("SELECT run_id FROM run WHERE state = 'completed'"):
        found = reconcile_run(engine, ISSUING_PATHS, row["run_id"])
        all_of_it, _ = sides.between(found.since, found.until, row["run_id"])
        assert sorted(map(str, found.leftovers)) == sorted(map(str, leftovers(all_of_it)))
        assert (found.issued, found.recorded) == (len(all_of_it.issued), len(all_of_it.recorded))
        names = {each.service_user or each.fingerprint for each in all_of_it.used} - {None}
        assert found.used == len(names)
    engine.dispose()


def test_earlier_runs_show_that_all_uses_of_one_came_from_elsewhere(watched, stretch, compared):
    """Also in a report of that run alone."""
    watched.run("ACT-2026-0004")
    (run_id,), *times = stretch("ACT-2026-0012")
    moved = (
        "UPDATE tool_use SET remote_address = '10.9.9.9' WHERE fingerprint IN (SELECT fingerprint FROM credential"
        " WHERE run_id = %s)"
    )
    watched.execute(moved, run_id)
    elsewhere = {each.system for each in compared(*times).unexplained if each.kind == kinds.USED_ELSEWHERE}
    assert elsewhere == {each.name for each in SYSTEMS} - {"ledger"}


def test_clocks_that_differ_are_judged_with_the_difference(watched, stretch, compared):
    run_ids, *times = stretch("ACT-2026-0004", "ACT-2026-0012", "ACT-2026-0003")
    ended = "SELECT count(*) AS n FROM attempt WHERE run_id = ANY(%s) AND revoked_at IS NOT NULL"
    wait_until(lambda: watched.rows(ended, run_ids)[0]["n"] == 3, seconds=SOON, what="confirmed ends")
    with watched.stack.services.database.connect("triage") as database, database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")
        database.execute("UPDATE vault_event SET at = at + interval '40 s' WHERE run_id = ANY(%s)", [run_ids])
        database.execute("UPDATE tool_use SET at = at + interval '30 s' WHERE system = 'documents'")
        database.execute("UPDATE tool_use SET at = at - interval '30 s' WHERE system = 'sam-gov'")
    assert [each for each in compared(*times).unexplained if each.run_id in run_ids] == []
    (now,) = watched.rows("SELECT now() AS at")
    judged = "SELECT 1 FROM log_source HAVING min(read_until) > %s + interval '6 s'"
    wait_until(lambda: watched.rows(judged, now["at"]), seconds=30, what="two looks at everything")
    assert watched.rows("SELECT kind, detail FROM alarm WHERE run_id = ANY(%s)", run_ids) == []


def test_a_record_is_left_over_only_when_the_log_must_have_been_read(watched):
    (run_id,) = watched.run("ACT-2026-0004")
    ended = "SELECT 1 FROM attempt WHERE run_id = %s AND revoked_at IS NOT NULL"
    wait_until(lambda: watched.rows(ended, run_id), seconds=SOON, what="its confirmed end")
    table, engine = watched.stack.process_table, connect(watched.settings("reconciler"), pool_size=1)
    table.stop("sweeper")
    try:
        with watched.stack.services.database.connect("triage") as database, database.transaction():
            database.execute("SET LOCAL session_replication_role = replica")
            database.execute("DELETE FROM vault_event WHERE run_id = %s AND kind = 'issued'", [run_id])
            database.execute("UPDATE credential SET issued_at = now() WHERE run_id = %s", [run_id])
            database.execute(
                "UPDATE attempt SET ended_at = now(), revoked_at = now() WHERE run_id = %s", [run_id]
            )
        found = reconcile_run(engine, ISSUING_PATHS, run_id)
        assert (found.verdict, found.unexplained) == (Verdict.NOT_ESTABLISHED, [])
        assert "what the vault’s log says of the last two seconds has not been recorded yet" in found.missing
        wait_until(
            lambda: reconcile_run(engine, ISSUING_PATHS, run_id).verdict is Verdict.FAIL,
            seconds=SOON,
            what="what is left over",
        )
    finally:
        engine.dispose()
        table.start(watched.stack.services.background("sweeper"), lambda _: True)
