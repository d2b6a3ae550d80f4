"""Brings a vault to what it must hold: with a root token the first time, with the operator's identity later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.reporting import ProvisionError, Say
from infra.secrets_folder import SecretsFolder
from infra.vault import opening, run_role, secret_ids
from infra.vault.client import VaultAnswerError, VaultClient
from infra.vault.database_login import DatabaseLogin
from infra.vault.entry import Entry
from infra.vault.log_settings import LOGGED_REFUSALS
from infra.vault.owners import IDENTITIES, OPERATOR, ROTATOR, Identity

_OWN_POLICY = f"sys/policies/acl/{OPERATOR.role}"
_FORBIDDEN = 403
_NO_DEVICE = (
    "no audit device: add an audit stanza with hmac_accessor = false to the vault's config, or set VAULT_AUDIT_LOG if"
    " the vault takes one over its API"
)
_NO_SECOND_DEVICE = (
    "no second audit device, which VAULT_AUDIT_LOG_2 names: add an audit stanza for it to the vault's config"
)
#: The path of each audit device in the vault, and what to do without it.
_DEVICES = (("file", _NO_DEVICE), ("file-2", _NO_SECOND_DEVICE))


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
    agent_policies: Sequence[str]
    """The policies of the entity that all runs share."""
    database: DatabaseLogin
    audit_logs: Sequence[str]
    """For a vault that takes audit devices over its API: the file of each, two at most, as the vault sees them."""
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
        differing = [entry for entry in self.root_entries if not self._is_met(entry, token)]
        reasons += [f"{entry.name} differs" for entry in differing]
        # With the policy of an earlier version it may not write all of them; the root token does. It also writes the
        # connection: whether its users' passwords must be kept unrecorded is asked by the role, which must not be ahead.
        if not any(entry.path == _OWN_POLICY for entry in differing) and not self.database.differs(token):
            self._write_different(self.operator_entries, token)
        if self.database.needs_root(token):
            reasons.append(f"{self.database.connection.name} differs")
        if (problem := run_role.problem(self.client, self.secrets)) is not None:
            reasons.append(problem)
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
        require_audit_devices(self.client, token, self.audit_logs, self.say)
        _mount(self.client, token, self.say)
        self._write_different([*self.root_entries, *self.operator_entries], token)
        run_role.set_up(self.client, self.secrets, token, self.say, policies=self.agent_policies)
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
        try:
            return entry.is_met_by(self.client.read(entry.path, token))
        except VaultAnswerError as error:
            if error.status != _FORBIDDEN:
                raise
            return False

    def _refused(self) -> list[Identity]:
        return [
            identity
            for identity in IDENTITIES
            if secret_ids.log_in(self.client, self.secrets, identity) is None
        ]


def require_audit_devices(client: VaultClient, token: str, audit_logs: Sequence[str], say: Say) -> None:
    """HashiCorp Vault takes a device over the API, OpenBao only from its config file.

    `audit_logs` are the files of the first and the second device, as the vault sees them; the first is needed in any
    case. Raises `ProvisionError`.
    """
    there = len(client.read("sys/audit", token) or {})
    for number, (device, problem) in enumerate(_DEVICES[: max(1, len(audit_logs))]):
        if number < there:
            continue
        if number >= len(audit_logs):
            raise ProvisionError(problem)
        options = {"file_path": audit_logs[number], "hmac_accessor": "false", "mode": "0640"}
        try:
            client.write(f"sys/audit/{device}", {"type": "file", "options": options}, token)
        except VaultAnswerError:
            raise ProvisionError(problem) from None
        say(f"audit device {device}: created")


def _mount(client: VaultClient, token: str, say: Say) -> None:
    """AppRole for logins, the database engine, and lines in the log for what exceeds a rate limit."""
    methods: Mapping[str, Any] = client.read("sys/auth", token) or {}
    if "approle/" not in methods:
        client.write("sys/auth/approle", {"type": "approle"}, token)
        say("auth method approle: created")
    tuned = (methods.get("approle/") or {}).get("config") or {}
    if not (tuned.get("user_lockout_config") or {}).get("user_lockout_disable"):
        # Five bad logins would otherwise lock the role, and with it all runs, for 15 minutes.
        client.write("sys/auth/approle/tune", {"user_lockout_config": {"lockout_disable": True}}, token)
        say("auth method approle: lock-out off")
    # Its other field must keep its value: what is not sent is emptied.
    quotas: Mapping[str, Any] = client.read(LOGGED_REFUSALS.path, token) or {}
    if not LOGGED_REFUSALS.is_met_by(quotas):
        client.write(LOGGED_REFUSALS.path, {**quotas, **LOGGED_REFUSALS.data}, token)
        say(f"{LOGGED_REFUSALS.name}: on")
    if "database/" not in (client.read("sys/mounts", token) or {}):
        client.write("sys/mounts/database", {"type": "database"}, token)
        say("secrets engine database: created")
