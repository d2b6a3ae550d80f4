"""Which credentials end, when, and which outlive their run."""

import json
import time

import psycopg
import pytest
from joserfc import jws

LEASED = ("contracts", "documents", "ledger")
SIGNED = ("sam-gov", "debarment")


def accepted(insider, run):
    """The tools whose service still lets this run's credential in."""
    return {tool for tool in run.issued if insider.accepts(tool, run.secret(tool), user=run.database_user)}


def test_with_its_run_everything_ends_that_can_be_ended(insider, until):
    with insider.run() as run:
        assert accepted(insider, run) == {*LEASED, *SIGNED}
        assert insider.is_token(run.token)
    assert not insider.is_token(run.token)
    # Leases are queued for revocation; API keys are refused with the very next request.
    assert not accepted(insider, run) & {"contracts", "documents"}
    until(lambda: accepted(insider, run) == set(SIGNED), seconds=10, what="the end of the database user")


def test_a_dead_run_token_can_do_nothing(insider):
    with insider.run() as run:
        pass
    for path in ("identity/oidc/token/sam-gov", "database/creds/ledger-reader"):
        assert not insider.may(run.token, "GET", path)
    for path in ("auth/token/create/contracts", "auth/token/revoke-self"):
        assert not insider.may(run.token, "POST", path)


def test_a_database_session_that_is_open_is_cut(insider, system, until):
    with insider.run() as run:
        session = system.ledger(run.database_user, run.secret("ledger"))
        assert session.execute("SELECT 1").fetchone() == (1,)

    def is_cut():
        try:
            session.execute("SELECT 1")
        except (psycopg.errors.AdminShutdown, psycopg.OperationalError):
            return True
        return False

    with session:
        until(is_cut, seconds=10, what="the end of the session")
    users = "SELECT 1 FROM pg_roles WHERE rolname = %s"
    until(lambda: not system.rows(users, run.database_user), seconds=10, what="the end of the database user")


@pytest.mark.parametrize("tool", LEASED)
def test_one_credential_can_be_ended_alone(insider, system, held, until, tool):
    record = held.issued[tool].record
    if tool == "ledger":
        path, data = "sys/leases/revoke", {"lease_id": record.lease_id}
    else:
        path, data = "auth/token/revoke-accessor", {"accessor": record.accessor}
    assert system.ask_vault("PUT", path, data).is_success
    rest = {*LEASED, *SIGNED} - {tool}
    until(lambda: accepted(insider, held) == rest, seconds=10, what="the end of that one")
    assert insider.is_token(held.token)


@pytest.fixture
def short_lived(system):
    """Tokens for SAM.gov live three seconds, for the time of one test."""
    path = "identity/oidc/role/sam-gov"
    usual = system.ask_vault("GET", path).json()["data"]
    try:
        assert system.ask_vault("POST", path, {**usual, "ttl": 3}).is_success
        yield
    finally:
        assert system.ask_vault("POST", path, usual).is_success
        assert system.ask_vault("GET", path).json()["data"] == usual


def test_a_signed_token_outlives_its_run_but_not_its_ttl(insider, short_lived, until):
    with insider.run() as run:
        assert insider.accepts("sam-gov", run.secret("sam-gov"))
        record = run.issued["sam-gov"].record
        assert (record.expires_at - record.issued_at).total_seconds() == 3
    until(lambda: not insider.accepts("sam-gov", run.secret("sam-gov")), seconds=6, what="its expiry")
    assert time.time() >= expiry(run.secret("sam-gov"))
    refusal = insider.ask("sam-gov", run.secret("sam-gov"))
    assert (refusal.status_code, refusal.json()["detail"]) == (401, "the token has expired")
    assert insider.accepts("debarment", run.secret("debarment"))


def expiry(token):
    return json.loads(jws.extract_compact(token.encode()).payload)["exp"]
