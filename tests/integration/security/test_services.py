"""Each service accepts its own credential and refuses those of the other four; payments are always refused."""

import json
import ssl

import httpx
import psycopg
import pytest

TLS = ssl.create_default_context()
HTTP = ("sam-gov", "debarment", "contracts", "documents")
ERROR_KEYS = {
    "sam-gov": {"Status", "timestamp", "message", "detail", "errorCode", "transaction_id"},
    "debarment": {"Status", "timestamp", "message", "detail", "errorCode", "transaction_id"},
    "contracts": {"message", "detail"},
    "documents": {"error"},
}
#: What each says to a credential that is not its own.
REFUSAL = {"sam-gov": 401, "debarment": 401, "contracts": 403, "documents": 401}


def accesses(system, service, **wanted):
    """The requests that a service logged with these fields. A run that another test left may ask something meanwhile."""
    file = system.stack.layout.access / f"{service}.jsonl"
    logged = [json.loads(line) for line in file.read_text().splitlines()]
    return [each for each in logged if wanted.items() <= each.items()]


@pytest.mark.parametrize("service", HTTP)
@pytest.mark.parametrize("tool", [*HTTP, "ledger"])
def test_a_service_takes_its_own_credential_only(insider, system, held, service, tool):
    answer = insider.ask(service, held.secret(tool))
    if service == tool:
        assert answer.status_code in (200, 204)
    else:
        assert answer.status_code == REFUSAL[service]
        assert set(answer.json()) == ERROR_KEYS[service]
    seen = accesses(system, service, fingerprint=held.issued[tool].record.fingerprint)
    assert [each["status"] for each in seen] == [answer.status_code]


@pytest.mark.parametrize("tool", [*HTTP, "ledger"])
def test_the_ledger_takes_its_own_user_only(insider, held, tool):
    assert insider.accepts("ledger", held.secret(tool), user=held.database_user) == (tool == "ledger")


@pytest.mark.parametrize("service", HTTP)
def test_the_run_token_is_no_credential_for_any_service(insider, held, service):
    assert insider.ask(service, held.token).status_code == REFUSAL[service]


def test_the_ledger_does_not_let_one_run_in_as_another(insider, held):
    with insider.run() as other:
        assert not insider.accepts("ledger", other.secret("ledger"), user=held.database_user)
        assert insider.accepts("ledger", other.secret("ledger"), user=other.database_user)


@pytest.mark.parametrize("user", ["ledger_owner", "vault_ledger_admin", "postgres", "ledger_reader"])
def test_a_leased_password_opens_no_standing_user(insider, held, user):
    assert not insider.accepts("ledger", held.secret("ledger"), user=user)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM finance.payments",
        "SELECT * FROM finance.vendor_banking",
        "SELECT * FROM finance.obligation_records",
        "INSERT INTO finance.payments VALUES ('V1', 'D1', 'U1', 1, now())",
        "UPDATE finance.commitments SET amount = 0",
        "DELETE FROM finance.obligation_lines",
        "CREATE TABLE finance.mine (word text)",
        "CREATE TABLE public.mine (word text)",
        "CREATE TEMPORARY TABLE mine (word text)",
        "SET ROLE ledger_owner",
        "SET ROLE vault_ledger_admin",
        "CREATE ROLE another LOGIN",
        "GRANT ledger_reader TO triage_app",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY finance.commitments TO PROGRAM 'cat'",
    ],
)
def test_a_leased_user_reads_two_views_and_nothing_else(system, held, statement):
    with (
        system.ledger(held.database_user, held.secret("ledger")) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)),
    ):
        connection.execute(statement)


def test_a_leased_user_cannot_prolong_its_own_life(system, held):
    with system.ledger(held.database_user, held.secret("ledger")) as connection:
        for change in ("VALID UNTIL 'infinity'", "CONNECTION LIMIT -1", "CREATEROLE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f'ALTER ROLE "{held.database_user}" {change}')


def test_a_leased_user_reaches_the_ledger_only(system, held):
    server = system.stack.services.database
    for database in ("triage", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(
                host=server.host,
                port=server.port,
                user=held.database_user,
                password=held.secret("ledger"),
                dbname=database,
            )


@pytest.mark.parametrize("service", HTTP)
@pytest.mark.parametrize("path", ["/payments", "/payments/2026"])
def test_payments_are_refused_whatever_is_presented_and_logged(insider, system, held, service, path):
    for tool in (service, None):
        credential = held.secret(tool) if tool else ""
        headers = {"Authorization": f"Bearer {credential}", "X-Api-Key": credential} if tool else {}
        answer = httpx.get(
            system.stack.endpoints[service] + path, headers=headers, trust_env=False, verify=TLS
        )
        assert answer.status_code == 403
        assert set(answer.json()) == ERROR_KEYS[service]
        seen = accesses(system, service, route="/payments")[-1]
        assert seen["status"] == 403
        assert seen["fingerprint"] == (held.issued[tool].record.fingerprint if tool else None)
