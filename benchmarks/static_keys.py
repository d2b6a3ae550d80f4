"""The baseline: the same pipeline with one long-lived credential per tool, as in most deployments.

Everything else stays: queue of record, dispatcher, broker, Celery, tools, lineage rows, rules. The five credentials
are real ones, made by the vault once, before the round begins, and read from a file by worker processes.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from app.connections.deadline import Deadline
from app.credentials.grants import Grant
from app.credentials.lineage import IssuedCredential, RunIdentity
from benchmarks.handover import as_stolen
from workers.runtime.agent import Agent
from workers.runtime.process_identity import MintedIdentity
from workers.runtime.run_session import Issued, RunSession
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault
from workers.runtime.worker import make_agent
from workers.tools import registry
from workers.triage import DOMAIN

#: The environment variable that names the file with the five credentials (mode 0600).
KEYS = "BENCHMARK_STATIC_KEYS"


def write_keys(file: Path, session: RunSession) -> None:
    """Issue one credential per tool and store them for the worker processes."""
    keys = {}
    for tool in registry().values():
        keys[tool.name] = as_stolen(session.issue(tool.name, tool.grant))
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(keys, stream)


@cache
def _keys() -> dict[str, dict[str, str]]:
    keys: dict[str, dict[str, str]] = json.loads(Path(os.environ[KEYS]).read_text())
    return keys


class StaticSession:
    """Returns the same credential to every run, with a new lineage row each time."""

    def __init__(self, run_id: UUID, attempt: int) -> None:
        now = datetime.now(UTC)
        self.revoked_at: datetime | None = None
        self.identity = RunIdentity(
            run_id=run_id,
            attempt=attempt,
            entity_id="static",
            policy="static",
            login_request_id=str(uuid4()),
            token_accessor=str(uuid4()),
            issued_at=now,
            expires_at=now + timedelta(minutes=15),
        )

    def issue(self, tool: str, grant: Grant) -> Issued:
        """The one credential of this tool."""
        key, now = _keys()[tool], datetime.now(UTC)
        record = IssuedCredential(
            credential_id=uuid4(),
            tool=tool,
            kind=grant.kind,
            vault_path=grant.path,
            policy="static",
            scope=grant.scope,
            request_id=str(uuid4()),
            # Fingerprints are unique in the table; a random one costs the database the same.
            fingerprint=secrets.token_hex(32),
            issued_at=now,
            expires_at=now + timedelta(minutes=15),
            service_user=key.get("user"),
        )
        return Issued(Secret(key["secret"]), record)


@contextmanager
def introduced_without_vault(
    _vault: Vault, _wrapping_token: Secret, *, run_id: UUID, attempt: int, deadline: Deadline
) -> Iterator[StaticSession]:
    """Replaces `workers.runtime.run_session.introduced`."""
    del deadline
    session = StaticSession(run_id, attempt)
    yield session
    session.revoked_at = datetime.now(UTC)


@cache
def static_agent() -> Agent[Any, Any]:
    """The usual agent, except for its introduction."""
    return replace(make_agent(DOMAIN), introduce=introduced_without_vault)


class StaticIdentity:
    """Replaces the dispatcher's identity; mints nothing."""

    def mint(self, *, run_id: UUID, attempt: int, wrapping_ttl: int, **_for_whom: str) -> MintedIdentity:
        """Placeholders for a wrapped SecretID."""
        name = f"{run_id}-{attempt}-{wrapping_ttl}"
        return MintedIdentity(wrapping_token=Secret(name), wrapping_accessor=name, secret_id_accessor=name)
