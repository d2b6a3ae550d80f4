"""The vault's part of `triage provision`: policies, roles, identities, and snapshots of all of them."""

from pathlib import Path

from app.connections.addresses import is_verified
from app.connections.secret_files import SettingsError
from app.connections.tls import trust_of
from app.credentials.switch_orders import policy_of
from app.procurement.systems import SYSTEMS, Source, system_of
from infra.provision.logins import VAULT_ADMIN
from infra.provision.settings import ProvisioningSettings
from infra.reporting import Say
from infra.vault import run_role
from infra.vault.bootstrap import Bootstrap
from infra.vault.client import VaultClient
from infra.vault.database_login import DatabaseLogin, connection_url
from infra.vault.database_users import database_connection
from infra.vault.opening import (
    generate_root_token,
    living_root_token,
    revoke_root_token,
    wait_until_serving,
)
from infra.vault.snapshot import load_snapshot, save_snapshot
from infra.vault.wanted import operator_entries, root_entries


def provision_vault(settings: ProvisioningSettings, say: Say) -> None:
    """Prepare the vault at VAULT_ADDR and report each change. A new vault is initialised.

    Raises `SettingsError` and `ProvisionError`.
    """
    with vault_client(settings) as client:
        audit_logs = (settings.vault_audit_log, settings.vault_audit_log_2)
        Bootstrap(
            client=client,
            secrets=settings.secrets,
            say=say,
            operator_entries=operator_entries(
                tools=SYSTEMS,
                process_ttl=settings.infrastructure_secret_id_ttl,
                limits=settings.run_limits,
                passwords=settings.ledger_passwords,
            ),
            root_entries=root_entries(
                tools=SYSTEMS,
                issuer=str(settings.vault_issuer or settings.need("vault_addr")),
                custody_ttl=settings.custody_secret_id_ttl,
                limits=settings.run_limits,
            ),
            agent_policies=[policy_of(system.name) for system in SYSTEMS],
            database=_ledger_login(settings, client, say),
            audit_logs=[str(log) for log in audit_logs if log is not None],
            patience=settings.provision_patience,
        ).run()


def _ledger_login(settings: ProvisioningSettings, client: VaultClient, say: Say) -> DatabaseLogin:
    ledger = system_of(Source.LEDGER)
    address = settings.need("vault_ledger_url")
    if settings.ledger_passwords == "plain" and not is_verified(address):
        raise SettingsError(
            "VAULT_LEDGER_URL: must carry sslmode=verify-full while LEDGER_PASSWORDS is plain, since the vault sends"
            " passwords there"
        )
    return DatabaseLogin(
        client=client,
        secrets=settings.secrets,
        say=say,
        connection=database_connection(
            ledger.name,
            role=ledger.credential.role,
            url=connection_url(address),
            username=VAULT_ADMIN,
            passwords=settings.ledger_passwords,
        ),
        password_file="ledger-admin-password",  # noqa: S106 - the name of a file
        setting="VAULT_LEDGER_URL",
        advice=(
            "`triage provision database --new-ledger-admin-password` makes one,"
            f" a new password for {VAULT_ADMIN}"
        ),
    )


def rotate_run_role(settings: ProvisioningSettings, say: Say) -> None:
    """Give the runs a new RoleID, with a root token that is revoked at the end; runs under way are not affected.

    Raises `SettingsError` and `ProvisionError`.
    """
    with vault_client(settings) as client:
        wait_until_serving(client, patience=settings.provision_patience)
        token = living_root_token(client, settings.secrets) or generate_root_token(
            client, settings.secrets, ["only root may replace a RoleID"], say
        )
        run_role.replace(client, settings.secrets, token, say)
        revoke_root_token(client, settings.secrets, token)
        say("root token revoked")


def back_up_vault(settings: ProvisioningSettings, say: Say, *, file: Path) -> None:
    """Write a snapshot of the vault's storage to `file`. Raises `SettingsError`, `ProvisionError` and OSError."""
    with vault_client(settings, timeout=settings.provision_patience) as client:
        save_snapshot(client, settings.secrets, file, say)


def restore_vault(settings: ProvisioningSettings, say: Say, *, file: Path) -> None:
    """Load a snapshot into a new vault. Raises `SettingsError`, `ProvisionError` and OSError."""
    patience = settings.provision_patience
    with vault_client(settings, timeout=patience) as client:
        load_snapshot(client, file, say, patience=patience)


def vault_client(settings: ProvisioningSettings, *, timeout: float = 15.0) -> VaultClient:
    """A client for VAULT_ADDR that trusts CA_FILE; `timeout` in seconds for each answer. Raises `SettingsError`."""
    return VaultClient(settings.need("vault_addr"), trust=trust_of(settings), timeout=timeout)
