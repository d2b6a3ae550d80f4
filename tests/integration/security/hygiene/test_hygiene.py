"""Every secret of a day with every kind of failure, searched for in every place that outlives it."""

import base64
import hashlib
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_urlsafe

import pytest

FAULTS_OF_RUNS = ["refused", "malformed login", "malformed answer", "vault lost", "revocation fails"]
FAULTS_OF_RUNS += ["broken in the middle", "database error", None, None]
FAULTS_OF_TOOLS = ["sam-gov raises", "documents raises", "ledger raises", "ledger payments"]
STOLEN = 1
RUNS = len(FAULTS_OF_RUNS) + len(FAULTS_OF_TOOLS) + STOLEN
NOTING_WORKER = Path(__file__).with_name("noting_worker.py")


def is_up(child):
    return "ready." in child.log_since_start()


@pytest.fixture(scope="module")
def no_worker(system, broker, until):
    """No worker takes messages until the end of the test."""
    until(lambda: not broker.exists("triage:unacked", "triage:triage-runs"), what="an empty queue")
    system.stack.process_table.kill("worker-1")
    system.stack.process_table.stop("worker-1")
    yield
    system.stack.process_table.start(system.stack.services.worker(1), is_up)
    left = "SELECT 1 FROM run WHERE state NOT IN ('completed', 'failed')"
    until(lambda: not system.rows(left), seconds=180, what="the end of what is left")


@pytest.fixture(scope="module")
def recording_ledger(system, until):
    """A server whose log repeats each statement that makes a login, and each that fails, for all but the vault."""
    wanted = {"log_statement": "ddl", "log_min_error_statement": "error"}

    def set_to(name, value):
        with system.stack.services.database.connect() as connection:
            connection.execute(
                f"ALTER SYSTEM {'SET' if value else 'RESET'} {name} {f'= {value}' if value else ''}"
            )
            connection.execute("SELECT pg_reload_conf()")

        def heard():
            with system.stack.services.database.connect() as connection:
                (now,) = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            return (now == wanted[name]) == bool(value)

        until(heard, what=f"{name} to change")

    for name, value in wanted.items():
        set_to(name, value)
    yield
    for name in wanted:
        set_to(name, None)


@dataclass(frozen=True)
class BadDay:
    """Runs that met all faults, and the secrets there were."""

    run_ids: list
    secrets: set


@pytest.fixture(scope="module")
def waiting(system, broker, no_worker, until, search):
    """Wrapping tokens by run, as they wait in the broker, and where else they are found."""
    run_ids = system.request(*system.actions[:RUNS])
    until(lambda: broker.llen("triage:triage-runs") == RUNS, what="all messages")
    # The search takes longer than an attempt may wait to be taken up, and later attempts meet no fault.
    system.execute(
        "UPDATE attempt SET lease_until = now() + interval '15 minutes' WHERE run_id = ANY(%s)", run_ids
    )
    tokens = {}
    for message in broker.lrange("triage:triage-runs", 0, -1):
        _, arguments, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
        tokens[arguments["run_id"]] = arguments["wrapping_token"]
    assert tokens.keys() == {str(run_id) for run_id in run_ids}
    return run_ids, tokens, search.find(set(tokens.values()), exports=False)


@pytest.fixture(scope="module")
def bad_day(system, waiting, recording_ledger, tmp_path_factory, until):
    run_ids, tokens, _ = waiting
    folder = tmp_path_factory.mktemp("noted")
    faults = dict(zip(map(str, run_ids), FAULTS_OF_RUNS, strict=False))
    for action, fault in zip(system.actions[len(FAULTS_OF_RUNS) :], FAULTS_OF_TOOLS, strict=False):
        tool, _, what = fault.partition(" ")
        faults[f"{tool} {action}"] = what
    stolen = tokens[str(run_ids[-1])]
    opened = system.ask_vault("POST", "sys/wrapping/unwrap", token=stolen).json()["data"]
    (folder / "faults.json").write_text(json.dumps(faults))

    usual = system.stack.services.worker(1)
    command = replace(usual, name="noting", argv=(sys.executable, str(NOTING_WORKER), str(folder)))
    command = replace(command, environment={**usual.environment, "PYTHONPATH": str(usual.folder)})
    system.stack.process_table.start(replace(command, log=usual.log.with_name("noting.log")), is_up)
    try:
        system.wait(run_ids, seconds=180)
        unrevoked = "SELECT 1 FROM attempt WHERE revoked_at IS NULL AND run_id = ANY(%s)"
        until(lambda: not system.rows(unrevoked, run_ids), seconds=120, what="the sweeper's work")
    finally:
        system.stack.process_table.stop("noting")
    noted = set((folder / "secrets").read_text().split())
    return BadDay(run_ids, noted | set(tokens.values()) | {opened["secret_id"]})


def test_what_waits_in_the_broker_is_the_wrapping_token_and_it_is_nowhere_else(waiting):
    *_, found = waiting
    assert {Path(place).name for place, _ in found} == {"broker triage:triage-runs"}


def test_no_secret_is_left_anywhere_after_a_day_that_went_wrong(system, search, bad_day):
    check_that_the_day_went_as_badly_as_meant(system, bad_day)
    recorded = system.rows("SELECT fingerprint FROM credential WHERE run_id = ANY(%s)", bad_day.run_ids)
    known = {hashlib.sha256(secret.encode()).hexdigest() for secret in bad_day.secrets}
    assert {row["fingerprint"] for row in recorded} <= known  # what is searched for is what was issued
    assert len(bad_day.secrets) > 8 * RUNS
    kinds = system.rows("SELECT kind, fingerprint FROM credential WHERE run_id = ANY(%s)", bad_day.run_ids)
    users = {row["fingerprint"] for row in kinds if row["kind"] == "database-user"}
    passwords = {each for each in bad_day.secrets if hashlib.sha256(each.encode()).hexdigest() in users}
    assert len(passwords) > RUNS / 2
    assert {len(password) for password in passwords} == {20}  # a find is one whole

    assert not search.find(bad_day.secrets)


def test_the_vault_takes_none_of_them_any_more(system, bad_day):
    """Not even the token of a login whose answer the worker could not read: the vault's log names it."""
    assert not [secret for secret in bad_day.secrets if is_good(system, secret)]


def is_good(system, secret):
    """Whether the vault would still do anything for this, as a token or as a SecretID."""
    lookup = system.ask_vault("POST", "auth/token/lookup", {"token": secret})
    role_id = system.stack.secrets.read("worker", "run-role-id")
    data = {"role_id": role_id, "secret_id": secret}
    login = system.ask_vault("POST", "auth/approle/login", data, token="")
    return lookup.is_success or login.is_success


def check_that_the_day_went_as_badly_as_meant(system, day):
    failures = {
        str(row["run_id"]): row["failure"] or row["state"]
        for row in system.rows("SELECT * FROM attempt WHERE number = 1 AND run_id = ANY(%s)", day.run_ids)
    }
    endings = dict(zip(FAULTS_OF_RUNS, (failures[str(run_id)] for run_id in day.run_ids), strict=False))
    for malformed in ("malformed login", "malformed answer"):
        assert "answered, but not as a vault does" in endings[malformed]
    assert endings["broken in the middle"] == "RuntimeError in the worker"
    assert endings["database error"] == "IntegrityError in the worker"
    assert endings["vault lost"].startswith("the vault cannot answer")
    assert endings["refused"] == endings["revocation fails"] == "finished"
    assert failures[str(day.run_ids[-1])].startswith("message stolen")
    denied = system.rows("SELECT tool FROM denial WHERE run_id = %s", day.run_ids[0])
    assert denied == [{"tool": "contracts"}]
    outcomes = system.rows("SELECT outcome FROM step WHERE run_id = ANY(%s)", day.run_ids)
    gaps = [row["outcome"] for row in outcomes]
    assert gaps.count("the answer could not be used (RuntimeError)") == 3
    assert "refused the credential (permission denied)" in gaps
    (log,) = system.stack.layout.logs.glob("noting.log")
    assert log.read_text().count("Traceback") + log.read_text().count('"exception"') >= 2


@pytest.fixture
def canary(system, broker, recording_ledger):
    """A secret left in many places, each in another spelling, and taken away again but for the server's log."""
    secret = f"s.{token_urlsafe(24)}"
    log = system.stack.layout.logs / "canary.log"
    key = "triage:canary"
    try:
        log.write_text(f"a token: {secret[:20]}")
        (system.vault.layout.vault / "canary.log").write_text(secret.encode().hex())
        broker.rpush(key, base64.b64encode(f'{{"wrapping_token": "{secret}"}}'.encode()).decode())
        system.execute(
            "INSERT INTO alarm (alarm_id, kind, detail, raised_at) VALUES (gen_random_uuid(), 'test', %s, now())",
            base64.b64encode(f"x{secret}".encode()).decode(),
        )
        with system.stack.services.database.connect() as connection:
            connection.execute(f"CREATE ROLE canary PASSWORD '{secret}'")
            connection.execute("DROP ROLE canary")
        yield secret
    finally:
        log.unlink()
        (system.vault.layout.vault / "canary.log").unlink()
        broker.delete(key)
        system.execute("DELETE FROM alarm WHERE kind = 'test'")


@pytest.fixture
def canary_to_be_exported(system, canary):
    """The same secret where an answer, a reason and a value would bring it into exports."""
    (flag,) = system.rows(
        "SELECT * FROM flag AS found JOIN compared_value USING (flag_id) WHERE current AND version = 0"
        # Of an action whose file the search exports: one of those that were run last.
        " ORDER BY (SELECT max(requested_at) FROM run WHERE run.job_id = found.action_id) DESC LIMIT 1"
    )
    row = (flag["flag_id"], flag["position"])
    system.execute("UPDATE compared_value SET value = %s WHERE flag_id = %s AND position = %s", canary, *row)
    yield flag["action_id"]
    system.execute(
        "UPDATE compared_value SET value = %s WHERE flag_id = %s AND position = %s",
        flag["value"],
        *row,
    )


def test_the_search_finds_what_is_exported(search, canary, canary_to_be_exported):
    found = {Path(place).name for place, _ in search.find({canary})}
    export = f"export {canary_to_be_exported} "
    assert {f"{export}printed", f"{export}contract-file.json"} <= found
    assert {"export _flags.csv?status=any&earlier=1", "export _flags.json?status=any&earlier=1"} <= found


def test_the_search_finds_what_is_there(search, canary):
    found = {Path(place).name for place, _ in search.find({canary}, exports=False)}
    assert {"canary.log", "broker triage:canary", "triage public.alarm", "postgres.log"} <= found
    assert {name for name in found if name.isalnum()}, "PostgreSQL's own files"
