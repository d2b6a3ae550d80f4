"""The record of a credential: everything needed to trace it, nothing that could be used."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class CredentialKind(StrEnum):
    """How a tool's credential is made, checked and ended."""

    SIGNED_TOKEN = "signed-token"  # noqa: S105  # a kind of credential
    API_KEY = "api-key"
    DATABASE_USER = "database-user"

    @property
    def revocable(self) -> bool:
        """Whether the credential dies with the run token; a signed token lives to its TTL."""
        return self is not CredentialKind.SIGNED_TOKEN


@dataclass(frozen=True, kw_only=True, slots=True)
class RunIdentity:
    """The login of one attempt, without its token: what lineage records of it."""

    run_id: UUID
    attempt: int
    entity_id: str
    policy: str
    login_request_id: str
    token_accessor: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedCredential:
    """One credential as the vault issued it.

    `fingerprint` is the SHA-256 of the secret as 64 hex digits; `accessor` (API keys) and `lease_id` (database
    users) let the vault end the credential but not use it; `service_user` is the name a database sees. Times are
    UTC.
    """

    credential_id: UUID
    tool: str
    kind: CredentialKind
    vault_path: str
    policy: str
    scope: str
    request_id: str
    fingerprint: str
    issued_at: datetime
    expires_at: datetime
    accessor: str | None = None
    lease_id: str | None = None
    service_user: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialDenial:
    """The vault's refusal to issue a credential."""

    tool: str
    vault_path: str
    reason: str
    refused_at: datetime

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """One call to a tool: the operation, how it ended, its duration in milliseconds, and the answer.

    `status` is the HTTP status, 0 where no answer came; a database query answers 200. `answer_digest` is the
    SHA-256 of the answer's bytes as received, and `answer` these bytes, None where they are not kept.
    """

    call_id: UUID
    credential_id: UUID
    operation: str
    status: int
    started_at: datetime
    latency_ms: float
    answer_digest: str | None = None
    answer_bytes: int = 0
    answer: bytes | None = None
    error: str | None = None
