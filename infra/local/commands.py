"""The processes of the application and of the emulated outside systems: commands and environments."""

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from infra.local.options import TOOL_VARIABLES, StackOptions
from infra.local.ports import LOOPBACK
from infra.local.process import Command
from infra.local.state import Layout
from infra.postgres.roles import APPLICATION, LEDGER
from infra.secrets_folder import SecretsFolder, write_secret

if TYPE_CHECKING:
    from infra.postgres.server import Server

REPOSITORY = Path(__file__).parents[2]

TOOLS = tuple(TOOL_VARIABLES)

_CLIENT = "triage-web"
DATABASE_ROLES: dict[str, str] = {
    "dispatcher": "triage_dispatcher",
    "sweeper": "triage_dispatcher",
    "worker": "triage_worker",
    "web": "triage_app",
}
#: The agent worker has none: each run brings its own.
IDENTIFIED: tuple[str, ...] = ("dispatcher", "sweeper", "web")
BROKER_USERS: tuple[str, ...] = ("dispatcher", "worker")
#: A command that a person types acts with the rights of the pages.
_OWNERS: dict[str, str] = {
    "dispatcher": "dispatcher",
    "sweeper": "sweeper",
    "worker": "worker",
    "web": "web",
    "cli": "web",
}


class Services:
    """Builds commands, once the addresses of the servers are known."""

    def __init__(self, layout: Layout, options: StackOptions) -> None:
        self._layout = layout
        self._options = options
        outside = options.outside
        self.secrets = SecretsFolder(
            layout.secrets if outside.vault is None else outside.secrets_folder or layout.secrets
        )
        self.served = options.scenarios or layout.scenarios
        self.endpoints: dict[str, str] = {}
        """Part name to URL without credentials, filled as parts come up."""
        self.database: Server | None = None

    def environment(self, process: str) -> dict[str, str]:
        """The environment of a process: addresses and names of files in its own folder of secrets, never a secret.

        `process` is a tool, dispatcher, sweeper, worker, web, or `cli` for commands typed by a person.
        """
        outside = self._options.outside
        told = {"TRIAGE_HOME": str(self._layout.home), **self._options.environment, **outside.tls}
        vault = self.endpoints.get("vault")
        if vault is not None:
            told["VAULT_ADDR"] = vault
        if process in TOOLS:
            return told | {
                "MOCK_SCENARIOS": str(self.served),
                "MOCK_ACCESS_LOG": str(self._layout.access / f"{process}.jsonl"),
                "MOCK_LATENCY_MS": str(self._options.mock_latency),
            }
        owner = _OWNERS[process]
        told |= self._tools() | self._database(owner) | self._broker(owner) | self._identity(owner)
        return told | self._sign_in() if process == "web" else told

    def _tools(self) -> dict[str, str]:
        told = {name: self.endpoints[tool] for tool, name in TOOL_VARIABLES.items() if tool in self.endpoints}
        ledger = self.ledger_address
        return told | ({"LEDGER_URL": ledger} if ledger else {})

    @property
    def ledger_address(self) -> str | None:
        """The ledger without a user; beside the application's database when no other is named."""
        return self._options.outside.ledger or self._in_database(LEDGER)

    @property
    def database_address(self) -> str | None:
        """The application's database without a user."""
        return self._in_database(APPLICATION)

    def _in_database(self, database: str) -> str | None:
        if "postgres" not in self.endpoints:
            return None
        parts = urlsplit(self.endpoints["postgres"])
        if self._options.outside.database is None:
            # Ours speaks no TLS, whatever authorities other servers are to be believed by.
            parts = parts._replace(query="sslmode=disable")
        elif database == APPLICATION and parts.path.strip("/"):
            return urlunsplit(parts)
        return urlunsplit(parts._replace(scheme="postgresql", path=f"/{database}"))

    def _database(self, owner: str) -> dict[str, str]:
        address = self.database_address
        if address is None:
            return {}
        return {
            "DATABASE_URL": as_user(address, DATABASE_ROLES[owner]),
            "DATABASE_PASSWORD_FILE": self._secret(owner, "database-password"),
        }

    def _broker(self, owner: str) -> dict[str, str]:
        broker = self.endpoints.get("valkey")
        if broker is None:
            return {}
        if owner not in BROKER_USERS:
            # The others only look whether it answers: its bare address will do.
            return {"REDIS_URL": broker}
        address = broker if urlsplit(broker).path else f"{broker}/0"
        return {
            "REDIS_URL": as_user(address, owner),
            "REDIS_PASSWORD_FILE": self._secret(owner, "broker-password"),
        }

    def _identity(self, owner: str) -> dict[str, str]:
        if owner not in IDENTIFIED:
            return {}
        told = {"VAULT_IDENTITY_FILE": self._secret(owner, "vault-identity.json")}
        outside = self._options.outside
        audit_log = outside.vault_audit_log if outside.vault else str(self._layout.audit_log)
        return told | ({"VAULT_AUDIT_LOG": audit_log} if owner == "web" and audit_log else {})

    def _secret(self, owner: str, name: str) -> str:
        return str(self.secrets.path(owner, name))

    def _sign_in(self) -> dict[str, str]:
        outside = self._options.outside
        told = {
            "OIDC_ISSUER": outside.identity or self.endpoints.get("identity-provider"),
            "OIDC_CLIENT_ID": outside.identity_client or _CLIENT,
            "WEB_ADDRESS": self.endpoints.get("web"),
            "WEB_KEY_FILE": self._secret("web", "web-key"),
            "EXPORT_KEY_FILE": self._secret("web", "export-keys.json"),
        }
        return {name: value for name, value in told.items() if value is not None}

    def identity_provider(self, port: int) -> Command:
        """The demo's identity provider. It reads who its clients are whenever one comes."""
        told = {
            "OIDC_ISSUER": f"http://{LOOPBACK}:{port}",
            "OIDC_CLIENTS": str(self._layout.clients),
            # Authlib refuses plain HTTP otherwise, on the loopback interface as well.
            "AUTHLIB_INSECURE_TRANSPORT": "1",
        }
        return self._serving("identity-provider", port, told)

    def web(self, port: int) -> Command:
        """The pages. Their address is registered with the identity provider first, since people are sent back there."""
        address = self.endpoints["web"] = f"http://{LOOPBACK}:{port}"
        client = {
            "client_id": _CLIENT,
            "redirect_uris": [f"{address}/sign-in/callback"],
            "post_logout_redirect_uris": [f"{address}/signed-out"],
        }
        write_secret(self._layout.clients, json.dumps([client]))
        return self._serving("web", port, self.environment("web"))

    def tool(self, name: str, port: int) -> Command:
        """One of the tools' mocks."""
        return self._serving(name, port, self.environment(name))

    def _serving(self, name: str, port: int, environment: Mapping[str, str]) -> Command:
        """One process that serves HTTP."""
        module = ("app.web.launch",) if name == "web" else ("mocks.launch", name)
        return self._python(
            name,
            *("-m", *module, "--bind", f"{LOOPBACK}:{port}"),
            environment=environment,
            # gunicorn's quick shutdown: nobody is left to wait for.
            orphan_signal=signal.SIGINT,
        )

    def background(self, name: str) -> Command:
        """The dispatcher or the sweeper."""
        return self._python(name, "-m", f"workers.runtime.{name}", environment=self.environment(name))

    def worker(self, number: int) -> Command:
        """An agent worker; numbers start at 1."""
        options = self._options
        name = f"worker-{number}"
        line = ["-m", "workers.launch", "--name", name, "--pool", options.pool]
        line += ["--concurrency", str(options.concurrency), *(["--recycle"] if options.recycle else [])]
        return self._python(name, *line, environment=self.environment("worker"), grace=15.0)

    def scenarios(self) -> Command:
        """Writes what the tools will say, and the actions to submit."""
        options = self._options
        line = ["-m", "known_answers.scenarios.generator", "--out", str(self._layout.scenarios)]
        line += ["--actions", str(options.actions), "--seed", str(options.seed)]
        return self._python("scenarios", *line)

    def _python(
        self,
        name: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        grace: float = 5.0,
        orphan_signal: signal.Signals = signal.SIGTERM,
    ) -> Command:
        return Command(
            name=name,
            argv=(sys.executable, *arguments),
            environment={"PYTHONUNBUFFERED": "1", **(environment or {})},
            folder=REPOSITORY,
            log=self._layout.logs / f"{name}.log",
            grace=grace,
            orphan_signal=orphan_signal,
        )


def as_user(address: str, user: str) -> str:
    """The same address with a user in it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))
