"""The identities of our own processes: dispatcher, sweeper, auditor. One narrow policy each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from app.connections.secret_files import SettingsError
from app.credentials.approle import LOGIN_PATH, MINT_PATH, ProcessLogin
from workers.runtime.secret import Secret
from workers.runtime.vault import (
    Vault,
    VaultForbiddenError,
    VaultRefusedError,
    VaultReply,
    VaultUnavailableError,
)

#: Characters of a text in the metadata of an identity.
_LONGEST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class MintedIdentity:
    """A wrapped SecretID for one attempt. Only `wrapping_token` is secret, and it works once.

    `wrapping_accessor` is how the vault's audit log names the wrapping token.
    """

    wrapping_token: Secret
    wrapping_accessor: str
    secret_id_accessor: str


class ProcessIdentity:
    """One such identity. Its AppRole comes from a file, which is read anew at each login, since it is rotated."""

    def __init__(self, vault: Vault, file: Path) -> None:
        self._vault = vault
        self._login = ProcessLogin(file, self._log_in, refused=VaultRefusedError, what="it")

    def write(
        self, path: str, data: Mapping[str, Any], *, wrap_ttl: str | None = None, repeatable: bool = False
    ) -> VaultReply:
        """Write as this identity. Arguments and errors as `Vault.write`.

        A token that the vault does not accept any more is replaced at once: only with a fresh one is a refusal final.
        """
        try:
            token = self._login.token()
            try:
                return self._vault.write(path, data, token, wrap_ttl=wrap_ttl, repeatable=repeatable)
            except VaultForbiddenError:
                self._login.forget(token)
                fresh = self._login.token()
                return self._vault.write(path, data, fresh, wrap_ttl=wrap_ttl, repeatable=repeatable)
        except SettingsError as error:
            # The file was in order when this process started, and may be again in a moment.
            raise VaultUnavailableError(str(error)) from None

    def _log_in(self, login: dict[str, str]) -> tuple[Secret, float]:
        try:
            reply = self._vault.write(LOGIN_PATH, login)
        except VaultForbiddenError as error:
            # A wrong SecretID is answered otherwise.
            raise VaultUnavailableError(
                f"{error}: the entity of this process is disabled, or AppRole is not mounted"
            ) from None
        return Secret(reply.text("auth", "client_token")), reply.number("auth", "lease_duration")

    def mint(
        self, *, run_id: UUID, attempt: int, job_id: str, requested_by: str, wrapping_ttl: int
    ) -> MintedIdentity:
        """A wrapped single-use SecretID bound to this attempt. `wrapping_ttl` in seconds.

        The vault's log repeats what it is bound to, so that the log alone says for whom a run acted. Of `job_id` and
        `requested_by` it gets the first 200 characters.
        """
        bound = {
            "run_id": str(run_id),
            "attempt": str(attempt),
            "job_id": job_id[:_LONGEST],
            "requested_by": requested_by[:_LONGEST],
        }
        reply = self.write(MINT_PATH, {"metadata": json.dumps(bound)}, wrap_ttl=f"{wrapping_ttl}s")
        return MintedIdentity(
            wrapping_token=Secret(reply.text("wrap_info", "token")),
            wrapping_accessor=reply.text("wrap_info", "accessor"),
            secret_id_accessor=reply.text("wrap_info", "wrapped_accessor"),
        )
