"""Checks outside servers before anything is started: each process must have a login there that works."""

from collections.abc import Iterable, Iterator

import redis

from app.connections.tls import trust_of
from infra.local.environments import BROKER_USERS, DATABASE_ROLES, Environments, as_user
from infra.local.errors import OutsideError
from infra.local.options import Part, StackOptions
from infra.postgres.server import Server, ServerError
from infra.provision.broker_server import connected, reason
from infra.provision.logins import APPLICATION
from infra.provision.settings import ProvisioningSettings
from infra.provision.vault_setup import vault_client
from infra.reporting import ProvisionError
from infra.vault import run_role, secret_ids
from infra.vault.client import VaultClient
from infra.vault.owners import IDENTITIES

_PROCESSES: dict[str, Part] = {
    "dispatcher": Part.DISPATCHER,
    "sweeper": Part.SWEEPER,
    "reconciler": Part.RECONCILER,
    "switch": Part.SWITCH,
    "worker": Part.WORKER,
    "web": Part.WEB,
}


class OutsideServers:
    """The outside servers of one start."""

    def __init__(
        self, options: StackOptions, environments: Environments, settings: ProvisioningSettings
    ) -> None:
        """`environments` has their addresses."""
        self._outside = options.outside
        self._owners = [owner for owner, part in _PROCESSES.items() if options.starts(part)]
        self._environments = environments
        self._secrets = environments.secrets
        self._settings = settings

    def require(self, servers: Iterable[Part]) -> None:
        """Raise OutsideError, with a line for each thing that is missing at these servers."""
        checks = {Part.POSTGRES: self._database, Part.VALKEY: self._broker, Part.VAULT: self._vault}
        missing = [line for part in servers for line in checks[part]()]
        if missing:
            raise OutsideError("\n".join(dict.fromkeys(missing)))

    def _database(self) -> Iterator[str]:
        address = self._environments.database_address
        if self._outside.database is None or address is None:
            return
        for owner in self._owners:
            password = self._secrets.read(owner, "database-password")
            if password is None:
                yield self._no_file(owner, "database-password", step="database")
                continue
            server = Server(
                address=as_user(address, DATABASE_ROLES[owner]),
                password=password,
                secret=str(self._secrets.path(owner, "database-password")),
                tls=self._settings,
            )
            try:
                with server.connect() as connection:
                    (found,) = connection.execute("SELECT to_regclass('run') IS NOT NULL").fetchone() or (
                        False,
                    )
            except ServerError as refused:
                yield f"DATABASE_URL: {refused}"
            else:
                if not found:
                    yield f"DATABASE_URL: there are no tables in {APPLICATION}; run `triage provision database`"

    def _broker(self) -> Iterator[str]:
        address = self._outside.broker
        if address is None:
            return
        trust = trust_of(self._settings)
        for owner in self._owners:
            if owner not in BROKER_USERS:
                continue
            password = self._secrets.read(owner, "broker-password")
            if password is None:
                yield self._no_file(owner, "broker-password", step="broker")
                continue
            try:
                with connected(as_user(address, owner), password, trust) as connection:
                    connection.ping()
            except redis.RedisError as error:
                yield f"REDIS_URL: {reason(error, owner, trust)}"

    def _vault(self) -> Iterator[str]:
        if self._outside.vault is None:
            return
        with vault_client(self._settings) as client:
            if run_role.OWNER in self._owners:
                yield from self._run_role(client)
            for identity in IDENTITIES:
                if identity.owner not in self._owners:
                    continue
                file = self._secrets.path(identity.owner, "vault-identity.json")
                try:
                    if not file.is_file():
                        yield self._no_file(identity.owner, "vault-identity.json", step="vault")
                    elif secret_ids.log_in(client, self._secrets, identity) is None:
                        yield f"VAULT_ADDR: the vault refused the identity in {file}"
                except ProvisionError as error:
                    yield str(error)

    def _run_role(self, client: VaultClient) -> Iterator[str]:
        if not self._secrets.has(run_role.OWNER, run_role.FILE):
            yield self._no_file(run_role.OWNER, run_role.FILE, step="vault")
            return
        try:
            if (problem := run_role.problem(client, self._secrets)) is not None:
                yield f"VAULT_ADDR: {problem}; run `triage provision vault`"
        except ProvisionError as error:
            yield str(error)

    def _no_file(self, owner: str, name: str, *, step: str) -> str:
        path = self._secrets.path(owner, name)
        return (
            f"SECRETS_FOLDER: there is no {path}; run `triage provision keys` and `triage provision {step}`"
        )
