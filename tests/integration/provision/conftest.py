"""A database and a broker of which provisioning knows only an address and an administrator."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.ports import Ports
from infra.local.postgres_server import PostgresServer
from infra.local.process_table import ProcessTable
from infra.local.state import Layout
from infra.local.valkey_server import ValkeyServer
from infra.postgres.roles import set_password
from infra.provision.keys import provision_keys
from infra.provision.settings import ProvisioningSettings

if TYPE_CHECKING:
    from infra.postgres.server import Server


class Servers:
    """Both, with nothing in them."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.layout.create()
        self.process_table = ProcessTable(
            ports=Ports(folder / "ports", usual=False), patience=30, changed=lambda: None
        )
        self.settings = ProvisioningSettings(
            secrets_folder=self.layout.secrets,
            demo_folder=folder / "demo" / "scenarios",
            provision_patience=20,
        )
        provision_keys(self.settings, lambda _: None)
        self.secrets = self.settings.secrets
        self._postgres = PostgresServer(self.layout, self.secrets)
        self._valkey = ValkeyServer(self.layout, self.secrets)

    def start(self) -> None:
        self.process_table.run(self._postgres.preparation())
        self._postgres.prepared()
        port = self.process_table.serve("postgres", build=self._postgres.command, ready=self._postgres.ready)
        self.database: Server = self._postgres.server(port)
        self.broker_port = self.process_table.serve(
            "valkey", build=self._valkey.command, ready=self._valkey.ready
        )
        self.settings = self.settings.model_copy(
            update={
                "database_admin_url": self.database.address,
                "redis_admin_url": f"redis://administrator@127.0.0.1:{self.broker_port}",
            }
        )

    def changed(self, **settings: Any) -> ProvisioningSettings:
        """The same settings but for these."""
        return self.settings.model_copy(update=settings)

    def empty(self) -> None:
        """Take away all that provisioning made at the database."""
        with self.database.connect() as connection:
            for database in ("triage", "ledger"):
                connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())
            query = "SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg_%' AND rolname <> 'postgres'"
            for (role,) in connection.execute(query).fetchall():
                connection.execute(f'DROP OWNED BY "{role}" CASCADE'.encode())
                connection.execute(f'DROP ROLE "{role}"'.encode())
        self.secrets.delete("operator", "ledger-admin-password")

    @contextmanager
    def managed(self, **settings: Any) -> Iterator[ProvisioningSettings]:
        """Settings with the administrator `managed`, who is no superuser. In the end all is taken away."""
        own = self.secrets.read("operator", "database-admin-password") or ""
        with self.database.connect() as connection:
            connection.execute("CREATE ROLE managed LOGIN CREATEROLE CREATEDB")
            set_password(connection, "managed", "managed")
            connection.execute("GRANT CONNECT ON DATABASE postgres TO managed")
        self.secrets.replace("operator", "database-admin-password", "managed")
        try:
            address = self.database.address.replace("postgres@", "managed@")
            yield self.changed(database_admin_url=address, **settings)
        finally:
            self.secrets.replace("operator", "database-admin-password", own)
            self.empty()

    def broker(self) -> Any:
        """A connection to the broker as its administrator."""
        return self._valkey.administrator(self.broker_port)


@pytest.fixture(scope="module")
def servers(tmp_path_factory) -> Iterator[Servers]:
    made = Servers(tmp_path_factory.mktemp("servers"))
    try:
        made.start()
        yield made
    finally:
        made.process_table.stop_all()


@pytest.fixture
def said() -> Callable[..., list[str]]:
    """What a step says: `said(provision_database, settings)`."""

    def of(step: Callable[..., None], settings: ProvisioningSettings, **options: Any) -> list[str]:
        lines: list[str] = []
        step(settings, lines.append, **options)
        return lines

    return of
