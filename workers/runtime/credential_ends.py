"""Ends tokens, leases and SecretIDs by accessor, and asks the vault whether they are dead.

Only the vault's own word for an unknown accessor or lease counts as dead. Any other refusal is no answer.
"""

from collections.abc import Mapping
from typing import Any

from app.credentials.approle import DESTROY_PATH
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.vault import VaultForbiddenError, VaultRefusedError, VaultUnavailableError

_NO_TOKEN, _NO_LEASE = "invalid accessor", "invalid lease"
#: The vault answers a SecretID accessor that it does not know with HTTP 500 and this text.
_NO_SECRET_ID = "failed to find accessor entry"  # noqa: S105  # an error text


class CredentialEnds:
    """The powers of the sweeper at the vault. All methods raise `VaultRefusedError` and `VaultUnavailableError`."""

    def __init__(self, identity: ProcessIdentity) -> None:
        self._identity = identity

    def metadata(self, accessor: str) -> Mapping[str, str] | None:
        """What the token of this accessor is bound to; None when the vault knows no such token."""
        answer = self._ask("auth/token/lookup-accessor", {"accessor": accessor}, _NO_TOKEN)
        return None if answer is None else answer.get("meta") or {}

    def is_lease_alive(self, lease_id: str) -> bool:
        """Whether the vault still knows this lease, even if it is waiting to be revoked."""
        return self._ask("sys/leases/lookup", {"lease_id": lease_id}, _NO_LEASE) is not None

    def end_token(self, accessor: str) -> None:
        """Revoke a token and its children; one that is already gone is fine."""
        self._end("auth/token/revoke-accessor", {"accessor": accessor}, _NO_TOKEN)

    def end_lease(self, lease_id: str) -> None:
        """Revoke a lease, and wait until its revocation statements are committed. A refusal holds the database's text."""
        self._identity.write("sys/leases/revoke", {"lease_id": lease_id, "sync": True})

    def end_secret_id(self, accessor: str) -> None:
        """Destroy a SecretID; one that is already used up or expired is fine."""
        self._end(DESTROY_PATH, {"secret_id_accessor": accessor}, _NO_SECRET_ID)

    def _ask(self, path: str, data: Mapping[str, Any], unknown: str) -> Mapping[str, Any] | None:
        try:
            answer = self._identity.write(path, data)
        except VaultForbiddenError:
            raise
        except VaultRefusedError as error:
            if unknown in str(error):
                return None
            raise
        found = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(found, dict):
            raise VaultUnavailableError("answered, but not as a vault does")
        return found

    def _end(self, path: str, data: Mapping[str, str], unknown: str) -> None:
        try:
            self._identity.write(path, data)
        except (VaultRefusedError, VaultUnavailableError) as error:
            if unknown not in str(error):
                raise
