"""Brings a vault to what it must hold: with a root token the first time, with the operator's identity later."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.reporting import Say
from infra.secrets_folder import SecretsFolder
from infra.vault import mounts, opening, secret_ids
from infra.vault.client import VaultClient
from infra.vault.database_login import DatabaseLogin
from infra.vault.owners import IDENTITIES, OPERATOR, ROTATOR, Identity
from infra.vault.wanted import Entry


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """One pass. Stopped half-way, the next pass uses and revokes the root token in the operator's folder."""

    client: VaultClient
    secrets: SecretsFolder
    say: Say
    operator_entries: Sequence[Entry]
    """What the operator's identity may write."""
    root_entries: Sequence[Entry]
    """What takes a root token to write."""
    database: DatabaseLogin
    audit_log: str | None
    """For a vault that takes an audit device over its API: the file, as the vault sees it."""
    patience: float
    """Seconds to wait for the vault."""

    def run(self) -> None:
        """Initialise a new vault, and write what is missing or different. No root token is alive afterwards.

        Raises `ProvisionError`.
        """
        client, secrets = self.client, self.secrets
        if not opening.is_initialised(client, patience=self.patience):
            self.database.require_password()
        opening.open_vault(client, secrets, patience=self.patience, say=self.say)
        token = opening.living_root_token(client, secrets)
        if token is None:
            reasons = self._run_as_operator()
            if not reasons:
                return
            token = opening.generate_root_token(client, secrets, reasons, self.say)
        self._run_as_root(token)
        opening.revoke_root_token(client, secrets, token)
        self.say("root token revoked")

    def _run_as_operator(self) -> list[str]:
        """Do what the operator and the rotator may do; returns the reasons why a root token is needed."""
        reasons = self._replace_expired()
        token = secret_ids.log_in(self.client, self.secrets, OPERATOR)
        if token is None:
            return reasons
        self._write_different(self.operator_entries, token)
        reasons += [f"{entry.name} differs" for entry in self.root_entries if not self._is_met(entry, token)]
        if self.database.needs_root(token):
            reasons.append(f"{self.database.connection.name} differs")
        return reasons

    def _replace_expired(self) -> list[str]:
        """Make new SecretIDs as the rotator; returns a reason for each identity where that is not possible."""
        rotator = secret_ids.log_in(self.client, self.secrets, ROTATOR)
        reasons = []
        with secret_ids.only_one_rotates(self.secrets):
            for identity in self._refused():
                role_id = secret_ids.role_id_in_file(self.secrets, identity)
                if rotator is None or role_id is None:
                    reasons.append(f"the identity of {identity.owner} is refused or missing")
                else:
                    self._replace(identity, rotator, role_id)
        return reasons

    def _run_as_root(self, token: str) -> None:
        mounts.require_audit_device(self.client, token, self.audit_log, self.say)
        mounts.mount(self.client, token, self.say)
        self._write_different([*self.root_entries, *self.operator_entries], token)
        mounts.name_agent(self.client, token, self.say)
        with secret_ids.only_one_rotates(self.secrets):
            for identity in self._refused():
                self._replace(identity, token, secret_ids.role_id_in_vault(self.client, identity, token))
        self.database.set_up(token)

    def _replace(self, identity: Identity, token: str, role_id: str) -> None:
        secret_ids.replace(self.client, self.secrets, identity, token, role_id=role_id)
        self.say(f"identity of {identity.owner}: new")

    def _write_different(self, entries: Sequence[Entry], token: str) -> None:
        for entry in entries:
            current = self.client.read(entry.path, token)
            if not entry.is_met_by(current):
                self.client.write(entry.path, entry.data, token)
                self.say(f"{entry.name}: {'created' if current is None else 'changed'}")

    def _is_met(self, entry: Entry, token: str) -> bool:
        return entry.is_met_by(self.client.read(entry.path, token))

    def _refused(self) -> list[Identity]:
        return [
            identity
            for identity in IDENTITIES
            if secret_ids.log_in(self.client, self.secrets, identity) is None
        ]
