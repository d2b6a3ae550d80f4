"""A database and a broker of which provisioning knows only an address and an administrator."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.ports import Ports
from infra.local.postgres_server import PostgresServer
from infra.local.process_table import ProcessTable
from infra.local.state import Layout
from infra.local.valkey_server import ValkeyServer
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
