"""What an ended attempt holds in the vault, by the vault's own log and by the record of its worker."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row

_REVOKE_SELF = "auth/token/revoke-self"


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt that has ended, or one that never existed though an identity names it."""

    run_id: UUID
    number: int


@dataclass(slots=True)
class Holdings:
    """What an attempt holds in the vault, by accessor, lease and user of a database.

    The first group is from the vault's own log. `claimed_*` is only in the worker's record, which may name what belongs
    to others. `request_ids` are the events of the log that this rests on.
    """

    ended: EndedAttempt
    secret_ids: set[str] = field(default_factory=set)
    wrapping_tokens: set[str] = field(default_factory=set)
    run_tokens: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    leases: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    claimed_tokens: set[str] = field(default_factory=set)
    claimed_leases: set[str] = field(default_factory=set)
    claimed_users: set[str] = field(default_factory=set)
    request_ids: list[str] = field(default_factory=list)
    ended_itself: bool = False
    """Whether the log shows that the run token ended itself."""

    def add_event(self, event: Row[Any]) -> None:
        """Add one answer of the vault."""
        self.request_ids.append(event.request_id)
        match event.kind:
            case "minted":
                self.secret_ids |= _known(event.secret_id_accessor)
                self.wrapping_tokens |= _known(event.accessor)
            case "logged-in":
                self.run_tokens |= _known(event.accessor)
            case "issued":
                self.keys |= _known(event.accessor)
                self.leases |= _known(event.lease_id)
                self.users |= _known(event.service_user)
            case "revoked":
                self.ended_itself |= event.path == _REVOKE_SELF

    def add_attempt(self, attempt: Row[Any]) -> None:
        """Add what dispatcher and worker recorded of the identity, the worker's part as far as the log does not show it."""
        self.secret_ids |= _known(attempt.secret_id_accessor)
        self.wrapping_tokens |= _known(attempt.wrapping_accessor)
        self.claimed_tokens |= _known(attempt.token_accessor) - self.run_tokens

    def add_credential(self, credential: Row[Any]) -> None:
        """Add what the worker recorded of a credential, as far as the log does not show it."""
        self.claimed_tokens |= _known(credential.accessor) - self.keys
        self.claimed_leases |= _known(credential.lease_id) - self.leases
        self.claimed_users |= _known(credential.service_user) - self.users


def _known(text: str | None) -> set[str]:
    return {text} if text else set()
