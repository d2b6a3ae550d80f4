"""The steps of `triage provision` as the local stack takes them, with what only servers that start anew need."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from app.connections.secret_files import SettingsError
from infra.local.errors import StackError
from infra.local.state import Layout
from infra.postgres.roles import APPLICATION, READERS, VAULT_ADMIN
from infra.postgres.server import Server, ServerError
from infra.provision.broker import provision_broker
from infra.provision.database import administered, provision_database
from infra.provision.demo_data import load_ledger
from infra.provision.errors import ProvisionError
from infra.provision.export_keys import public_halves, with_new_key
from infra.provision.keys import provision_keys
from infra.provision.settings import ProvisioningSettings
from infra.provision.vault import provision_vault, vault_client
from infra.vault.opening import open_vault


class Provisioning:
    """The steps, with settings that are known once their servers run; what each changes is said in a log."""

    def __init__(self, layout: Layout, settings: Callable[[], ProvisioningSettings]) -> None:
        self._layout = layout
        self._settings = settings

    def keys(self, *, keep: bool) -> None:
        """Every secret that is missing, and the public halves of the export keys where they outlive this start.

        Unless the folder is one to `keep`, there is a new key for exports, followed by those of earlier starts.
        """
        public = self._layout.export_keys
        with self._step("keys") as say:
            settings = self._settings()
            if not keep:
                earlier = public.read_text(encoding="utf-8") if public.is_file() else None
                settings.secrets.replace("web", "export-keys.json", with_new_key(earlier))
            provision_keys(settings, say)
            public.write_text(public_halves(settings.secret("web", "export-keys.json")), encoding="utf-8")

    def database(self, *, own: bool, new_vault: bool) -> None:
        """Roles, databases and tables. What earlier starts left behind on a server of our `own` is ended."""
        with self._step("database") as say:
            settings = self._settings()
            if new_vault:
                _drop_leased_users(administered(settings))
            provision_database(settings, say, new_ledger_admin_password=new_vault)
            if own:
                _end_attempts(administered(settings))

    def broker(self) -> None:
        """The broker's users."""
        with self._step("broker") as say:
            provision_broker(self._settings(), say)

    def opened_vault(self) -> None:
        """A vault that is initialised and unsealed; its root token is in the operator's folder."""
        with self._step("vault") as say:
            settings = self._settings()
            with vault_client(settings) as client:
                open_vault(client, settings.secrets, patience=settings.provision_patience, say=say)

    def vault(self) -> None:
        """Policies, roles and identities; the root token is revoked."""
        with self._step("vault") as say:
            provision_vault(self._settings(), say)

    def ledger(self, scenarios: Path) -> None:
        """The ledger's rows of these scenarios."""
        with self._step("demo-data") as say:
            load_ledger(self._settings(), scenarios, say)

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[str], None]]:
        with (self._layout.logs / "provision.log").open("a", encoding="utf-8") as log:
            try:
                yield lambda text: print(f"{name}: {text}", file=log, flush=True)
            except (ProvisionError, ServerError, SettingsError) as error:
                raise StackError(str(error)) from None


def _drop_leased_users(server: Server) -> None:
    """Users of an earlier start's runs: the vault that would have revoked them is gone."""
    with server.connect() as connection:
        leased = connection.execute(
            "SELECT DISTINCT member::regrole::text FROM pg_auth_members JOIN pg_roles readers ON roleid = readers.oid"
            " WHERE readers.rolname = %s AND pg_get_userbyid(member) <> %s",
            [READERS, VAULT_ADMIN],
        ).fetchall()
        for (role,) in leased:
            connection.execute(sql.SQL("DROP ROLE " + role))  # regrole::text is quoted already


def _end_attempts(server: Server) -> None:
    """Attempts of an earlier start count as lost at once, without anybody waiting for their leases to run out.

    Their messages went with the earlier broker and their credentials with the earlier vault.
    """
    with server.connect(APPLICATION) as connection:
        connection.execute("UPDATE attempt SET lease_until = now() WHERE state IN ('dispatched', 'running')")
