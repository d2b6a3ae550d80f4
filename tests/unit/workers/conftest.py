"""A credential with a secret that can be searched for, and a client that has it."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from app.credentials.grants import ApiKey, SignedToken
from app.credentials.lineage import CredentialKind, IssuedCredential
from app.credentials.settings import AgentSettings
from workers.runtime.http_client import HttpClient, pool
from workers.runtime.run_session import Issued
from workers.runtime.secret import Secret

SECRET = "s.canary-4f1c9a7e"
BASE = "http://tool.example"
LOCAL = timezone(timedelta(hours=-5), "EST")


@pytest.fixture
def secret():
    return SECRET


@pytest.fixture
def issued():
    now = datetime.now(UTC)
    record = IssuedCredential(
        credential_id=uuid4(),
        tool="contracts",
        kind=CredentialKind.API_KEY,
        vault_path="auth/token/create/contracts",
        policy="triage-run",
        scope="contracts:read",
        request_id="request-1",
        fingerprint=Secret(SECRET).fingerprint(),
        issued_at=now,
        expires_at=now + timedelta(minutes=15),
    )
    return Issued(Secret(SECRET), record)


@pytest.fixture
def connections():
    with pool(AgentSettings(), size=2) as shared:
        yield shared


@pytest.fixture
def client(connections, issued, monkeypatch):
    """Makes a client and the list its calls are recorded in; retries come without a pause."""
    monkeypatch.setattr("workers.runtime.http_client.random.uniform", lambda *_: 0)

    def make(*, base=BASE, signed=False, **changed):
        calls = []
        grant = SignedToken(role="r", scope="s") if signed else ApiKey(role="r", scope="s")
        made = HttpClient(
            connections,
            base,
            AgentSettings(**changed),
            grant=grant,
            issued=issued,
            calls=calls,
            local_time=lambda moment: moment.astimezone(LOCAL),
        )
        return made, calls

    return make
