"""What an attacker can do over the wire with one thing that was stolen. Each method says what that is."""

import json
from base64 import b64decode, b64encode
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import redis

from app.credentials.approle import LOGIN_PATH, MINT_PATH
from rehearsals.attack import UnprovenError
from rehearsals.installation import Installation, until

QUEUE = "triage:triage-runs"
SIGNED = ("sam-gov", "debarment")
#: A question that each tool answers to any caller whose credential is good.
QUESTIONS = {
    "sam-gov": "/entity-information/v4/entities",
    "debarment": "/entity-information/v4/exclusions",
    "contracts": "/contract-awards/v1/search?piid=70ZZ0126C0001",
    "documents": "/documents/v1/documents?piid=70ZZ0126C0001",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """An entry of the queue, and what it holds."""

    entry: bytes
    run_id: UUID
    number: int
    wrapping_token: str

    @classmethod
    def of(cls, entry: bytes) -> "Message":
        """Parse an entry as Celery writes it."""
        _, held, _ = json.loads(b64decode(json.loads(entry)["body"]))
        token = held["wrapping_token"]
        return cls(entry=entry, run_id=UUID(held["run_id"]), number=held["attempt"], wrapping_token=token)

    def changed(self, **held: Any) -> bytes:
        """The entry with other contents."""
        entry = json.loads(self.entry)
        arguments, named, embedded = json.loads(b64decode(entry["body"]))
        entry["body"] = b64encode(json.dumps([arguments, named | held, embedded]).encode()).decode()
        return json.dumps(entry).encode()


class Thief:
    """Reaches the stack with what was stolen from it."""

    def __init__(self, stack: Installation) -> None:
        self._stack = stack
        self._http = httpx.Client(timeout=20, trust_env=False)  # open: a thief is quick

    def close(self) -> None:
        """Close the connections to vault and tools."""
        self._http.close()

    # With the broker's password of a worker.

    def _broker(self) -> redis.Redis:
        host, _, port = self._stack.endpoints["valkey"].rpartition("/")[2].rpartition(":")
        password = self._stack.secrets.read("worker", "broker-password")
        return redis.Redis(host=host, port=int(port), username="worker", password=password, socket_timeout=30)

    def put(self, *entries: bytes) -> None:
        """Put entries into the queue of runs."""
        with closing(self._broker()) as broker:
            broker.lpush(QUEUE, *entries)

    def take(self, run_id: UUID) -> Message:
        """Take the message of this run while the workers are asleep."""
        others: list[bytes] = []
        with closing(self._broker()) as broker:
            while taken := broker.brpop([QUEUE], timeout=20):
                entry = taken[1] if isinstance(taken[1], bytes) else taken[1].encode()
                message = Message.of(entry)
                if message.run_id == run_id:
                    if others:
                        broker.rpush(QUEUE, *others)
                    return message
                others.append(entry)
        raise UnprovenError("the message of the run did not come within 20 s")

    def is_queue_empty(self) -> bool:
        """Whether workers have taken, and are done with, everything."""
        with closing(self._broker()) as broker:
            return not broker.llen(QUEUE) and not broker.zrange("triage:unacked_index", 0, 0)

    # At the vault, which anybody may ask.

    def ask(
        self, method: str, path: str, data: Any = None, *, token: str = "", wrap_ttl: str = ""
    ) -> httpx.Response:
        """One request to the vault."""
        headers = {"X-Vault-Token": token} if token else {}
        headers |= {"X-Vault-Wrap-TTL": wrap_ttl} if wrap_ttl else {}
        url = f"{self._stack.endpoints['vault']}/v1/{path}"
        return self._http.request(method, url, json=data, headers=headers)

    def unwrap(self, wrapping_token: str) -> str:
        """The SecretID in a wrapping token. Raises `UnprovenError` if the vault does not open it."""
        answer = self.ask("POST", "sys/wrapping/unwrap", token=wrapping_token)
        if not answer.is_success:
            raise UnprovenError(f"the vault did not open the wrapping token: {said(answer)}")
        secret_id: str = answer.json()["data"]["secret_id"]
        return secret_id

    def log_in(self, secret_id: str, role_id: str) -> httpx.Response:
        """Log in as a run with both halves."""
        return self.ask("POST", LOGIN_PATH, {"role_id": role_id, "secret_id": secret_id})

    def become(self, message: Message) -> tuple[str, str]:
        """A whole worker: with its RoleID too, a message becomes the run token of its attempt, and its accessor."""
        role_id = self._stack.secrets.read("worker", "run-role-id") or ""
        answer = self.log_in(self.unwrap(message.wrapping_token), role_id)
        if not answer.is_success:
            raise UnprovenError(f"the vault refused a login with both halves: {said(answer)}")
        given = answer.json()["auth"]
        return given["client_token"], given["accessor"]

    def mint(self, run_id: UUID) -> httpx.Response:
        """With the dispatcher's file: mint a wrapped SecretID for a run."""
        login = json.loads(self._stack.secrets.read("dispatcher", "vault-identity.json") or "{}")
        token = self.ask("POST", LOGIN_PATH, login).json()["auth"]["client_token"]
        about = {"run_id": str(run_id), "attempt": "1", "job_id": "rehearsal", "requested_by": "rehearsal"}
        return self.ask("POST", MINT_PATH, {"metadata": json.dumps(about)}, token=token, wrap_ttl="60s")

    # With a credential of a tool.

    def use(self, tool: str, secret: str) -> httpx.Response:
        """One question to an HTTP tool. One that cannot ask the vault at the moment says 503, and is asked again."""
        name, value = ("Authorization", f"Bearer {secret}") if tool in SIGNED else ("X-Api-Key", secret)
        url = self._stack.endpoints[tool] + QUESTIONS[tool]

        def judged() -> httpx.Response | None:
            answer = self._http.get(url, headers={name: value})
            return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

        return until(judged, seconds=10, what=f"a judgment of {tool}")

    def opens(self, tool: str, secret: str) -> str:
        """What a tool answers to its own credential. Raises `UnprovenError` if it refuses."""
        answer = self.use(tool, secret)
        if not answer.is_success:
            raise UnprovenError(f"{tool} refused a credential in its run: {said(answer)}")
        return said(answer)


def said(answer: httpx.Response) -> str:
    """Status and reason of an answer, in a line."""
    try:
        stated = answer.json()
    except ValueError:
        stated = {}
    errors = stated.get("errors") or [stated.get("detail") or ""]
    words = " ".join(" ".join(map(str, errors)).replace("1 error occurred:", "").replace("* ", "").split())
    return f"HTTP {answer.status_code}{': ' if words else ''}{words}"
