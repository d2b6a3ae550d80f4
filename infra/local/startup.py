"""How each part of the stack comes up, and which parts come up side by side."""

from collections.abc import Callable
from functools import partial

from infra.local.answering import answers
from infra.local.commands import Services
from infra.local.environments import TOOLS, Environments
from infra.local.errors import StackError
from infra.local.options import TOOL_VARIABLES, Part, StackOptions
from infra.local.ports import LOOPBACK, USUAL_PORTS, connects
from infra.local.postgres_server import PostgresServer
from infra.local.process import Command
from infra.local.process_table import ProcessTable
from infra.local.provisioning import Provisioning
from infra.local.state import Layout
from infra.local.users import ProcessUsers
from infra.local.valkey_server import ValkeyServer
from infra.local.vault_server import VaultServer, find_binary

Job = Callable[[], None]

_BACKGROUND = (Part.DISPATCHER, Part.SWEEPER, Part.RECONCILER, Part.SWITCH)


class Startup:
    """The stages of one start. Each stage uses what earlier stages have left in this object."""

    def __init__(
        self,
        *,
        layout: Layout,
        options: StackOptions,
        processes: ProcessTable,
        environments: Environments,
        services: Services,
        users: ProcessUsers,
        announce: Callable[..., None],
    ) -> None:
        """`announce` is called with name, address and `outside` of each part that is ready."""
        self._layout = layout
        self._options = options
        self._processes = processes
        self._environments = environments
        self._services = services
        self._users = users
        self._announce = announce
        self.provisioning = Provisioning(layout, options, environments, services)
        self.broker: ValkeyServer | None = None
        self._ports: dict[str, int] = {}

    def stages(self) -> list[list[Job]]:
        """Stages run one after another, the jobs of a stage side by side."""
        return [[self._secrets], self._servers(), self._preparations(), self._programs()]

    def _if_started(self, part: Part, job: Job) -> list[Job]:
        return [job] if self._options.starts(part) else []

    def _secrets(self) -> None:
        """Make all secrets, and prepare or check the outside servers."""
        outside, provisioning = self._options.outside, self.provisioning
        for name, address in (
            ("vault", outside.vault),
            ("postgres", outside.database),
            ("valkey", outside.broker),
        ):
            if address is not None:
                self._use_outside(name, address)
        if outside.vault is not None:
            provisioning.require_outside()
        provisioning.keys(keep=outside.vault is not None)
        if outside.database is not None and provisioning.provisions(Part.POSTGRES):
            provisioning.database(own=False, new_vault=False)
        if outside.broker is not None and provisioning.provisions(Part.VALKEY):
            provisioning.broker()

    def _use_outside(self, name: str, address: str) -> None:
        self._environments.endpoints[name] = address
        self._announce(name, address=address, outside=True)

    def _servers(self) -> list[Job]:
        return [
            *self._if_started(Part.VAULT, self._vault),
            *self._if_started(Part.POSTGRES, self._postgres),
            *self._if_started(Part.VALKEY, self._valkey),
            *self._if_started(Part.PROVISION, self._scenarios),
        ]

    def _scenarios(self) -> None:
        if self._options.scenarios is None:
            self._processes.run(self._services.scenarios())
            self._users.share(self._layout.scenarios)

    def _vault(self) -> None:
        server = VaultServer(
            layout=self._layout,
            binary=find_binary(self._options.vault_binary),
            storage=self._options.vault_storage,
        )
        port = self._processes.serve("vault", build=server.command, ready=server.ready)
        address = f"http://{LOOPBACK}:{port}"
        self._environments.endpoints["vault"] = address
        self.provisioning.open_vault()
        self._announce("vault", address=address)

    def _postgres(self) -> None:
        postgres = PostgresServer(self._layout, self._environments.secrets)
        self._processes.run(postgres.preparation())
        postgres.prepared()
        port = self._processes.serve("postgres", build=postgres.command, ready=postgres.ready)
        self._ports["postgres"] = port
        self._services.database = postgres.server(port)
        address = f"postgresql://{LOOPBACK}:{port}"
        self._environments.endpoints["postgres"] = address
        self.provisioning.database(own=True, new_vault=self._options.outside.vault is None)
        self._announce("postgres", address=address)

    def _valkey(self) -> None:
        valkey = self.broker = ValkeyServer(self._layout, self._environments.secrets)
        port = self._processes.serve("valkey", build=valkey.command, ready=valkey.ready)
        self._ports["valkey"] = port
        address = f"redis://{LOOPBACK}:{port}"
        self._environments.endpoints["valkey"] = address
        self.provisioning.broker()
        self._announce("valkey", address=address)

    def _preparations(self) -> list[Job]:
        return [
            *self._if_started(Part.PROVISION, self._ledger),
            *self._if_started(Part.PROVISION, self._policies),
            *self._identity_provider(),
            *(job for tool in TOOLS for job in self._tool(tool)),
        ]

    def _identity_provider(self) -> list[Job]:
        address = self._options.outside.identity
        if address is not None:
            self._use_outside("identity-provider", address)
        build = self._services.identity_provider
        return self._if_started(Part.IDENTITY, lambda: self._http("identity-provider", build))

    def _ledger(self) -> None:
        """Fill the ledger. On an outside server without an administrator, its operator has done so."""
        database = self._services.database or self._options.outside.database
        if database and self.provisioning.provisions(Part.POSTGRES):
            self.provisioning.ledger()
            self._announce("tables and ledger")

    def _policies(self) -> None:
        if "vault" in self._environments.endpoints and self.provisioning.root_token is not None:
            self.provisioning.vault()
            self._announce("policies")

    def _tool(self, tool: str) -> list[Job]:
        address = self._options.outside.tools.get(tool)
        if address is not None:
            self._use_outside(tool, address)
            return []
        if tool not in USUAL_PORTS and self._options.starts(Part.MOCKS):
            raise StackError(
                f"{tool}: infra/local/ports.py has no port for its mock; add one, or set {TOOL_VARIABLES[tool]}"
            )
        return self._if_started(Part.MOCKS, lambda: self._http(tool, partial(self._services.tool, tool)))

    def _http(self, name: str, build: Callable[[int], Command]) -> None:
        port = self._processes.serve(name, build=build, ready=answers)
        address = f"http://{LOOPBACK}:{port}"
        self._environments.endpoints[name] = address
        self._announce(name, address=address)

    def _programs(self) -> list[Job]:
        programs: list[tuple[Part, Job]] = [
            *((part, partial(self._background, part.value)) for part in _BACKGROUND),
            *((Part.WORKER, partial(self._worker, number)) for number in range(1, self._options.workers + 1)),
            (Part.PRESENTER, self._presenter),
            (Part.WEB, lambda: self._http("web", self._services.web)),
        ]
        return [job for part, start in programs for job in self._if_started(part, start)]

    def _background(self, name: str) -> None:
        self._connected(self._services.background(name), "postgres")

    def _presenter(self) -> None:
        socket = self._layout.presenter_socket
        socket.unlink(missing_ok=True)
        self._processes.start(self._services.presenter(), lambda _: socket.is_socket())
        self._announce("presenter")

    def _worker(self, number: int) -> None:
        self._connected(self._services.worker(number), "valkey")

    def _connected(self, command: Command, server: str) -> None:
        port = self._ports.get(server)
        self._processes.start(command, lambda child: port is None or connects(child.pid, port))
        self._announce(command.name)
