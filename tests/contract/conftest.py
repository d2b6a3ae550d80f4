"""A vault that signs and introspects in memory, and the mocks in front of it."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey

from known_answers.scenarios.generator import write
from mocks.configuration import Configuration

VAULT = "http://vault.test:8200"
ISSUER = f"{VAULT}/v1/identity/oidc"


@dataclass
class IssuingVault:
    """Its two endpoints that services use, answered from what a test put here."""

    keys: list[ECKey] = field(default_factory=lambda: [ECKey.generate_key("P-256", {"kid": "first"})])
    api_keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    key_set_reads: int = 0
    introspections: int = 0
    answer: int | None = None
    """A status to give to everybody in place of an answer; 0 breaks the connection."""

    def sign(self, *, header: dict[str, Any] | None = None, key: ECKey | None = None, **claims: Any) -> str:
        now = int(time.time())
        usual = {"iss": ISSUER, "sub": "entity-1", "iat": now, "exp": now + 120}
        kept = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        signer = key or self.keys[-1]
        return jwt.encode(header or {"alg": "ES256", "kid": signer.kid}, kept, signer)

    def issue_api_key(self, tool: str, **data: Any) -> str:
        key = f"s.{tool}-{len(self.api_keys)}"
        self.api_keys[key] = {
            "role": tool,
            "policies": [f"tool-{tool}"],
            "accessor": f"accessor-{len(self.api_keys)}",
            **data,
        }
        return key

    def publish(self, _: httpx.Request) -> httpx.Response:
        self.key_set_reads += 1
        return self._instead() or httpx.Response(
            200, json={"keys": [{**key.as_dict(private=False), "alg": "ES256"} for key in self.keys]}
        )

    def introspect(self, request: httpx.Request) -> httpx.Response:
        self.introspections += 1
        data = self.api_keys.get(request.headers["X-Vault-Token"])
        found = httpx.Response(200, json={"data": data})
        return self._instead() or (
            found if data else httpx.Response(403, json={"errors": ["permission denied"]})
        )

    def _instead(self) -> httpx.Response | None:
        if self.answer == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(self.answer, json={"errors": ["sealed"]}) if self.answer else None


@pytest.fixture
def issuing_vault() -> Iterator[IssuingVault]:
    vault = IssuingVault()
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{ISSUER}/.well-known/keys").mock(side_effect=vault.publish)
        router.get(f"{VAULT}/v1/auth/token/lookup-self").mock(side_effect=vault.introspect)
        yield vault


@pytest.fixture(scope="session")
def day_of_scenarios(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("scenarios")
    write(folder, actions=40, seed=7)
    return folder


@dataclass
class MockService:
    client: FlaskClient
    log_file: Path

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(path, query_string=query)

    def accesses(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]


@pytest.fixture
def start_mock(issuing_vault, day_of_scenarios, tmp_path) -> Callable[..., MockService]:
    """Starts a mock by name; every request carries a valid credential unless another is given."""

    def start(name: str, *, scenarios: Path = day_of_scenarios, credential: bool = True) -> MockService:
        log_file = tmp_path / f"{name}.jsonl"
        app = import_module(f"mocks.services.{name.replace('-', '_')}").create_app(
            Configuration(scenarios=scenarios, access_log=log_file, vault_addr=VAULT, hang=0.01)
        )
        client = app.test_client()
        if credential:
            present(client, name, issuing_vault)
        return MockService(client, log_file)

    return start


def present(client: FlaskClient, name: str, vault: IssuingVault) -> None:
    scope = {"sam-gov": "entity:read", "debarment": "exclusions:read"}.get(name)
    if scope is None:
        client.environ_base["HTTP_X_API_KEY"] = vault.issue_api_key(name)
    else:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {vault.sign(aud=name, scope=scope)}"
