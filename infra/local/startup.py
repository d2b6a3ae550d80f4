"""How each part of the stack comes up, and which parts can do so side by side."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import httpx

from app.connections.secret_files import SettingsError
from infra.local.commands import TOOLS, Services, as_user
from infra.local.errors import OutsideError, StackError
from infra.local.options import TOOL_VARIABLES, Part, StackOptions
from infra.local.outside import OutsideServers
from infra.local.ports import LOOPBACK, USUAL_PORTS, connects, listens
from infra.local.postgres_server import PostgresServer
from infra.local.process import Child, Command
from infra.local.process_table import Roster
from infra.local.state import Layout
from infra.local.valkey_server import ValkeyServer
from infra.local.vault_server import VaultServer, find_binary
from infra.provision.settings import ProvisioningSettings, load

Job = Callable[[], None]

#: Seconds. Nothing rotates the identities of a vault in memory, which is gone before they end.
_NEVER_ROTATED = {"infrastructure_secret_id_ttl": 31 * 24 * 3600, "custody_secret_id_ttl": 31 * 24 * 3600}


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
        self.broker: ValkeyServer | None = None
        self._ports: dict[str, int] = {}
        # Imported here: every `triage` command loads this module, and few provision.
        from infra.local.provisioning import Provisioning  # noqa: PLC0415

        self._provisioning = Provisioning(layout, self.settings)

    def stages(self) -> list[list[Job]]:
        """Stages run one after another, the jobs of a stage side by side."""
        return [[self._secrets], self._servers(), self._preparations(), self._processes()]

    @property
    def root_token(self) -> str | None:
        """The vault's root token, until provisioning has revoked it."""
        return self._services.secrets.read("operator", "vault-root-token")

    @property
    def ledger_password(self) -> str | None:
        """The password of `vault_ledger_admin`, until the vault has replaced it."""
        return self._services.secrets.read("operator", "ledger-admin-password")

    def settings(self) -> ProvisioningSettings:
        """The settings of provisioning for this stack's servers, as far as they run.

        Raises SettingsError for what the environment says about provisioning itself.
        """
        outside, services = self._options.outside, self._services
        broker = services.endpoints.get("valkey")
        settings = load(
            secrets_folder=services.secrets.root,
            database_admin_url=outside.database_admin or (services.database and services.database.address),
            redis_admin_url=outside.broker_admin or (broker and as_user(broker, "administrator")),
            vault_addr=services.endpoints.get("vault"),
            vault_audit_log=self._layout.audit_log if outside.vault is None else outside.vault_audit_log,
            vault_ledger_url=outside.vault_ledger or services.ledger_address,
            vault_issuer=outside.vault_issuer,
            ca_file=outside.tls.get("CA_FILE"),
            client_certificate_file=outside.tls.get("CLIENT_CERTIFICATE_FILE"),
            client_key_file=outside.tls.get("CLIENT_KEY_FILE"),
            provision_patience=self._options.patience,
        )
        return settings if outside.vault else settings.model_copy(update=_NEVER_ROTATED)

    def _wanted(self, part: Part, job: Job) -> list[Job]:
        return [job] if self._options.starts(part) else []

    def _secrets(self) -> None:
        """Every secret there is to be, and outside servers that are ready for each process."""
        outside, provisioned = self._options.outside, self._provisioned()
        for name, given in (
            ("vault", outside.vault),
            ("postgres", outside.database),
            ("valkey", outside.broker),
        ):
            if given is not None:
                self._given(name, given)
        if outside.vault is not None:
            try:
                OutsideServers(self._options, self._services, self.settings()).refuse_unusable(provisioned)
            except SettingsError as wrong:
                raise OutsideError(str(wrong)) from None
        self._provisioning.keys(keep=outside.vault is not None)
        if outside.database is not None and Part.POSTGRES in provisioned:
            self._provisioning.database(own=False, new_vault=False)
        if outside.broker is not None and Part.VALKEY in provisioned:
            self._provisioning.broker()

    def _provisioned(self) -> set[Part]:
        """The servers that this start provisions: its own, and outside ones whose administrator is named."""
        outside = self._options.outside
        administered = {
            Part.VAULT: outside.vault is None or self.root_token is not None,
            Part.POSTGRES: outside.database is None or outside.database_admin is not None,
            Part.VALKEY: outside.broker is None or outside.broker_admin is not None,
        }
        return {
            part for part, it_is in administered.items() if it_is and Part.PROVISION in self._options.parts
        }

    def _servers(self) -> list[Job]:
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
        self._services.endpoints["vault"] = address
        self._provisioning.opened_vault()
        self._announce("vault", address=address)

    def _postgres(self) -> None:
        postgres = PostgresServer(self._layout, self._services.secrets)
        self._roster.run(postgres.preparation())
        postgres.prepared()
        port = self._roster.serve("postgres", build=postgres.command, ready=postgres.ready)
        self._ports["postgres"] = port
        self._services.database = postgres.server(port)
        address = f"postgresql://{LOOPBACK}:{port}"
        self._services.endpoints["postgres"] = address
        self._provisioning.database(own=True, new_vault=self._options.outside.vault is None)
        self._announce("postgres", address=address)

    def _valkey(self) -> None:
        valkey = self.broker = ValkeyServer(self._layout, self._services.secrets)
        port = self._roster.serve("valkey", build=valkey.command, ready=valkey.ready)
        self._ports["valkey"] = port
        address = f"redis://{LOOPBACK}:{port}"
        self._services.endpoints["valkey"] = address
        self._provisioning.broker()
        self._announce("valkey", address=address)

    def _preparations(self) -> list[Job]:
        jobs: list[Job] = []
        if self._options.starts(Part.PROVISION):
            jobs += [self._ledger, self._policies]
        return [*jobs, *self._identity_provider(), *(job for tool in TOOLS for job in self._tool(tool))]

    def _identity_provider(self) -> list[Job]:
        given = self._options.outside.identity
        if given is not None:
            self._given("identity-provider", given)
        return self._wanted(
            Part.IDENTITY, lambda: self._http("identity-provider", self._services.identity_provider)
        )

    def _ledger(self) -> None:
        """Behind an outside database without an administrator the ledger's rows are its operator's."""
        if Part.POSTGRES in self._provisioned() and (
            self._services.database or self._options.outside.database
        ):
            self.load_ledger()
            self._announce("tables and ledger")

    def load_ledger(self) -> None:
        """Give the ledger the rows of the scenarios that the tools serve."""
        self._provisioning.ledger(self._services.served)

    def _policies(self) -> None:
        if "vault" in self._services.endpoints and self.root_token is not None:
            self._provisioning.vault()
            self._announce("policies")

    def _tool(self, tool: str) -> list[Job]:
        given = self._options.outside.tools.get(tool)
        if given is not None:
            self._given(tool, given)
            return []
        if tool not in USUAL_PORTS and self._options.starts(Part.MOCKS):
            raise StackError(
                f"{tool}: infra/local/ports.py has no port for its mock; add one, or set {TOOL_VARIABLES[tool]}"
            )
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
