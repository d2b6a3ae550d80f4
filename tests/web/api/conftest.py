"""Programs that speak to the JSON interface with a token of the real identity provider."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ROOT = "/api/v1"
#: Seconds after which a token is fetched anew; it is good for 900.
FRESH = 600
PROBLEM = "application/problem+json"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program with a person's token, or without one."""

    client: FlaskClient
    token: Callable[[], str] | None

    def open(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **told: Any
    ) -> TestResponse:
        """Ask; `path` is below the root, or an address the interface gave."""
        address = path if path.startswith(ROOT) else ROOT + path
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token()}")
        return self.client.open(address, method=method, headers=sent, buffered=True, **told)

    def get(self, path: str, **told: Any) -> Any:
        """What is there."""
        answer = self.open("GET", path, **told)
        assert answer.status_code == 200, answer.text
        assert answer.content_type == "application/json"
        return answer.json

    def post(self, path: str, body: Any = None, **told: Any) -> TestResponse:
        """Send a body as JSON."""
        return (
            self.open("POST", path, json=body, **told)
            if body is not None
            else self.open("POST", path, **told)
        )

    def submit(self, body: Any, *, key: str | None = None, query: str = "", **told: Any) -> TestResponse:
        """Submit actions, under a new key unless one is given."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        return self.post(f"/actions{query}", body, headers=headers, **told)


@pytest.fixture(scope="module")
def token_of(tokens_of) -> Callable[[str], str]:
    """An access token of a persona that is good for a while: `token_of("officer-a")`."""
    known: dict[str, tuple[float, str]] = {}

    def token(persona: str) -> str:
        if persona not in known or time.monotonic() - known[persona][0] > FRESH:
            known[persona] = time.monotonic(), tokens_of(persona)["access_token"]
        return known[persona][1]

    return token


@pytest.fixture(scope="module")
def program_of(client_of, token_of) -> Callable[..., Program]:
    """Makes programs: `program_of("auditor-a")`, `program_of(None)`, `program_of("officer-a", writes_per_minute=2)`."""
    plenty = {"writes_per_minute": 100_000, "api_calls_per_minute": 1_000_000}
    shared = client_of(persona=None, **plenty)

    def program(persona: str | None = "officer-a", **changed: Any) -> Program:
        client = client_of(persona=None, **{**plenty, **changed}) if changed else shared
        return Program(client=client, token=(lambda: token_of(persona)) if persona else None)

    return program


@pytest.fixture(scope="module")
def officer(program_of) -> Program:
    """A program with the token of contracting officer A."""
    return program_of("officer-a")


@pytest.fixture
def action() -> Callable[..., dict[str, Any]]:
    """An action that has not been submitted yet, with changes."""

    def made(**changed: Any) -> dict[str, Any]:
        return {
            "action_id": f"API-{uuid4().hex[:12]}",
            "action_type": "new_award",
            "piid": "70ZZ0126C9876",
            "modification": None,
            "amount": "1000.50",
            "effective_date": "2026-09-14",
            "description": "Sent by a program",
            "vendors": [{"uei": "ZZ98WEBTEST1", "name": "EXAMPLE PAGE LLC", "role": "prime", "cage": None}],
            **changed,
        }

    return made


@pytest.fixture(scope="session")
def problem() -> Callable[..., dict[str, Any]]:
    """Checks that an answer is a problem document of this status, and returns it."""

    def told(answer: TestResponse, status: int) -> dict[str, Any]:
        assert (answer.status_code, answer.content_type) == (status, PROBLEM), answer.text
        found = answer.json
        assert found["status"] == status
        assert found["title"]
        assert found["detail"]
        assert len(found["reference"]) == 12
        return found

    return told
