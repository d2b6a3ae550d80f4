"""Ends tokens, leases and SecretIDs by accessor, and asks the vault whether they are dead.

Only the vault's own word for an unknown accessor or lease counts as dead. Any other refusal is no answer.
"""

from collections.abc import Mapping

from app.connections.vault_replies import VaultReply
from app.credentials.approle import DESTROY_PATH
from app.credentials.auditor import UNKNOWN
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

#: The vault answers a SecretID accessor that it does not know with HTTP 500, and a text that begins so.
_NO_SECRET_ID = "failed to find accessor entry"  # noqa: S105  # an error text


class CredentialEnds:
    """The powers of the sweeper at the vault. All methods raise `VaultRefusedError` and `VaultUnavailableError`."""

    def __init__(self, identity: ProcessIdentity) -> None:
        self._identity = identity

    def metadata(self, accessor: str) -> Mapping[str, str] | None:
        """What the token of this accessor is bound to; None when the vault knows no such token."""
        reply = self._ask("auth/token/lookup-accessor", "accessor", accessor)
        if reply is None:
            return None
        reply.require_about(accessor, "data", "accessor")
        return reply.mapping("data", "meta") if reply["data"].get("meta") is not None else {}

    def is_lease_alive(self, lease_id: str) -> bool:
        """Whether the vault still knows this lease, even if it is waiting to be revoked."""
        reply = self._ask("sys/leases/lookup", "lease_id", lease_id)
        if reply is None:
            return False
        reply.require_about(lease_id, "data", "id")
        return True

    def end_token(self, accessor: str) -> None:
        """Revoke a token and its children; one that is already gone is fine."""
        try:
            self._write("auth/token/revoke-accessor", {"accessor": accessor})
        except VaultRefusedError as error:
            if error.reason not in UNKNOWN:
                raise

    def end_lease(self, lease_id: str) -> None:
        """Revoke a lease, and wait until its revocation statements are committed. A refusal holds the database's text."""
        self._write("sys/leases/revoke", {"lease_id": lease_id, "sync": True})

    def end_secret_id(self, accessor: str) -> None:
        """Destroy a SecretID; one that is already used up or expired is fine."""
        try:
            self._write(DESTROY_PATH, {"secret_id_accessor": accessor})
        except (VaultRefusedError, VaultUnavailableError) as error:
            if not error.reason.startswith(_NO_SECRET_ID):
                raise

    def _ask(self, path: str, field: str, name: str) -> VaultReply | None:
        try:
            return self._write(path, {field: name})
        except VaultRefusedError as error:
            if error.reason in UNKNOWN:
                return None
            raise

    def _write(self, path: str, data: Mapping[str, str | bool]) -> VaultReply:
        # Asked or ended twice, it is as if once.
        return self._identity.write(path, data, repeatable=True)
