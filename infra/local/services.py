"""The processes of the application and of the emulated outside systems: commands and environments."""

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.export_keys import provide
from infra.local.options import TOOL_VARIABLES, StackOptions
from infra.local.ports import LOOPBACK
from infra.local.process import Command
from infra.local.secret_files import random_secret, write_secret
from infra.local.state import Layout
from infra.local.valkey_server import password_file
from infra.postgres import provision
from infra.postgres.provision import APPLICATION, LEDGER, Server, address

REPOSITORY = Path(__file__).parents[2]

USUAL_PORTS = {
    "sam-gov": 7001,
    "debarment": 7002,
    "contracts": 7003,
    "documents": 7004,
    "identity-provider": 7005,
    "web": 8000,
}
TOOLS = tuple(TOOL_VARIABLES)

_CLIENT = "triage-web"
_DATABASE_ROLES = {
    "dispatcher": "triage_dispatcher",
    "sweeper": "triage_dispatcher",
    "worker": "triage_worker",
    "web": "triage_app",
    "cli": "triage_app",
}
_IDENTITIES = {"dispatcher": "dispatcher", "sweeper": "sweeper", "web": "auditor", "cli": "auditor"}
_BROKER_USERS = ("dispatcher", "worker")


class Services:
    """Builds commands, once the addresses of the servers are known."""

    def __init__(self, layout: Layout, options: StackOptions) -> None:
        self._layout = layout
        self._options = options
        self._served = options.scenarios or layout.scenarios
        self.endpoints: dict[str, str] = {}
        """Part name to URL without credentials, filled as parts come up."""
        self.database: Server | None = None

    def environment(self, process: str) -> dict[str, str]:
        """What a process is told: addresses and names of files, never a secret.

        `process` is a tool, dispatcher, sweeper, worker, web, or `cli` for commands typed by a person.
        """
        told = {"TRIAGE_HOME": str(self._layout.home), **self._options.environment}
        vault = self.endpoints.get("vault")
        if vault is not None:
            told["VAULT_ADDR"] = vault
        if process in TOOLS:
            return told | {
                "MOCK_SCENARIOS": str(self._served),
                "MOCK_ACCESS_LOG": str(self._layout.access / f"{process}.jsonl"),
                "MOCK_LATENCY_MS": str(self._options.mock_latency),
            }
        told |= self._tools() | self._stores(process) | self._identity(process)
        return told | self._sign_in() if process == "web" else told

    def _tools(self) -> dict[str, str]:
        told = {name: self.endpoints[tool] for tool, name in TOOL_VARIABLES.items() if tool in self.endpoints}
        ledger = self._options.outside.ledger
        if ledger is None and self.database is not None:
            ledger = f"postgresql://{self.database.host}:{self.database.port}/{LEDGER}"
        return told | ({"LEDGER_URL": ledger} if ledger else {})

    def _stores(self, process: str) -> dict[str, str]:
        outside = self._options.outside
        told = {}
        if outside.database is not None:
            told["DATABASE_URL"] = outside.database
        elif self.database is not None:
            role = _DATABASE_ROLES[process]
            told["DATABASE_URL"] = address(self.database, role, APPLICATION)
            told["DATABASE_PASSWORD_FILE"] = str(provision.password_file(self._layout.secrets, role))
        broker = outside.broker or self.endpoints.get("valkey")
        if broker is None:
            return told
        if process not in _BROKER_USERS:
            # The others only look whether it answers: its bare address will do.
            return told | {"REDIS_URL": broker}
        if outside.broker is None:
            told["REDIS_URL"] = broker.replace("://", f"://{process}@") + "/0"
            told["REDIS_PASSWORD_FILE"] = str(password_file(self._layout, process))
            return told
        told["REDIS_URL"] = broker
        if outside.broker_password_file is not None:
            told["REDIS_PASSWORD_FILE"] = outside.broker_password_file
        return told

    def _identity(self, process: str) -> dict[str, str]:
        identity = _IDENTITIES.get(process)
        if identity is None:
            return {}  # the agent worker has none: each run brings its own
        told = {"VAULT_IDENTITY_FILE": str(self._layout.secrets / f"{identity}.json")}
        if identity == "auditor":
            outside = self._options.outside
            told["VAULT_AUDIT_LOG"] = outside.vault_audit_log or str(self._layout.audit_log)
        return told

    def _sign_in(self) -> dict[str, str]:
        outside = self._options.outside
        told = {
            "OIDC_ISSUER": outside.identity or self.endpoints.get("identity-provider"),
            "OIDC_CLIENT_ID": outside.identity_client or _CLIENT,
            "WEB_ADDRESS": self.endpoints.get("web"),
            "WEB_KEY_FILE": str(self._layout.secrets / "web-key"),
            "EXPORT_KEY_FILE": str(self._layout.secrets / "web-export-keys.json"),
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
        write_secret(self._layout.secrets / "web-key", random_secret())
        provide(self._layout)
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
        return self._python(name, "-m", f"workers.{name}", environment=self.environment(name))

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
        line = ["-m", "mocks.scenarios.generator", "--out", str(self._layout.scenarios)]
        line += ["--actions", str(options.actions), "--seed", str(options.seed)]
        return self._python("scenarios", *line)

    def ledger_data(self, server: Server) -> Command:
        """Fills the ledger, as its owner."""
        environment = {
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGUSER": "ledger_owner",
            "PGPASSFILE": str(self._layout.secrets / "ledger_owner.pgpass"),
            "PGDATABASE": LEDGER,
        }
        program = "import sys, pathlib, mocks.ledger.load as l; l.load(pathlib.Path(sys.argv[1]))"
        line = ("-c", program, str(self._served))
        return self._python("ledger-data", *line, environment=environment)

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
