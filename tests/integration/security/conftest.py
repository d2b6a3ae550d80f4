"""Real identities and credentials in the hands of a test, as a thief would have them."""

import os
import signal
import ssl
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.credentials.proof import digest_of, proof_of
from workers.runtime.agent import Agent
from workers.runtime.process_identity import MintedIdentity, ProcessIdentity
from workers.runtime.run_session import Issued, RunSession, introduced
from workers.runtime.vault import Vault
from workers.runtime.worker import make_agent as agent_of
from workers.tools import registry
from workers.triage import DOMAIN

TOOLS = registry()
SIGNED = ("sam-gov", "debarment")
TLS = ssl.create_default_context()
#: Of a user of the ledger that is unknown, or is being ended at this very moment.
REFUSALS = (
    *("password authentication failed", "does not exist", "is not permitted to log in"),
    *("terminating connection", "permission denied"),
)
QUESTIONS = {
    "sam-gov": "/entity-information/v4/entities",
    "debarment": "/entity-information/v4/exclusions",
    "contracts": "/contract-awards/v1/search?piid=70ZZ0126C0001",
    "documents": "/documents/v1/documents?piid=70ZZ0126C0001",
}


@dataclass(frozen=True, kw_only=True)
class HeldRun:
    """A run in mid-flight: its session, its five credentials, and the run token itself."""

    run_id: UUID
    session: RunSession
    issued: dict[str, Issued]

    @property
    def token(self) -> str:
        return self.session._token.reveal()

    def secret(self, tool: str) -> str:
        return self.issued[tool].secret.reveal()

    @property
    def database_user(self) -> str:
        return self.issued["ledger"].record.service_user or ""


@dataclass(frozen=True, kw_only=True)
class Insider:
    """Mints identities as the dispatcher does, uses them as a run does, and asks the services."""

    system: Any
    vault: Vault
    dispatcher: ProcessIdentity
    role_id: RunRoleId

    def mint(self, run_id: UUID, attempt: int = 1, *, wrapping_ttl: int = 60) -> MintedIdentity:
        return self.dispatcher.mint(
            run_id=run_id, attempt=attempt, job_id="ACT-1", requested_by="test", wrapping_ttl=wrapping_ttl
        )

    @contextmanager
    def run(self) -> Iterator[HeldRun]:
        """A run that holds all it may hold until the block ends. The records know its attempt, or it would be hunted."""
        run_id = uuid4()
        minted = self.mint(run_id)
        self.take(self.system.actions[0], run_id, minted)
        try:
            with self.identity(run_id, minted) as held:
                yield held
        finally:
            self.system.execute(
                "UPDATE attempt SET state = 'failed', ended_at = now(), failure = 'test' WHERE run_id = %s"
                " AND state = 'running'",
                run_id,
            )
            self.system.execute(
                "UPDATE run SET state = 'failed', finished_at = now(), failure = 'test' WHERE run_id = %s"
                " AND state = 'dispatched'",
                run_id,
            )

    @contextmanager
    def identity(
        self, run_id: UUID, minted: MintedIdentity, tools: Collection[str] = TOOLS.keys()
    ) -> Iterator[HeldRun]:
        """The credentials for these tools, whatever the records know of the identity. One that is hunted may not get many."""
        token = minted.wrapping_token
        with introduced(self.vault, token, role_id=self.role_id, run_id=run_id, attempt=1) as session:
            issued = {name: session.issue(name, TOOLS[name].grant) for name in tools}
            yield HeldRun(run_id=run_id, session=session, issued=issued)

    def take(self, action_id: str, run_id: UUID, minted: MintedIdentity) -> None:
        """Record an attempt at work, with a plan that needs every tool: the test plays the worker."""
        self.queue(action_id, run_id, minted)
        self.system.execute(
            "UPDATE attempt SET state = 'running', claimed_at = now(), worker = 'test',"
            " lease_until = now() + interval '10 min' WHERE run_id = %s",
            run_id,
        )
        for number, tool in enumerate(TOOLS, start=1):
            self.system.execute(
                "INSERT INTO step (step_id, run_id, attempt, number, tool, question, reason, outcome)"
                " VALUES (gen_random_uuid(), %s, 1, %s, %s, 'test', 'test', 'planned')",
                *(run_id, number, tool),
            )

    def queue(self, action_id: str, run_id: UUID, minted: MintedIdentity) -> None:
        """Record a dispatched attempt whose message no worker gets: the test plays the worker."""
        now = datetime.now(UTC)
        self.system.execute(
            "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at)"
            " VALUES (%s, %s, 'dispatched', 1, 'test', %s)",
            *(run_id, action_id, now),
        )
        self.system.execute(
            "INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, secret_id_accessor,"
            " wrapping_accessor) VALUES (%s, 1, 'dispatched', %s, %s, %s, %s)",
            *(run_id, now, now + timedelta(minutes=1), minted.secret_id_accessor, minted.wrapping_accessor),
        )
        digest = digest_of(proof_of(minted.wrapping_token.reveal()))
        self.system.execute("INSERT INTO attempt_proof VALUES (%s, 1, %s)", run_id, digest)

    def ask(self, tool: str, secret: str) -> httpx.Response:
        """One question to an HTTP service, with `secret` where that service looks for its credential."""
        name, value = ("Authorization", f"Bearer {secret}") if tool in SIGNED else ("X-Api-Key", secret)
        url = self.system.stack.endpoints[tool] + QUESTIONS[tool]
        return httpx.get(url, headers={name: value}, timeout=10, trust_env=False, verify=TLS)

    def accepts(self, tool: str, secret: str, *, user: str = "") -> bool:
        """Whether a service lets this credential in; `user` is for the ledger."""
        if tool != "ledger":
            return self.ask(tool, secret).status_code in (200, 204)
        try:
            with self.system.ledger(user, secret) as connection:
                connection.execute("SELECT 1 FROM finance.commitments LIMIT 1")
        except psycopg.Error as refused:
            assert any(text in str(refused) for text in REFUSALS), refused  # noqa: PT017  # no other is meant here
            return False
        return True

    def is_token(self, token: str) -> bool:
        """Whether the vault knows this token, whatever it may do."""
        answer = self.system.ask_vault("POST", "auth/token/lookup", {"token": token})
        assert answer.status_code in (200, 403, 404), answer.text
        return answer.status_code == 200

    def may(self, token: str, method: str, path: str, data: dict[str, Any] | None = None) -> bool:
        """Whether the vault does this for that token; any refusal but 403 fails the test."""
        answer = self.system.ask_vault(method, path, data, token=token)
        assert answer.status_code in (200, 204, 403), f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.status_code != 403


@pytest.fixture(scope="session")
def insider(system) -> Insider:
    return insider_of(system)


def insider_of(system: Any) -> Insider:
    """One at this system."""
    vault = Vault(system.stack.endpoints["vault"], trust_of(system.settings("worker")))
    file = system.settings("dispatcher").file("vault_identity_file")
    role_id = RunRoleId(system.settings("worker").file("run_role_id_file"))
    return Insider(system=system, vault=vault, dispatcher=ProcessIdentity(vault, file), role_id=role_id)


@pytest.fixture(scope="module")
def unwatched(system) -> Iterator[None]:
    """No sweeper, which would end a run at the first credential beyond its plan."""
    sweeper = system.stack.processes["sweeper"]
    os.killpg(sweeper, signal.SIGSTOP)
    yield
    os.killpg(sweeper, signal.SIGCONT)


@pytest.fixture
def held(insider) -> Iterator[HeldRun]:
    """A run in mid-flight."""
    with insider.run() as run:
        yield run


@pytest.fixture
def make_agent(system, monkeypatch) -> Iterator[Callable[..., Agent]]:
    """The agent of a worker process, in this one; `make_agent(vault=…, tools=…)` changes what it is made of."""
    made = []

    def make(**changed: Any) -> Agent:
        for name, value in system.stack.environment("worker").items():
            monkeypatch.setenv(name, value)
        made.append(agent_of(DOMAIN))
        return replace(made[-1], **changed)

    yield make
    for agent in made:
        agent.threads.shutdown()
        agent.runner.connections.close()
        agent.records._engine.dispose()
