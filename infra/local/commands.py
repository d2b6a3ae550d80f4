"""The command of each process: the application's, and those of the emulated outside systems."""

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.environments import CLIENT, Environments
from infra.local.options import StackOptions
from infra.local.ports import LOOPBACK
from infra.local.process import Command
from infra.local.state import Layout
from infra.secrets_folder import write_secret

if TYPE_CHECKING:
    from infra.postgres.server import Server

REPOSITORY = Path(__file__).parents[2]


class Services:
    """Builds commands, once the addresses of the servers are known."""

    def __init__(self, layout: Layout, options: StackOptions, environments: Environments) -> None:
        self._layout = layout
        self._options = options
        self._environments = environments
        self.database: Server | None = None
        """The stack's own PostgreSQL server, once it is up."""

    def identity_provider(self, port: int) -> Command:
        """The demo's identity provider, which reads the file of its clients at each request."""
        variables = {
            "OIDC_ISSUER": f"http://{LOOPBACK}:{port}",
            "OIDC_CLIENTS": str(self._layout.clients),
            # Authlib refuses plain HTTP otherwise, on the loopback interface as well.
            "AUTHLIB_INSECURE_TRANSPORT": "1",
        }
        return self._serving("identity-provider", port, variables)

    def web(self, port: int) -> Command:
        """The web process. Its address is registered with the identity provider, which sends people back to it."""
        address = self._environments.endpoints["web"] = f"http://{LOOPBACK}:{port}"
        client = {
            "client_id": CLIENT,
            "redirect_uris": [f"{address}/sign-in/callback"],
            "post_logout_redirect_uris": [f"{address}/signed-out"],
        }
        write_secret(self._layout.clients, json.dumps([client]))
        return self._serving("web", port, self._environments.of("web"))

    def tool(self, name: str, port: int) -> Command:
        """The mock of one tool."""
        return self._serving(name, port, self._environments.of(name))

    def _serving(self, name: str, port: int, environment: Mapping[str, str]) -> Command:
        module = ("app.web.launch",) if name == "web" else ("mocks.launch", name)
        return self._python(
            name,
            *("-m", *module, "--bind", f"{LOOPBACK}:{port}"),
            environment=environment,
            # gunicorn's quick shutdown: no request has to be finished.
            orphan_signal=signal.SIGINT,
        )

    def background(self, name: str) -> Command:
        """The dispatcher, the sweeper, the reconciler or the switch process."""
        own = {"sweeper": "workers.sweep", "reconciler": "workers.reconcile", "switch": "workers.switch"}
        module = own.get(name, f"workers.runtime.{name}")
        return self._python(name, "-m", module, environment=self._environments.of(name))

    def presenter(self) -> Command:
        """The process that carries out what a presenter orders from the pages, as the user who started the stack."""
        again = ["--can-start-again"] if self._options.can_start_again else []
        variables = {"TRIAGE_HOME": str(self._layout.home)}
        return self._python(
            "presenter", "-m", "rehearsals.presenter", *again, environment=variables, grace=15.0
        )

    def worker(self, number: int) -> Command:
        """An agent worker; numbers start at 1."""
        options = self._options
        name = f"worker-{number}"
        arguments = ["-m", "workers.launch", "--name", name, "--pool", options.pool]
        arguments += ["--concurrency", str(options.concurrency), *(["--recycle"] if options.recycle else [])]
        return self._python(name, *arguments, environment=self._environments.of("worker"), grace=15.0)

    def scenarios(self) -> Command:
        """Writes the scenarios that the tools serve, and the actions to submit."""
        options = self._options
        arguments = ["-m", "known_answers.scenarios.generator", "--out", str(self._layout.scenarios)]
        arguments += ["--actions", str(options.actions), "--seed", str(options.seed)]
        return self._python("scenarios", *arguments)

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
