"""What a thief does with the one thing that was stolen, over the wire. None of the project's code helps with it."""

import json
import os
import signal
import ssl
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, LiteralString
from uuid import UUID, uuid4

import httpx
import psycopg
import redis

from tests.conftest import wait_until

QUEUE = "triage:triage-runs"
MINT = "auth/approle/role/triage-run/secret-id"
ISSUING = {
    "sam-gov": ("GET", "identity/oidc/token/sam-gov"),
    "debarment": ("GET", "identity/oidc/token/debarment"),
    "contracts": ("POST", "auth/token/create/contracts"),
    "documents": ("POST", "auth/token/create/documents"),
    "ledger": ("GET", "database/creds/ledger-reader"),
}
SIGNED = {"sam-gov", "debarment"}
QUESTIONS = {
    "sam-gov": "/entity-information/v4/entities",
    "debarment": "/entity-information/v4/exclusions",
    "contracts": "/contract-awards/v1/search?piid=70ZZ0126C0001",
    "documents": "/documents/v1/documents?piid=70ZZ0126C0001",
}
#: How PostgreSQL refuses a user: unknown, closed, or gone while it was asked.
REFUSALS = (
    *("password authentication failed", "is not permitted to log in", "does not exist"),
    'permission denied for database "ledger"',
)
TLS = ssl.create_default_context()


@dataclass(frozen=True, kw_only=True)
class Message:
    """An entry of the queue, and what it holds."""

    entry: bytes
    run_id: UUID
    number: int
    wrapping_token: str

    @classmethod
    def of(cls, entry: bytes) -> "Message":
        _, held, _ = json.loads(b64decode(json.loads(entry)["body"]))
        token = held["wrapping_token"]
        return cls(entry=entry, run_id=UUID(held["run_id"]), number=held["attempt"], wrapping_token=token)

    @property
    def proof(self) -> bytes:
        return sha256(self.wrapping_token.encode()).digest()

    def changed(self, headers: dict[str, Any] | None = None, **held: Any) -> bytes:
        """The entry with other contents."""
        entry = json.loads(self.entry)
        arguments, named, embedded = json.loads(b64decode(entry["body"]))
        body = json.dumps([arguments, named | held, embedded])
        entry["body"] = b64encode(body.encode()).decode()
        entry["headers"] |= headers or {}
        return json.dumps(entry).encode()


@dataclass(kw_only=True)
class Credential:
    """One credential of one tool, as its holder has it."""

    tool: str
    secret: str
    accessor: str | None = None
    lease_id: str | None = None
    user: str = ""
    request_id: str = ""
    session: psycopg.Connection | None = None


@dataclass(kw_only=True)
class Identity:
    """A run token, and what was taken with it."""

    token: str
    accessor: str
    login: dict[str, Any]
    credentials: list[Credential] = field(default_factory=list)

    def of(self, tool: str) -> Credential:
        return next(each for each in self.credentials if each.tool == tool)


@dataclass(frozen=True, kw_only=True)
class Thief:
    """Reaches an installation with what was stolen from it; each method says what that is."""

    system: Any
    sessions: list[psycopg.Connection] = field(default_factory=list)
    """Sessions with the ledger that nobody has closed."""

    # The broker's password of a worker, or of the dispatcher.

    def broker(self, user: str = "worker") -> redis.Redis:
        address = self.system.stack.endpoints["valkey"]
        password = self.system.stack.secrets.read(user, "broker-password")
        port = int(address.rsplit(":", 1)[1])
        return redis.Redis(host="127.0.0.1", port=port, username=user, password=password, socket_timeout=30)

    def put(self, *entries: bytes, user: str = "worker") -> None:
        with closing(self.broker(user)) as broker:
            broker.lpush(QUEUE, *entries)

    def take(self, action_id: str | None = None) -> Message:
        """Take the message of a new run before the worker does, which goes on afterwards."""
        with self.worker_asleep():
            (run_id,) = self.system.request(action_id or self.system.actions[0])
            return self.grab(run_id)

    def grab(self, run_id: UUID) -> Message:
        """Take the message of this run while the worker is asleep."""
        others: list[bytes] = []
        with closing(self.broker()) as broker:
            while True:
                taken = broker.brpop(QUEUE, timeout=20)
                assert taken, "no message"
                message = Message.of(taken[1])
                if message.run_id == run_id:
                    if others:
                        broker.rpush(QUEUE, *others)
                    return message
                others.append(taken[1])

    @contextmanager
    def worker_asleep(self) -> Iterator[None]:
        """The thief is faster than the worker."""
        group = self.system.stack.processes["worker-1"]
        port = int(self.system.stack.endpoints["valkey"].rsplit(":", 1)[1])
        os.killpg(group, signal.SIGSTOP)
        try:
            with self.system.stack.startup.broker.administrator(port) as server:

                def waits_for_a_message() -> bool:
                    return any(
                        "b" in each["flags"] and each["user"] == "worker" for each in server.client_list()
                    )

                wait_until(lambda: not waits_for_a_message(), what="the end of the worker's last question")
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    # The database login of a worker.

    def database(self, owner: str = "worker") -> psycopg.Connection:
        server = self.system.stack.services.database
        return psycopg.connect(
            host=server.host,
            port=server.port,
            dbname="triage",
            user=f"triage_{owner}",
            password=self.system.stack.secrets.read(owner, "database-password"),
            connect_timeout=5,
            autocommit=True,
        )

    def call(self, statement: LiteralString, *values: object) -> Any:
        """The one value that a function of the database returns. Raises what psycopg raises."""
        with self.database() as connection:
            (found,) = connection.execute(statement, values).fetchone() or (None,)
            return found

    def claim(self, message: Message, *, proof: bytes | None = None) -> str | None:
        """The action, or None when the attempt is not there to be claimed."""
        held = (message.run_id, message.number, message.proof if proof is None else proof)
        hold = sha256(held[2]).digest()
        return self.call("SELECT claim_attempt(%s, %s, %s, %s, 'host:1', 60)", *held, hold)

    def record_login(
        self,
        message: Message,
        identity: Identity,
        *,
        accessor: str | None,
        tools: Sequence[str] = tuple(ISSUING),
    ) -> None:
        now = datetime.now(UTC)
        login = {
            "entity_id": identity.login["entity_id"],
            "policy": "triage-run",
            "login_request_id": str(uuid4()),
            "token_accessor": accessor,
            "issued_at": now,
            "expires_at": now + timedelta(minutes=15),
        }
        question = {"question": "?", "reason": "?", "rules": [], "helps": [], "after": [], "why_not": None}
        plan = [{"number": number, "tool": tool, **question} for number, tool in enumerate(tools, start=1)]
        held = (message.run_id, message.number, message.proof)
        self.call("SELECT record_login(%s, %s, %s, %s::jsonb, %s::jsonb)", *held, _json(login), _json(plan))

    def record_credentials(self, message: Message, credentials: Sequence[Credential]) -> None:
        now = datetime.now(UTC)
        rows = [
            {
                "credential_id": uuid4(),
                "tool": each.tool,
                "kind": _kind(each.tool),
                "vault_path": ISSUING[each.tool][1],
                "policy": "triage-run",
                "scope": "?",
                "request_id": each.request_id,
                "accessor": each.accessor,
                "lease_id": each.lease_id,
                "service_user": each.user or None,
                "fingerprint": sha256(each.secret.encode()).hexdigest(),
                "issued_at": now,
                "expires_at": now + timedelta(minutes=2 if each.tool in SIGNED else 15),
            }
            for each in credentials
        ]
        held = (message.run_id, message.number, message.proof)
        self.call("SELECT record_credentials(%s, %s, %s, %s::jsonb, '[]')", *held, _json(rows))

    # The vault. Every client may ask it; the files of worker and dispatcher hold a half each of a run's login.

    def ask(
        self, method: str, path: str, data: Any = None, *, token: str = "", wrap_ttl: str = ""
    ) -> httpx.Response:
        headers = {"X-Vault-Token": token} if token else {}
        headers |= {"X-Vault-Wrap-TTL": wrap_ttl} if wrap_ttl else {}
        url = f"{self.system.stack.endpoints['vault']}/v1/{path}"
        return httpx.request(method, url, json=data, headers=headers, timeout=20, trust_env=False, verify=TLS)

    @property
    def role_id(self) -> str:
        return self.system.stack.secrets.read("worker", "run-role-id")

    def dispatcher(self) -> str:
        """A vault token, from the dispatcher's file."""
        login = json.loads(self.system.stack.secrets.read("dispatcher", "vault-identity.json"))
        return self.ask("POST", "auth/approle/login", login).json()["auth"]["client_token"]

    def mint(self, run_id: UUID, number: int = 1) -> str:
        """A wrapping token made with the dispatcher's file."""
        about = {
            "run_id": str(run_id),
            "attempt": str(number),
            "job_id": "ACT-1",
            "requested_by": "officer-a",
        }
        data = {"metadata": json.dumps(about)}
        minted = self.ask("POST", MINT, data, token=self.dispatcher(), wrap_ttl="60s")
        return minted.json()["wrap_info"]["token"]

    def unwrap(self, wrapping_token: str) -> str:
        """The SecretID in it."""
        answer = self.ask("POST", "sys/wrapping/unwrap", token=wrapping_token)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["secret_id"]

    def log_in(self, secret_id: str, role_id: str | None = None) -> httpx.Response:
        """With the worker's RoleID, unless another is named."""
        half = self.role_id if role_id is None else role_id
        return self.ask("POST", "auth/approle/login", {"role_id": half, "secret_id": secret_id})

    def become(self, message: Message) -> Identity:
        """The identity of a run, from its message and the worker's RoleID."""
        answer = self.log_in(self.unwrap(message.wrapping_token))
        assert answer.status_code == 200, answer.text
        login = answer.json()["auth"]
        return Identity(token=login["client_token"], accessor=login["accessor"], login=login)

    def issue(self, identity: Identity, tool: str, data: Any = None) -> Credential | None:
        """One more credential for this identity; None when the vault refuses it."""
        method, path = ISSUING[tool]
        answer = self.ask(method, path, data or ({} if method == "POST" else None), token=identity.token)
        if not answer.is_success:
            return None
        given = answer.json()
        if tool in SIGNED:
            made = Credential(tool=tool, secret=given["data"]["token"])
        elif tool == "ledger":
            user, password = given["data"]["username"], given["data"]["password"]
            made = Credential(tool=tool, secret=password, user=user, lease_id=given["lease_id"])
        else:
            auth = given["auth"]
            made = Credential(tool=tool, secret=auth["client_token"], accessor=auth["accessor"])
        made.request_id = given["request_id"]
        identity.credentials.append(made)
        return made

    def take_all(self, identity: Identity) -> None:
        """One credential for each tool, and a session with the ledger's."""
        for tool in ISSUING:
            assert self.issue(identity, tool), tool
        ledger = identity.of("ledger")
        ledger.session = self.system.ledger(ledger.user, ledger.secret)
        self.sessions.append(ledger.session)

    # What still works.

    def opens(self, credential: Credential) -> bool:
        """Whether the tool lets its holder in."""
        if credential.tool == "ledger":
            return self._logs_in(credential) or self._reads(credential)
        url = self.system.stack.endpoints[credential.tool] + QUESTIONS[credential.tool]
        name, value = "X-Api-Key", credential.secret
        if credential.tool in SIGNED:
            name, value = "Authorization", f"Bearer {credential.secret}"
        answer = httpx.Response(503)

        def judged() -> bool:
            # A tool that cannot ask the vault at the moment says so with a 503.
            nonlocal answer
            answer = httpx.get(url, headers={name: value}, timeout=10, trust_env=False, verify=TLS)
            return answer.status_code != 503

        wait_until(judged, what=f"a judgment of {credential.tool}")
        assert answer.status_code in (200, 204, 401, 403), answer.text
        return answer.is_success

    def _logs_in(self, credential: Credential) -> bool:
        try:
            self.system.ledger(credential.user, credential.secret).close()
        except psycopg.OperationalError as refused:
            assert any(reason in str(refused) for reason in REFUSALS)  # noqa: PT017  # the only ones meant here
            return False
        return True

    def _reads(self, credential: Credential) -> bool:
        if credential.session is None:
            return False
        try:
            credential.session.execute("SELECT 1 FROM finance.commitments LIMIT 1")
        except psycopg.Error:
            return False
        return True

    def works(self, identity: Identity) -> set[str]:
        """What of an identity is accepted, signed tokens left out: they end by their expiry."""
        answer = self.system.ask_vault("POST", "auth/token/lookup", {"token": identity.token})
        assert answer.status_code in (200, 403, 404), answer.text
        leased = [each for each in identity.credentials if each.tool not in SIGNED]
        found = {each.tool for each in leased if self.opens(each)}
        return found | ({"run token"} if answer.is_success else set())

    # What the system's people see.

    def alarms(self, run_id: UUID | None = None) -> list[str]:
        """The kinds of the alarms about this run, or of all alarms."""
        rows = self.system.rows("SELECT run_id, kind FROM alarm ORDER BY raised_at")
        return [row["kind"] for row in rows if run_id in (None, row["run_id"])]

    def attempts(self, run_id: UUID) -> list[dict[str, Any]]:
        return self.system.rows("SELECT * FROM attempt WHERE run_id = %s ORDER BY number", run_id)

    def issued_for(self, run_id: UUID) -> list[str]:
        """The paths at which the vault gave identities of this run anything."""
        paths = {path for _, path in ISSUING.values()}
        return [
            line["request"]["path"]
            for line in self.system.audit_lines(run_id)
            if line["type"] == "response" and not line.get("error") and line["request"]["path"] in paths
        ]


def _kind(tool: str) -> str:
    return "signed-token" if tool in SIGNED else "database-user" if tool == "ledger" else "api-key"


def _json(rows: Any) -> str:
    return json.dumps(rows, default=str)
