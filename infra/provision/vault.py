"""The vault's policies, roles and identities: with a root token the first time, with the operator's identity later."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from app.connections.tls import trust_of
from app.procurement.systems import SYSTEMS
from infra.provision.secrets_folder import SecretsFolder
from infra.provision.settings import ProvisioningSettings
from infra.vault import identities, ledger_login, mounts, root_token
from infra.vault.client import VaultClient
from infra.vault.opening import is_initialised, open_vault
from infra.vault.owners import IDENTITIES, OPERATOR, ROTATOR, Identity
from infra.vault.snapshot import load_snapshot, save_snapshot
from infra.vault.wanted import Entry, operator_entries, root_entries

Say = Callable[[str], None]


def provision_vault(settings: ProvisioningSettings, say: Say) -> None:
    """Prepare the vault at VAULT_ADDR, saying each change.

    A vault that is new is initialised. No root token lives when this returns: stopped half-way, the one in the
    operator's folder is used and revoked by the next call. Raises `SettingsError` and `ProvisionError`.
    """
    with vault_client(settings) as client:
        job = _Provisioning(client=client, settings=settings, secrets=settings.secrets, say=say)
        job.run()


def back_up_vault(settings: ProvisioningSettings, say: Say, *, file: Path) -> None:
    """Write a snapshot of the vault's storage to `file`. Raises `SettingsError`, `ProvisionError` and OSError."""
    with vault_client(settings, timeout=settings.provision_patience) as client:
        save_snapshot(client, settings.secrets, file, say)


def restore_vault(settings: ProvisioningSettings, say: Say, *, file: Path) -> None:
    """Load a snapshot into a vault that is new. Raises `SettingsError`, `ProvisionError` and OSError."""
    patience = settings.provision_patience
    with vault_client(settings, timeout=patience) as client:
        load_snapshot(client, file, say, patience=patience)


def vault_client(settings: ProvisioningSettings, *, timeout: float = 15.0) -> VaultClient:
    """Connections to VAULT_ADDR that believe CA_FILE; `timeout` in seconds for each answer. Raises `SettingsError`."""
    return VaultClient(settings.need("vault_addr"), trust=trust_of(settings), timeout=timeout)


@dataclass(frozen=True, kw_only=True)
class _Provisioning:
    """One run of it."""

    client: VaultClient
    settings: ProvisioningSettings
    secrets: SecretsFolder
    say: Say

    @cached_property
    def _connection(self) -> Entry:
        return ledger_login.wanted_connection(self.settings.need("vault_ledger_url"))

    @cached_property
    def _for_operator(self) -> list[Entry]:
        return operator_entries(tools=SYSTEMS, process_ttl=self.settings.infrastructure_secret_id_ttl)

    @cached_property
    def _for_root(self) -> list[Entry]:
        issuer = str(self.settings.vault_issuer or self.settings.need("vault_addr"))
        return root_entries(tools=SYSTEMS, issuer=issuer, custody_ttl=self.settings.custody_secret_id_ttl)

    def run(self) -> None:
        client, patience = self.client, self.settings.provision_patience
        _ = self._connection, self._for_root  # settings that are missing are named before anything is done
        if not is_initialised(client, patience=patience):
            ledger_login.require_password(self.secrets)
        open_vault(client, self.secrets, patience=patience, say=self.say)
        token = root_token.living(client, self.secrets)
        if token is None:
            open_ends = self._as_operator()
            if not open_ends:
                return
            token = root_token.from_recovery_keys(client, self.secrets, open_ends, self.say)
        self._as_root(token)
        root_token.revoke(client, self.secrets, token)
        self.say("root token revoked")

    def _as_operator(self) -> list[str]:
        """All that the identities of operator and rotator can do; what they cannot, in words."""
        open_ends = self._revive()
        token = identities.log_in(self.client, self.secrets, OPERATOR)
        if token is None:
            return open_ends
        self._bring(self._for_operator, token)
        open_ends += [f"{entry.name} differs" for entry in self._for_root if not self._is_met(entry, token)]
        if ledger_login.needs_root(self.client, self.secrets, token, self._connection, self.say):
            open_ends.append(f"{self._connection.name} differs")
        return open_ends

    def _revive(self) -> list[str]:
        """New SecretIDs for those that expired, as the rotator would make them; who cannot be helped, in words."""
        rotator = identities.log_in(self.client, self.secrets, ROTATOR)
        helpless = []
        with identities.only_one_rotates(self.secrets):
            for identity in self._dead():
                role_id = identities.role_id_in_file(self.secrets, identity)
                if rotator is None or role_id is None:
                    helpless.append(f"the identity of {identity.owner} is refused or missing")
                    continue
                identities.replace(self.client, self.secrets, identity, rotator, role_id=role_id)
                self.say(f"identity of {identity.owner}: new")
        return helpless

    def _as_root(self, token: str) -> None:
        audit_log = self.settings.vault_audit_log
        mounts.require_audit_device(
            self.client, token, None if audit_log is None else str(audit_log), self.say
        )
        mounts.mount(self.client, token, self.say)
        self._bring([*self._for_root, *self._for_operator], token)
        mounts.name_agent(self.client, token, self.say)
        with identities.only_one_rotates(self.secrets):
            for identity in self._dead():
                role_id = identities.role_id_in_vault(self.client, identity, token)
                identities.replace(self.client, self.secrets, identity, token, role_id=role_id)
                self.say(f"identity of {identity.owner}: new")
        ledger_login.set_up(self.client, self.secrets, token, self._connection, self.say)

    def _bring(self, entries: Iterable[Entry], token: str) -> None:
        for entry in entries:
            there = self.client.read(entry.path, token)
            if not entry.is_met_by(there):
                self.client.write(entry.path, entry.data, token)
                self.say(f"{entry.name}: {'created' if there is None else 'changed'}")

    def _is_met(self, entry: Entry, token: str) -> bool:
        return entry.is_met_by(self.client.read(entry.path, token))

    def _dead(self) -> list[Identity]:
        return [each for each in IDENTITIES if identities.log_in(self.client, self.secrets, each) is None]
