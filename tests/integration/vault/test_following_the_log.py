"""The vault's log becomes its record in the database: of a real vault, by the sweeper's own login."""

import json
from dataclasses import asdict
from uuid import uuid4

import httpx
import pytest

from app.connections.database import connect
from app.connections.settings import ConnectionSettings
from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.credentials.log_follower import LogFollower
from app.credentials.vault_answer import AnswerKind, Hidden, VaultEvent
from app.credentials.vault_events import EventStore
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.run_session import introduced
from workers.runtime.vault import Vault
from workers.tools import registry

TOOLS = registry()
LEDGER = "database/creds/ledger-reader"


@pytest.fixture(scope="module")
def engine(installation):
    address = f"postgresql://triage_sweeper@127.0.0.1:{installation.ports['postgres']}/triage?sslmode=disable"
    settings = ConnectionSettings(
        database_url=address, database_password_file=installation.secret("sweeper", "database-password")
    )
    made = connect(settings, pool_size=2)
    yield made
    made.dispose()


@pytest.fixture
def vault(installation):
    made = Vault(installation.address, trust_of(installation.settings()))
    yield made
    made._session._pool.close()


@pytest.fixture
def mint(installation, vault):
    dispatcher = ProcessIdentity(vault, installation.identity_file("dispatcher"))
    return lambda run_id: dispatcher.mint(
        run_id=run_id, attempt=3, job_id="ACT-1", requested_by="operator-a", wrapping_ttl=60
    )


@pytest.fixture
def store(engine):
    return EventStore(engine)


@pytest.fixture
def follower(installation, store):
    made = LogFollower(installation.audit_log, store)
    made.read_to_end()
    return made


def of_run(events, run_id) -> list[VaultEvent]:
    return [event for event in events if event.run_id == run_id]


def wrapped(installation, path, token, data=None):
    return httpx.post(
        f"{installation.address}/v1/{path}",
        json=data or {},
        headers={"X-Vault-Token": token, "X-Vault-Wrap-TTL": "60s"} if token else {"X-Vault-Wrap-TTL": "60s"},
        verify=installation.tls,
        trust_env=False,
    )


def test_the_log_says_all_that_a_run_was_given(installation, vault, mint, follower):
    run_id = uuid4()
    minted = mint(run_id)
    half = RunRoleId(installation.secret("worker", "run-role-id"))
    with introduced(vault, minted.wrapping_token, role_id=half, run_id=run_id, attempt=3) as session:
        issued = {name: session.issue(name, tool.grant) for name, tool in TOOLS.items()}
        key = issued["contracts"].secret
        installation.ask("GET", "auth/token/lookup-self", token=key.reveal())
    events = of_run(follower.read_to_end(), run_id)
    assert [event.kind for event in events] == [
        "minted",
        "unwrapped",
        "logged-in",
        *["issued"] * 5,
        "revoked",
    ]
    assert {event.attempt for event in events} == {3}
    assert {(event.job_id, event.requested_by) for event in events} == {("ACT-1", "operator-a")}
    assert {event.remote_address for event in events} == {"127.0.0.1"}
    assert not [event for event in events if event.claimed_run_id or event.hidden]
    mint_event, unwrap, login, *given, revoked = events
    identity = session.identity
    assert (mint_event.accessor, mint_event.secret_id_accessor) == (
        minted.wrapping_accessor,
        minted.secret_id_accessor,
    )
    assert unwrap.token_accessor == minted.wrapping_accessor
    assert (login.accessor, login.request_id) == (identity.token_accessor, identity.login_request_id)
    assert {event.token_accessor for event in (*given, revoked)} == {identity.token_accessor}
    for event, tool in zip(given, TOOLS, strict=True):
        record = issued[tool].record
        assert (event.path, event.request_id) == (record.vault_path, record.request_id)
        assert (event.accessor, event.lease_id, event.service_user) == (
            record.accessor,
            record.lease_id,
            record.service_user,
        )
    assert "hmac" not in json.dumps([asdict(event) for event in events], default=str)


def test_what_a_thief_hides_in_wrapping_tokens_is_seen(installation, vault, mint, follower):
    """Answers that are wrapped, the deprecated way to open one, and a key that names another run."""
    run_id, other = uuid4(), uuid4()
    opened = installation.ask("GET", "cubbyhole/response", token=mint(run_id).wrapping_token.reveal()).json()
    secret_id = json.loads(opened["data"]["response"])["data"]["secret_id"]
    login = {"role_id": installation.run_role_id, "secret_id": secret_id}
    hidden = wrapped(installation, "auth/approle/login", "", login).json()["wrap_info"]
    token = installation.ask("POST", "sys/wrapping/unwrap", token=hidden["token"]).json()["auth"][
        "client_token"
    ]
    key = wrapped(installation, "auth/token/create/contracts", token).json()["wrap_info"]
    lease = httpx.get(
        f"{installation.address}/v1/{LEDGER}",
        headers={"X-Vault-Token": token, "X-Vault-Wrap-TTL": "60s"},
        verify=installation.tls,
        trust_env=False,
    ).json()["wrap_info"]
    lie = {"meta": {"run_id": str(other)}}
    named = installation.ask("POST", "auth/token/create/documents", lie, token).json()["auth"]
    events = of_run(follower.read_to_end(), run_id)
    assert [(event.kind, event.hidden) for event in events] == [
        (AnswerKind.MINTED, None),
        (AnswerKind.UNWRAPPED, None),
        (AnswerKind.LOGGED_IN, Hidden.WRAPPED),
        (AnswerKind.ISSUED, Hidden.WRAPPED),
        (AnswerKind.ISSUED, Hidden.WRAPPED),
        (AnswerKind.ISSUED, None),
    ]
    assert [event.accessor for event in events[2:]] == [
        hidden["wrapped_accessor"],
        key["wrapped_accessor"],
        lease["accessor"],
        named["accessor"],
    ]
    assert [event.claimed_run_id for event in events] == [None] * 5 + [str(other)]
    installation.ask("POST", "auth/token/revoke-self", token=token)
