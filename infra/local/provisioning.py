"""The steps of `triage provision` for the local stack, and what only new servers need."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.connections.secret_files import SettingsError
from infra.local.commands import Services
from infra.local.environments import Environments, as_user
from infra.local.errors import OutsideError, StackError
from infra.local.options import Part, StackOptions
from infra.local.outside import OutsideServers
from infra.local.state import Layout
from infra.postgres.migrate import OldTablesError
from infra.postgres.server import Server, ServerError
from infra.provision.broker import provision_broker
from infra.provision.database import administered, provision_database
from infra.provision.demo_data import load_ledger
from infra.provision.export_keys import public_halves, with_new_key
from infra.provision.keys import provision_keys
from infra.provision.logins import APPLICATION, LEDGER, READERS, VAULT_ADMIN
from infra.provision.settings import ProvisioningSettings, load
from infra.provision.vault_setup import provision_vault, vault_client
from infra.reporting import ProvisionError, Say
from infra.vault import database_users
from infra.vault.opening import open_vault

#: Seconds. The identities of a vault in memory are never rotated: it ends before they do.
_NEVER_ROTATED = {"infrastructure_secret_id_ttl": 31 * 24 * 3600, "custody_secret_id_ttl": 31 * 24 * 3600}


class Provisioning:
    """The steps of one start. Their changes are written into a log. Each raises StackError."""

    def __init__(
        self, layout: Layout, options: StackOptions, environments: Environments, services: Services
    ) -> None:
        self._layout = layout
        self._options = options
        self._environments = environments
        self._services = services

    @property
    def root_token(self) -> str | None:
        """The vault's root token, until provisioning has revoked it."""
        return self._environments.secrets.read("operator", "vault-root-token")

    def settings(self) -> ProvisioningSettings:
        """The settings of provisioning for those servers of this stack that are up.

        Raises SettingsError for a wrong variable in the environment.
        """
        outside, environments, database = (
            self._options.outside,
            self._environments,
            self._services.database,
        )
        broker = environments.endpoints.get("valkey")
        settings = load(
            secrets_folder=environments.secrets.root,
            database_admin_url=outside.database_admin or (database and database.address),
            redis_admin_url=outside.broker_admin or (broker and as_user(broker, "administrator")),
            vault_addr=environments.endpoints.get("vault"),
            vault_audit_log=self._layout.audit_log if outside.vault is None else outside.vault_audit_log,
            vault_audit_log_2=self._layout.audit_log_2
            if outside.vault is None
            else outside.vault_audit_log_2,
            vault_ledger_url=outside.vault_ledger or environments.ledger_address,
            vault_issuer=outside.vault_issuer,
            ca_file=outside.tls.get("CA_FILE"),
            client_certificate_file=outside.tls.get("CLIENT_CERTIFICATE_FILE"),
            client_key_file=outside.tls.get("CLIENT_KEY_FILE"),
            provision_patience=self._options.patience,
        )
        return settings if outside.vault else settings.model_copy(update=_NEVER_ROTATED)

    def provisions(self, part: Part) -> bool:
        """Whether this start provisions a server: one of its own, or an outside one with an administrator's login."""
        outside = self._options.outside
        return (
            Part.PROVISION in self._options.parts
            and {
                Part.VAULT: outside.vault is None or self.root_token is not None,
                Part.POSTGRES: outside.database is None or outside.database_admin is not None,
                Part.VALKEY: outside.broker is None or outside.broker_admin is not None,
            }[part]
        )

    def require_outside(self) -> None:
        """Raise OutsideError if outside servers that are not provisioned here cannot be used."""
        servers = [part for part in (Part.POSTGRES, Part.VALKEY, Part.VAULT) if not self.provisions(part)]
        try:
            OutsideServers(self._options, self._environments, self.settings()).require(servers)
        except SettingsError as error:
            raise OutsideError(str(error)) from None

    def keys(self, *, keep: bool) -> None:
        """Every missing secret, and the public halves of the export keys, which outlive this start.

        Unless the secrets folder is to `keep`, there is a new export key, followed by those of earlier starts.
        """
        public = self._layout.export_keys
        with self._step("keys") as say:
            settings = self.settings()
            if not keep:
                earlier = public.read_text(encoding="utf-8") if public.is_file() else None
                settings.secrets.replace("web", "export-keys.json", with_new_key(earlier))
            provision_keys(settings, say)
            public.write_text(public_halves(settings.secret("web", "export-keys.json")), encoding="utf-8")

    def database(self, *, own: bool, new_vault: bool) -> None:
        """Roles, databases and tables. On a server of our `own`, attempts of earlier starts are ended."""
        with self._step("database") as say:
            settings = self.settings()
            if new_vault:
                _drop_leased_users(administered(settings))
            provision_database(settings, say, new_ledger_admin_password=new_vault)
            if own:
                _end_attempts(administered(settings))

    def broker(self) -> None:
        """The broker's users."""
        with self._step("broker") as say:
            provision_broker(self.settings(), say)

    def open_vault(self) -> None:
        """Initialise and unseal the vault; its root token is written into the operator's folder."""
        with self._step("vault") as say:
            settings = self.settings()
            with vault_client(settings) as client:
                open_vault(client, settings.secrets, patience=settings.provision_patience, say=say)

    def vault(self) -> None:
        """Policies, roles and identities; the root token is revoked."""
        with self._step("vault") as say:
            provision_vault(self.settings(), say)

    def ledger(self) -> None:
        """The ledger's rows of the scenarios that the tools serve."""
        with self._step("demo-data") as say:
            load_ledger(self.settings(), self._environments.served, say)

    @contextmanager
    def _step(self, name: str) -> Iterator[Say]:
        with (self._layout.logs / "provision.log").open("a", encoding="utf-8") as log:
            try:
                yield lambda text: print(f"{name}: {text}", file=log, flush=True)
            except OldTablesError as error:
                own = "" if self._options.outside.database else "; `triage stack up --fresh` does that"
                raise StackError(f"{error}{own}") from None
            except (ProvisionError, ServerError, SettingsError) as error:
                raise StackError(str(error)) from None


def _drop_leased_users(server: Server) -> None:
    """End the database users of earlier runs as their vault would have done: it is gone."""
    with server.connect() as connection:
        leased = connection.execute(
            "SELECT DISTINCT pg_get_userbyid(member) FROM pg_auth_members JOIN pg_roles readers ON roleid = readers.oid"
            " WHERE readers.rolname = %s AND pg_get_userbyid(member) <> %s",
            [READERS, VAULT_ADMIN],
        ).fetchall()
    if not leased:
        return
    with server.connect(LEDGER) as ledger:
        for (user,) in leased:
            for statement in ("BEGIN", *database_users.revocation(READERS), "COMMIT"):
                ledger.execute(statement.replace("{{name}}", user).encode())


def _end_attempts(server: Server) -> None:
    """End the leases of earlier attempts: their messages and credentials went with the earlier broker and vault."""
    with server.connect(APPLICATION) as connection:
        connection.execute("UPDATE attempt SET lease_until = now() WHERE state IN ('dispatched', 'running')")
