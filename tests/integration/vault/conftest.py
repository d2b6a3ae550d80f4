"""A vault as in production, and the database it hands out credentials for: raft, TLS, a key file that unseals it."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from app.connections.database import connect
from app.connections.settings import ConnectionSettings
from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.credentials.vault_events import EventStore
from infra.provision.database import provision_database
from infra.provision.keys import provision_keys
from infra.provision.settings import ProvisioningSettings
from infra.provision.vault_setup import provision_vault, vault_client
from infra.secrets_folder import SecretsFolder
from infra.vault.client import VaultClient
from infra.vault.opening import generate_root_token
from tests.integration.installation import Servers
from workers.runtime.process_identity import MintedIdentity, ProcessIdentity
from workers.runtime.run_session import introduced
from workers.runtime.vault import Vault


class Installation(Servers):
    """Servers, the folder with their secrets, and what provisioning said."""

    def __init__(self, folder: Path, secrets: Path | None = None) -> None:
        super().__init__(folder, secrets)
        #: Changes of the first provisioning, by pieces.
        self.pieces: list[list[str]] = []
        #: Of the vault at the ledger, before the vault replaced it.
        self.ledger_password = ""

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.ports['vault']}"

    @cached_property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.secrets / "operator" / "ca.pem")

    def settings(self, **changed: Any) -> ProvisioningSettings:
        ca = self.secrets / "operator" / "ca.pem"
        database = f"127.0.0.1:{self.ports.get('postgres', 1)}"
        known = {
            "secrets_folder": self.secrets,
            "ca_file": ca if ca.exists() else None,
            "vault_addr": self.address if "vault" in self.ports else None,
            "database_admin_url": f"postgresql://postgres@{database}/postgres?sslmode=disable",
            "vault_ledger_url": f"postgresql://{database}/ledger?sslmode=disable",
            "provision_patience": 30,
        }
        return ProvisioningSettings(**{**known, **changed})

    def provision(self, **changed: Any) -> list[str]:
        said: list[str] = []
        provision_vault(self.settings(**changed), said.append)
        return said

    def restart_vault(self, *, makes_root_tokens: bool = False) -> None:
        """With or without the line that `production.hcl` has as a comment."""
        config = self.folder / "config.hcl"
        text = config.read_text().replace("# disable_unauthed", "disable_unauthed")
        config.write_text(
            text if makes_root_tokens else text.replace("disable_unauthed", "# disable_unauthed")
        )
        self.process_table.restart("vault")

    def ask(self, method: str, path: str, data: Any = None, token: str = "") -> httpx.Response:
        url = f"{self.address}/v1/{path}"
        headers = {"X-Vault-Token": token} if token else {}
        return httpx.request(
            method, url, json=data, headers=headers, verify=self.tls, timeout=15, trust_env=False
        )

    def identity_file(self, owner: str) -> Path:
        return self.secret(owner, "vault-identity.json")

    def identity(self, owner: str) -> dict[str, str]:
        return json.loads(self.identity_file(owner).read_text())

    def log_in(self, owner: str, login: dict[str, str] | None = None) -> str:
        """A token of an owner's identity, or ""."""
        answer = self.ask("POST", "auth/approle/login", login or self.identity(owner))
        assert answer.status_code in (200, 400), answer.text
        return answer.json()["auth"]["client_token"] if answer.is_success else ""

    @property
    def run_role_id(self) -> str:
        return self.secret("worker", "run-role-id").read_text()

    def ledger_credential(self, *, run_id: object = "x", may_fail: bool = False) -> dict[str, str]:
        """What a run would get, by the run's own policy; nothing when that is allowed to fail."""
        headers = {"X-Vault-Token": self.log_in("dispatcher"), "X-Vault-Wrap-TTL": "60s"}
        path = f"{self.address}/v1/auth/approle/role/triage-run/secret-id"
        wrapped = httpx.post(
            path,
            json={"metadata": json.dumps({"run_id": str(run_id)})},
            headers=headers,
            verify=self.tls,
            trust_env=False,
        ).json()
        opened = self.ask("POST", "sys/wrapping/unwrap", token=wrapped["wrap_info"]["token"]).json()["data"]
        login = {"role_id": self.run_role_id, "secret_id": opened["secret_id"]}
        answer = self.ask("GET", "database/creds/ledger-reader", token=self.log_in("", login))
        assert answer.is_success or may_fail, answer.text
        return answer.json()["data"] if answer.is_success else {}

    def audit_lines(self) -> list[dict[str, Any]]:
        files = sorted(self.audit_log.parent.iterdir(), key=lambda file: file.stat().st_mtime)
        return [
            json.loads(line) for file in files for line in file.read_text().rpartition("\n")[0].splitlines()
        ]


class KilledError(BaseException):
    """What SIGKILL does to the provisioning: no handler runs."""


class Killer:
    """Ends a provisioning after so many changes of the vault or of the secrets folder."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.allowed = 0
        self.made: list[str] = []
        for owner, name in ((VaultClient, "write"), (SecretsFolder, "replace"), (SecretsFolder, "delete")):
            patch.setattr(owner, name, self._counting(getattr(owner, name)))

    def _counting(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def counted(target: Any, *arguments: Any) -> Any:
            done = act(target, *arguments)
            # What the initialisation answers is lost with the process, and a login changes nothing.
            if arguments[0] not in ("sys/init", "auth/approle/login") and done is not False:
                self.made.append(
                    "/".join(arguments[:2]) if isinstance(target, SecretsFolder) else arguments[0]
                )
                if len(self.made) >= self.allowed:
                    raise KilledError
            return done

        return counted


def provision_in_pieces(installation: Installation) -> list[list[str]]:
    """Provisions with a kill after every single change; the changes of each piece, the last of which ended by itself."""
    pieces: list[list[str]] = []
    while len(pieces) < 200:
        with pytest.MonkeyPatch.context() as patch:
            killer = Killer(patch)
            # One change more than before where the last piece got no further, such as a SecretID that was lost.
            again = pieces and len(pieces) > 1 and pieces[-1] == pieces[-2][: len(pieces[-1])]
            killer.allowed = len(pieces[-1]) + 1 if again else 1
            pieces.append(killer.made)
            try:
                installation.provision()
            except KilledError:
                continue
            return pieces
    raise AssertionError(f"never came to an end: {pieces[-3:]}")


@pytest.fixture(scope="package")
def installation(tmp_path_factory) -> Iterator[Installation]:
    """Servers with keys and databases, and a vault whose provisioning was killed at every step until it was complete."""
    made = Installation(tmp_path_factory.mktemp("installation"))
    try:
        provision_keys(made.settings(), print, hosts=[])
        made.start_postgres()
        made.start_vault()
        provision_database(made.settings(), print)
        made.ledger_password = (made.secrets / "operator" / "ledger-admin-password").read_text()
        made.pieces = provision_in_pieces(made)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def root(installation) -> Iterator[str]:
    """A root token of a vault that makes them from recovery keys."""
    installation.restart_vault(makes_root_tokens=True)
    settings = installation.settings()
    with vault_client(settings) as client:
        installation.provision()  # waits until it serves
        token = generate_root_token(client, settings.secrets, ["a test"], print)
    settings.secrets.delete("operator", "vault-root-token")
    yield token
    assert installation.ask("POST", "auth/token/revoke-self", token=token).is_success
    installation.restart_vault()
    assert installation.provision() == []


@pytest.fixture
def vault(installation) -> Iterator[Vault]:
    """A worker's connection to the vault."""
    made = Vault(installation.address, trust_of(installation.settings()))
    yield made
    made.close()


@pytest.fixture(scope="module")
def engine(installation) -> Iterator[Engine]:
    """The database as the sweeper has it."""
    address = f"postgresql://triage_sweeper@127.0.0.1:{installation.ports['postgres']}/triage?sslmode=disable"
    settings = ConnectionSettings(
        database_url=address, database_password_file=installation.secret("sweeper", "database-password")
    )
    made = connect(settings, pool_size=2)
    yield made
    made.dispose()


@pytest.fixture
def mint(installation, vault) -> Callable[[UUID], MintedIdentity]:
    """Mints an identity for the third attempt of a run: `mint(run_id)`."""
    dispatcher = ProcessIdentity(vault, installation.identity_file("dispatcher"))
    return lambda run_id: dispatcher.mint(
        run_id=run_id, attempt=3, job_id="ACT-1", requested_by="operator-a", wrapping_ttl=60
    )


@pytest.fixture
def at_work(installation, vault, mint) -> Callable[..., Any]:
    """Logs in for a run: `with at_work(run_id) as (session, minted)`."""

    @contextmanager
    def begun(run_id):
        minted = mint(run_id)
        half = RunRoleId(installation.secret("worker", "run-role-id"))
        with introduced(vault, minted.wrapping_token, role_id=half, run_id=run_id, attempt=3) as session:
            yield session, minted

    return begun


@pytest.fixture
def store(engine) -> EventStore:
    return EventStore(engine)


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Installation]]:
    """Starts new servers with new keys, not provisioned: `start("vault")`."""
    made = []

    def started(*servers: str) -> Installation:
        made.append(Installation(tmp_path))
        provision_keys(made[-1].settings(), print, hosts=[])
        for server in servers:
            getattr(made[-1], f"start_{server}")()
        return made[-1]

    yield started
    for installation in made:
        installation.stop()
