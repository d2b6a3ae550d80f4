"""How each part of the stack comes up, and which parts can do so side by side."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

import httpx

from infra.local.options import Part, StackOptions
from infra.local.ports import LOOPBACK, connects, listens
from infra.local.postgres_server import PostgresServer
from infra.local.process import Child, Command
from infra.local.roster import Roster
from infra.local.services import TOOLS, Services
from infra.local.state import Layout
from infra.local.valkey_server import ValkeyServer
from infra.local.vault_server import VaultServer, find_binary
from infra.postgres.provision import provision

Job = Callable[[], None]


class Announce(Protocol):
    """Told that a part is ready."""

    def __call__(self, name: str, *, address: str = "", outside: bool = False) -> None: ...


class Parts:
    """The stages of one start.  What a stage needs, the stages before it have left in this object."""

    def __init__(
        self, *, layout: Layout, options: StackOptions, roster: Roster, services: Services, announce: Announce
    ) -> None:
        self._layout = layout
        self._options = options
        self._roster = roster
        self._services = services
        self._announce = announce
        self.root_token: str | None = None
        """Until the bootstrap has revoked it."""
        self.ledger_password: str | None = None
        """Of `vault_ledger_admin`, until the vault has replaced it."""
        self.broker: ValkeyServer | None = None
        self._ports: dict[str, int] = {}

    def stages(self) -> list[list[Job]]:
        """Stages run one after another, the jobs of a stage side by side."""
        return [self._servers(), self._preparations(), self._processes()]

    def _wanted(self, part: Part, job: Job) -> list[Job]:
        return [job] if self._options.starts(part) else []

    def _servers(self) -> list[Job]:
        outside = self._options.outside
        for name, given in (
            ("vault", outside.vault),
            ("postgres", outside.database),
            ("valkey", outside.broker),
        ):
            if given is not None:
                self._given(name, given)
        return [
            *self._wanted(Part.VAULT, self._vault),
            *self._wanted(Part.POSTGRES, self._postgres),
            *self._wanted(Part.VALKEY, self._valkey),
            *self._wanted(Part.PROVISION, self._scenarios),
        ]

    def _scenarios(self) -> None:
        if self._options.scenarios is None:
            self._roster.run(self._services.scenarios())

    def _given(self, name: str, address: str) -> None:
        self._services.endpoints[name] = address
        self._announce(name, address=address, outside=True)

    def _vault(self) -> None:
        server = VaultServer(layout=self._layout, binary=find_binary(self._options.vault_binary))
        port = self._roster.serve("vault", build=server.command, ready=server.ready)
        address = f"http://{LOOPBACK}:{port}"
        self.root_token = server.open(address)
        self._services.endpoints["vault"] = address
        self._announce("vault", address=address)

    def _postgres(self) -> None:
        postgres = PostgresServer(self._layout)
        self._roster.run(postgres.preparation())
        postgres.prepared()
        port = self._roster.serve("postgres", build=postgres.command, ready=postgres.ready)
        server = postgres.server(port)
        self.ledger_password = provision(server, secrets=self._layout.secrets)
        self._ports["postgres"] = port
        self._services.database = server
        address = f"postgresql://{LOOPBACK}:{port}"
        self._services.endpoints["postgres"] = address
        self._announce("postgres", address=address)

    def _valkey(self) -> None:
        valkey = self.broker = ValkeyServer(self._layout)
        valkey.prepare()
        port = self._roster.serve("valkey", build=valkey.command, ready=valkey.ready)
        self._ports["valkey"] = port
        address = f"redis://{LOOPBACK}:{port}"
        self._services.endpoints["valkey"] = address
        self._announce("valkey", address=address)

    def _preparations(self) -> list[Job]:
        jobs: list[Job] = []
        if self._options.starts(Part.PROVISION):
            jobs += [self._tables_and_ledger, self._bootstrap]
        return [*jobs, *self._identity_provider(), *(job for tool in TOOLS for job in self._tool(tool))]

    def _identity_provider(self) -> list[Job]:
        given = self._options.outside.identity
        if given is not None:
            self._given("identity-provider", given)
        return self._wanted(
            Part.IDENTITY, lambda: self._http("identity-provider", self._services.identity_provider)
        )

    def _tables_and_ledger(self) -> None:
        # Imported here: starting the servers alone needs neither Alembic nor a vault client.
        from infra.local import provisioning  # noqa: PLC0415

        server = self._services.database
        if server is not None:
            provisioning.migrate_tables(server, self._layout)
            self._roster.run(self._services.ledger_data(server))
            self._announce("tables and ledger")

    def _bootstrap(self) -> None:
        from infra.local import provisioning  # noqa: PLC0415

        outside = self._options.outside
        token = self.root_token
        if outside.vault_token_file is not None and outside.vault is not None:
            token = Path(outside.vault_token_file).read_text(encoding="utf-8").strip()
        if token is None:
            return
        vault = self._services.endpoints["vault"]
        if self._services.database is not None and self.ledger_password is not None:
            ledger = provisioning.local_ledger(self._services.database, self.ledger_password)
        else:
            ledger = provisioning.outside_ledger(outside)
        provisioning.bootstrap_vault(vault=vault, token=token, ledger=ledger, layout=self._layout)
        self.root_token = self.ledger_password = None
        self._announce("policies")

    def _tool(self, tool: str) -> list[Job]:
        given = self._options.outside.tools.get(tool)
        if given is not None:
            self._given(tool, given)
            return []
        return self._wanted(Part.MOCKS, lambda: self._http(tool, partial(self._services.tool, tool)))

    def _http(self, name: str, build: Callable[[int], Command]) -> None:
        port = self._roster.serve(name, build=build, ready=_answers)
        address = f"http://{LOOPBACK}:{port}"
        self._services.endpoints[name] = address
        self._announce(name, address=address)

    def _processes(self) -> list[Job]:
        numbers = range(1, self._options.workers + 1)
        return [
            *self._wanted(
                Part.DISPATCHER, lambda: self._connected(self._services.background("dispatcher"), "postgres")
            ),
            *self._wanted(
                Part.SWEEPER, lambda: self._connected(self._services.background("sweeper"), "postgres")
            ),
            *(job for number in numbers for job in self._wanted(Part.WORKER, partial(self._worker, number))),
            *self._wanted(Part.WEB, lambda: self._http("web", self._services.web)),
        ]

    def _worker(self, number: int) -> None:
        self._connected(self._services.worker(number), "valkey")

    def _connected(self, command: Command, server: str) -> None:
        port = self._ports.get(server)
        self._roster.start(command, lambda child: port is None or connects(child.pid, port))
        self._announce(command.name)


def _answers(child: Child, port: int) -> bool:
    """Whether our own process gives any HTTP answer; the tools answer strangers with 401, which will do."""
    if not listens(child.pid, port):
        return False
    try:
        httpx.get(f"http://{LOOPBACK}:{port}/", timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
