"""What the database refuses, whichever login asks: the worker's without the message, and everybody's about what ended."""

import json
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from app.credentials.proof import HeldAttempt, digest_of, proof_of

#: What a worker calls for an attempt, by function: the arguments after run, number and proof.
CALLS = {
    "record_login": ("{}", "[]"),
    "record_credentials": ("[]", "[]"),
    "record_calls": ("[]", [], [], "[]"),
    "fail_attempt": ("failed", "because"),
    "load_action": (),
    "store_triage": ("[]", "[]", "[]"),
}
LOGIN = {
    "entity_id": "entity",
    "policy": "triage-run",
    "login_request_id": "request",
    "token_accessor": "accessor",
    "issued_at": "2026-01-01T00:00:00+00:00",
    "expires_at": "2027-01-01T00:00:00+00:00",
}
PLAN = [
    {"number": 1, "tool": "sam-gov", "question": "?", "reason": "."},
    {"number": 2, "tool": "debarment", "question": "?", "reason": ".", "why_not": "not needed"},
]


def credential(**changed):
    made = {
        "credential_id": str(uuid4()),
        "tool": "sam-gov",
        "kind": "api-key",
        "vault_path": "path",
        "policy": "policy",
        "scope": "read",
        "request_id": str(uuid4()),
        "fingerprint": str(uuid4()),
        "issued_at": "2099-01-01T00:00:00+00:00",
        "expires_at": "2099-01-02T00:00:00+00:00",
    }
    return made | changed


@pytest.fixture
def connected(system):
    """Opens connections with the login of a process: `connected("worker")`."""
    opened = []

    def open_as(process):
        settings = system.settings(process)
        url = psycopg.conninfo.conninfo_to_dict(settings.database_url.replace("+psycopg", ""))
        password = settings.database_password_file.read_text().strip()
        opened.append(psycopg.connect(**url, password=password, autocommit=True))
        return opened[-1]

    yield open_as
    for connection in opened:
        connection.close()


@pytest.fixture
def worker(connected):
    return connected("worker")


@pytest.fixture
def dispatched(system, insider):
    """Makes attempts that wait for their worker, which is the test."""

    def make():
        run_id = uuid4()
        minted = insider.mint(run_id)
        insider.queue(system.actions[0], run_id, minted)
        return HeldAttempt(run_id, 1, proof_of(minted.wrapping_token.reveal()))

    return make


def call(connection, function, held, *more):
    places = sql.SQL(", ").join(sql.Placeholder() * (3 + len(more)))
    statement = sql.SQL("SELECT * FROM {}({})").format(sql.Identifier(function), places)
    return connection.execute(statement, (held.run_id, held.number, held.proof, *more)).fetchall()


def claim(connection, held):
    # It keeps the proof of the message. A worker brings a new one.
    return call(connection, "claim_attempt", held, digest_of(held.proof or b""), "test", 60.0)


@contextmanager
def refused(match=" "):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=match):
        yield


def test_who_has_not_the_message_cannot_act_for_its_attempt(worker, dispatched, system):
    mine, other = dispatched(), dispatched()
    assert claim(worker, mine) == [(system.actions[0],)]
    forged = [
        replace(mine, proof=proof_of("s.made-up")),
        replace(mine, proof=other.proof),
        replace(other, proof=mine.proof),
        replace(mine, proof=None),
        replace(mine, proof=b""),
        replace(mine, number=2),
        replace(mine, run_id=uuid4()),
    ]
    for held in forged:
        for function, arguments in CALLS.items():
            with refused("may no longer write: the proof is not that of this attempt"):
                call(worker, function, held, *arguments)
        if held.proof:
            with refused("the proof is not that"):
                worker.execute(
                    "SELECT raise_alarm('introduction refused', 'x', %s, %s, %s)",
                    [held.run_id, held.number, held.proof],
                )
    with refused("the proof is not that of this attempt"):
        claim(worker, replace(other, proof=mine.proof))
    assert claim(worker, replace(other, proof=None)) == [(None,)]
    # Its digest, which is what a copy of the database holds, proves nothing.
    (row,) = system.rows("SELECT digest FROM attempt_proof WHERE run_id = %s", other.run_id)
    with refused():
        claim(worker, replace(other, proof=row["digest"]))
    assert call(worker, "load_action", mine)


def test_an_attempt_that_was_not_claimed_or_has_ended_records_nothing(worker, dispatched):
    mine = dispatched()
    for function, arguments in CALLS.items():
        with refused("may no longer write: it is dispatched"):
            call(worker, function, mine, *arguments)
    claim(worker, mine)
    assert claim(worker, mine) == [(None,)]
    call(worker, "store_triage", mine, "[]", "[]", "[]")
    for function, arguments in CALLS.items():
        with refused("may no longer write: it is finished"):
            call(worker, function, mine, *arguments)
    assert claim(worker, mine) == [(None,)]


def test_an_identity_is_recorded_once_and_lives_fifteen_minutes_at_most(worker, dispatched, system):
    mine = dispatched()
    claim(worker, mine)
    call(worker, "record_login", mine, json.dumps(LOGIN), json.dumps(PLAN))
    (kept,) = system.rows(
        "SELECT token_accessor, token_issued_at = claimed_at AS since, token_expires_at - token_issued_at AS life"
        " FROM attempt WHERE run_id = %s",
        mine.run_id,
    )
    assert (kept["token_accessor"], kept["since"], kept["life"].total_seconds()) == ("accessor", True, 900)
    with refused("has one identity"):
        call(worker, "record_login", mine, json.dumps(LOGIN | {"token_accessor": "another"}), "[]")
    again = dispatched()
    claim(worker, again)
    with pytest.raises(psycopg.errors.UniqueViolation):
        call(worker, "record_login", again, json.dumps(LOGIN), json.dumps([PLAN[0], PLAN[0]]))


def test_a_credential_is_one_of_the_plan_and_its_times_are_the_databases(worker, dispatched, system):
    mine = dispatched()
    claim(worker, mine)
    call(worker, "record_login", mine, json.dumps(LOGIN), json.dumps(PLAN))
    for tool in ("debarment", "ledger"):
        with refused("for no needed step"):
            call(worker, "record_credentials", mine, json.dumps([credential(tool=tool)]), "[]")
    call(worker, "record_credentials", mine, json.dumps([credential()]), "[]")
    (kept,) = system.rows(
        "SELECT issued_at <= now() AS past, expires_at - issued_at AS life FROM credential WHERE run_id = %s",
        mine.run_id,
    )
    assert (kept["past"], kept["life"].total_seconds()) == (True, 900)
    with refused("has its own"):
        call(worker, "record_credentials", mine, json.dumps([credential()]), "[]")


def test_calls_answers_and_evidence_of_another_run_are_no_ones_else(worker, dispatched, system):
    mine = dispatched()
    claim(worker, mine)
    (run_id,) = system.run(system.actions[1])
    (theirs,) = system.rows("SELECT * FROM call WHERE run_id = %s LIMIT 1", run_id)
    stated = {
        "call_id": str(uuid4()),
        "credential_id": str(theirs["credential_id"]),
        "operation": "GET",
        "status": 200,
        "started_at": "2026-01-01",
        "latency_ms": 1,
        "answer_bytes": 0,
    }
    with refused("is of another attempt"):
        call(worker, "record_calls", mine, json.dumps([stated]), [], [], "[]")
    with refused("is of another attempt"):
        call(worker, "record_calls", mine, "[]", [theirs["call_id"]], [b"forged"], "[]")
    piece = {
        "evidence_id": str(uuid4()),
        "call_id": str(theirs["call_id"]),
        "source": "sam-gov",
        "record_key": "x",
        "kind": "x",
        "fact": {},
        "pulled_at": "2026-01-01",
    }
    with refused("is of another run"):
        call(worker, "store_triage", mine, json.dumps([piece]), "[]", "[]")
    (flag,) = system.rows("SELECT flag_id FROM flag LIMIT 1")
    value = {"flag_id": str(flag["flag_id"]), "position": 99, "source": "x", "label": "x", "value": "x"}
    with refused("is of another run"):
        call(worker, "store_triage", mine, "[]", "[]", json.dumps([value]))
    (attempt,) = system.rows("SELECT state FROM attempt WHERE run_id = %s", mine.run_id)
    assert attempt["state"] == "running"


def test_alarms_of_a_worker_are_few_and_of_its_own_kinds(worker, dispatched, system):
    mine = dispatched()
    for kind, held in (
        ("introduction refused", None),
        ("unknown message", mine),
        ("forged", None),
        (None, None),
    ):
        about = (held.run_id, held.number, held.proof) if held else (None, None, None)
        with refused("raises no such alarm"):
            worker.execute("SELECT raise_alarm(%s::text, 'x', %s, %s, %s)", [kind, *about])
    raised = [
        worker.execute(
            "SELECT raise_alarm('introduction refused', %s, %s, 1, %s)", ["x" * 9999, mine.run_id, mine.proof]
        ).fetchone()
        for _ in range(12)
    ]
    assert raised == [(True,)] * 10 + [(False,)] * 2
    kept = system.rows("SELECT length(detail) AS length FROM alarm WHERE run_id = %s", mine.run_id)
    assert kept == [{"length": 500}] * 10
    system.execute("DELETE FROM alarm WHERE run_id = %s", mine.run_id)


def test_the_inner_functions_are_for_no_login(connected, dispatched):
    mine = dispatched()
    for process in ("worker", "dispatcher", "sweeper", "web"):
        login = connected(process)
        for function in ("hold_attempt", "finish_attempt"):
            with refused("permission denied for function"):
                call(login, function, mine)
        with refused("permission denied for function"):
            login.execute("SELECT requeue_run(%s, '')", [mine.run_id])


def test_a_dispatcher_records_an_attempt_for_a_waiting_run_only(connected, dispatched, system):
    login = connected("dispatcher")
    (run_id,) = system.run(system.actions[0])
    dispatch = "SELECT dispatch_attempt(%s, %s, 'x', 'x', %s, 60, 4)"
    for run, number in ((run_id, 2), (dispatched().run_id, 1), (dispatched().run_id, 2), (uuid4(), 1)):
        with refused("waits for no attempt"):
            login.execute(dispatch, [run, number, b"digest"])
    mine = dispatched()
    worker = connected("worker")
    claim(worker, mine)
    login.execute("SELECT return_attempt(%s, 1, 'forged')", [mine.run_id])
    (attempt,) = system.rows("SELECT state FROM attempt WHERE run_id = %s", mine.run_id)
    assert attempt["state"] == "running"
    login.execute("SELECT beat('late', 'host', 1, now(), NULL)")
    assert system.rows("SELECT 1 FROM heartbeat WHERE process = 'dispatcher'")


#: Statements about a run that has ended, with its id as the only parameter: no role carries them out.
FORGERIES = [
    "UPDATE run SET state = 'requested' WHERE run_id = %s",
    "UPDATE run SET state = 'failed' WHERE run_id = %s",
    "UPDATE run SET finished_at = now() WHERE run_id = %s",
    "UPDATE run SET stop_requested_at = now() WHERE run_id = %s",
    "UPDATE run SET requested_by = 'another' WHERE run_id = %s",
    "DELETE FROM run WHERE run_id = %s",
    "UPDATE attempt SET state = 'running' WHERE run_id = %s",
    "UPDATE attempt SET state = 'lost' WHERE run_id = %s",
    "UPDATE attempt SET token_accessor = 'another' WHERE run_id = %s",
    "UPDATE attempt SET login_request_id = NULL WHERE run_id = %s",
    "UPDATE attempt SET secret_id_accessor = 'another' WHERE run_id = %s",
    "UPDATE attempt SET failure = 'none' WHERE run_id = %s",
    "UPDATE attempt SET worker = 'another' WHERE run_id = %s",
    "UPDATE attempt SET lease_until = now() WHERE run_id = %s",
    "UPDATE attempt SET revoked_at = now() WHERE run_id = %s",
    "UPDATE attempt SET revoked_at = NULL, revoked_by = NULL WHERE run_id = %s",
    "DELETE FROM attempt WHERE run_id = %s",
    "UPDATE attempt_proof SET digest = '' WHERE run_id = %s",
    "DELETE FROM attempt_proof WHERE run_id = %s",
    "UPDATE credential SET accessor = 'another' WHERE run_id = %s",
    "UPDATE credential SET revoked_at = now() WHERE run_id = %s AND kind <> 'signed-token'",
    "UPDATE credential SET expires_at = now() WHERE run_id = %s",
    "DELETE FROM credential WHERE run_id = %s",
    "UPDATE step SET outcome = 'not asked' WHERE run_id = %s",
    "UPDATE step SET why_not = 'forged' WHERE run_id = %s",
    "DELETE FROM step WHERE run_id = %s",
    "UPDATE call SET status = 500 WHERE run_id = %s",
    "DELETE FROM call WHERE run_id = %s",
    "UPDATE answer SET body = '' WHERE call_id IN (SELECT call_id FROM call WHERE run_id = %s)",
    "DELETE FROM answer WHERE call_id IN (SELECT call_id FROM call WHERE run_id = %s)",
    "UPDATE denial SET reason = '' WHERE run_id = %s",
    "DELETE FROM denial WHERE run_id = %s",
    "UPDATE alarm SET detail = '' WHERE run_id = %s",
    "DELETE FROM alarm WHERE run_id = %s",
    "UPDATE evidence SET fact = '{}' WHERE run_id = %s",
    "DELETE FROM evidence WHERE run_id = %s",
    "UPDATE flag SET severity = 'advisory' WHERE run_id = %s",
    "UPDATE flag SET because = '' WHERE run_id = %s",
    "UPDATE flag SET current = NOT current, version = version + 1 WHERE run_id = %s",
    "UPDATE flag SET status = 'closed', decision = 'not_a_discrepancy' WHERE run_id = %s",
    "UPDATE flag SET version = version + 1, status = 'closed' WHERE run_id = %s",
    "DELETE FROM flag WHERE run_id = %s",
    "UPDATE compared_value SET value = '' WHERE flag_id IN (SELECT flag_id FROM flag WHERE run_id = %s)",
    "DELETE FROM compared_value WHERE flag_id IN (SELECT flag_id FROM flag WHERE run_id = %s)",
    "UPDATE action SET amount = 0 WHERE action_id = (SELECT job_id FROM run WHERE run_id = %s)",
    "DELETE FROM action WHERE action_id = (SELECT job_id FROM run WHERE run_id = %s)",
]


@pytest.fixture(scope="module")
def ended(system):
    """A run that ended with flags, and whose end was confirmed."""
    (run_id,) = system.run("ACT-2026-0012")
    waiting = "SELECT 1 FROM attempt WHERE run_id = %s AND revoked_at IS NULL"
    while system.rows(waiting, run_id):
        system.stack.check()
    return run_id


@pytest.mark.parametrize("statement", FORGERIES)
def test_what_has_ended_stays_as_it_is_whichever_role_asks(system, ended, connected, statement):
    server = system.stack.services.database
    with server.connect("triage") as owner:
        owner.execute("SET ROLE triage_owner")
        with refused(" is refused: "):
            owner.execute(statement, [ended])
    with server.connect("triage") as superuser, refused(" is refused: "):
        superuser.execute(statement, [ended])
    for process in ("worker", "dispatcher", "sweeper", "web"):
        with refused():
            connected(process).execute(statement, [ended])


@pytest.mark.parametrize(
    "table",
    [
        "run",
        "attempt",
        "attempt_proof",
        "attempt_hold",
        "step",
        "credential",
        "denial",
        "call",
        "answer",
        "alarm",
        "action",
        "evidence",
        "flag",
        "compared_value",
        "review_event",
        "export_record",
    ],
)
def test_no_table_of_the_record_is_emptied(system, table, until):
    def answered():
        """Other processes are at work: their locks and this one's may be in each other's way."""
        try:
            owner.execute(f"TRUNCATE {table} CASCADE")
        except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
            return False
        return True

    with system.stack.services.database.connect("triage") as owner:
        owner.execute("SET ROLE triage_owner")
        with refused(" is refused: "):
            until(answered, what="an answer of the database")


def test_a_run_is_completed_by_a_finished_attempt_and_never_goes_back(system, dispatched):
    mine = dispatched()
    with system.stack.services.database.connect("triage") as owner:
        for statement in (
            "UPDATE run SET state = 'completed' WHERE run_id = %s",
            "UPDATE run SET attempt = 2 WHERE run_id = %s",
            "UPDATE run SET attempt = 0 WHERE run_id = %s",
            "UPDATE attempt SET state = 'finished' WHERE run_id = %s",
            "UPDATE attempt SET worker = 'forged' WHERE run_id = %s",
            "UPDATE attempt SET token_accessor = 'forged' WHERE run_id = %s",
            "UPDATE attempt SET revoked_at = now() WHERE run_id = %s",
        ):
            with refused():
                owner.execute(statement, [mine.run_id])


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO run (run_id, job_id, requested_by, state) VALUES (gen_random_uuid(), %s, 'x', 'completed')",
        "INSERT INTO run (run_id, job_id, requested_by, attempt) VALUES (gen_random_uuid(), %s, 'x', 7)",
        "INSERT INTO run (run_id, job_id, requested_by, requested_at) VALUES (gen_random_uuid(), %s, 'x', '2020-01-01')",
        "UPDATE run SET state = 'failed' WHERE job_id = %s",
        "UPDATE run SET waiting_reason = 'x' WHERE job_id = %s",
        "INSERT INTO alarm (kind, detail) VALUES ('x', %s)",
        "INSERT INTO attempt_proof VALUES (gen_random_uuid(), 1, %s)",
        "SELECT * FROM attempt_proof WHERE digest = %s",
        "INSERT INTO action (action_id, submitted_at) VALUES (%s, '2020-01-01')",
        "INSERT INTO submission (by, key, digest, outcome, at) VALUES ('x', %s, 'x', '{}', '2020-01-01')",
        "INSERT INTO web_session (id_hash, roles, data, created_at) VALUES (%s, '{}', '{}', '2099-01-01')",
        "INSERT INTO person VALUES (%s, 'x', '{}')",
        "DELETE FROM review_event WHERE by = %s",
    ],
)
def test_the_web_login_says_of_a_run_only_that_it_is_wanted_or_no_longer(connected, system, statement):
    with refused("permission denied"):
        connected("web").execute(statement, [system.actions[0]])


def test_a_stop_is_requested_once_and_an_answer_kept_for_a_week(connected, dispatched, system):
    mine, web = dispatched(), connected("web")
    stop = "UPDATE run SET stop_requested_at = now(), stop_requested_by = %s WHERE run_id = %s"
    with web.transaction(force_rollback=True):
        web.execute(stop, ["operator-a", mine.run_id])
        with refused("only goes forward"):
            web.execute(stop, ["operator-b", mine.run_id])
    key = str(uuid4())
    web.execute("INSERT INTO submission (by, key, digest, outcome) VALUES ('x', %s, 'x', '{}')", [key])
    with refused("may still send this again"):
        web.execute("DELETE FROM submission WHERE key = %s", [key])
    system.execute("DELETE FROM submission WHERE key = %s", key)


def test_every_column_is_either_kept_or_known_to_change(system):
    """A column that is added later needs a decision."""
    changing = {
        "run": {
            *(
                "state",
                "attempt",
                "max_attempts",
                "not_before",
                "started_at",
                "finished_at",
                "waiting_reason",
                "reserved_until",
            ),
            *("failure", "stop_requested_at", "stop_requested_by"),
        },
        "attempt": {
            *("state", "lease_until", "worker", "claimed_at", "entity_id", "policy", "login_request_id"),
            *(
                "token_accessor",
                "token_issued_at",
                "token_expires_at",
                "revoked_at",
                "revoked_by",
                "ended_at",
            ),
            "failure",
        },
        "step": {"outcome"},
        "credential": {"revoked_at", "ended_by"},
        "switch_order": {"number", "carried_out_at", "done_at", "outcome", "tries", "next_try_at"},
        "alarm": {"state", "seen", "last_seen_at", "credential_id"},
        "flag": {
            *("status", "decision", "decided_at", "assignee", "assigned_to", "version", "current"),
            *("office", "due_on", "open_since"),  # the last has a trigger of its own
        },
    }
    free = system.rows(
        "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " JOIN pg_trigger ON tgrelid = pg_class.oid AND tgname = 'columns_stay'"
        " WHERE attnum > 0 AND NOT attisdropped AND NOT attnum = ANY (tgattr)"
    )
    found = {}
    for row in free:
        found.setdefault(row["relname"], set()).add(row["attname"])
    assert found == changing


def test_a_worker_of_an_earlier_version_is_refused_and_its_run_is_redone(worker, dispatched, system):
    """Its dispatcher recorded no proof, and it knows no function."""
    mine = dispatched()
    system.execute("DELETE FROM attempt_proof WHERE run_id = %s", mine.run_id)
    with refused("permission denied for table attempt"):
        worker.execute(
            "UPDATE attempt SET state = 'running', claimed_at = now() WHERE run_id = %s", [mine.run_id]
        )
    with refused("permission denied for table evidence"):
        worker.execute("INSERT INTO evidence (run_id) VALUES (%s)", [mine.run_id])
    assert claim(worker, mine) == [(None,)]
    system.execute("UPDATE attempt SET lease_until = now() WHERE run_id = %s", mine.run_id)
    system.wait([mine.run_id])
    attempts = system.rows("SELECT state FROM attempt WHERE run_id = %s ORDER BY number", mine.run_id)
    assert [attempt["state"] for attempt in attempts] == ["lost", "finished"]
