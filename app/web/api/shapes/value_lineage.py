"""What stands behind a value: the run, its identity, the credential, the call, and the vault's own lines."""

from typing import Any
from uuid import UUID

from pydantic import Field

from app.web.api.shapes import Shape, UtcTime


class Identity(Shape):
    """The identity of one attempt of a run at the vault. Accessors name a token; they cannot be used as one."""

    number: int = Field(ge=1)
    state: str
    worker: str | None
    dispatched_at: UtcTime
    entity_id: str | None
    policy: str | None
    login_request_id: str | None
    token_accessor: str | None
    token_issued_at: UtcTime | None
    token_expires_at: UtcTime | None
    revoked_at: UtcTime | None
    revoked_by: str | None
    ended_at: UtcTime | None
    failure: str | None


class Credential(Shape):
    """One issued credential: what it allowed, how long it lived, what ended it. Its secret is kept nowhere."""

    credential_id: UUID
    attempt: int
    tool: str
    kind: str
    vault_path: str
    policy: str
    scope: str
    request_id: str = Field(description="The vault's own id of the request that issued it.")
    accessor: str | None
    lease_id: str | None
    service_user: str | None
    fingerprint: str = Field(description="SHA-256 of the secret, by which two can be told apart.")
    issued_at: UtcTime
    expires_at: UtcTime
    revoked_at: UtcTime | None
    ended_by: str | None


class Denial(Shape):
    """A credential the vault's policy refused."""

    attempt: int
    tool: str
    vault_path: str
    reason: str
    refused_at: UtcTime


class Call(Shape):
    """One call to a system with one credential. `status` is that of HTTP, or what stands for it; latency in ms."""

    call_id: UUID
    credential_id: UUID
    attempt: int
    operation: str
    status: int
    started_at: UtcTime
    latency_ms: float
    answer_digest: str | None = Field(description="SHA-256 (hex) of what was answered.")
    answer_bytes: int
    error: str | None


class EvidenceItem(Shape):
    """One fact a system stated, with the fields of that kind of fact, and the call that brought it."""

    evidence_id: UUID
    call_id: UUID
    source: str
    record_key: str
    kind: str
    fact: dict[str, Any]
    pulled_at: UtcTime


class Value(Shape):
    """One of the values that were set side by side. `evidence_id` is null for what the action itself says."""

    position: int
    source: str
    label: str
    value: str
    record_key: str | None
    evidence_id: UUID | None


class Behind(Shape):
    """A value and all that stands behind it; all of it null for what the action itself says."""

    value: Value
    evidence: EvidenceItem | None
    call: Call | None
    credential: Credential | None
    identity: Identity | None


class VaultRequest(Shape):
    """One request as the vault's own audit log has it. `issued` is the accessor or lease id of what came back."""

    request_id: str
    operation: str
    path: str
    meaning: str
    asked: UtcTime | None
    answered: UtcTime | None
    asked_with: str | None
    issued: str | None
    names_run: bool = Field(description="Whether the vault wrote the id of the run beside it.")
    error: str | None


class Vault(Shape):
    """What the vault's audit log says about the run; `problem` says why it says nothing."""

    problem: str | None
    requests: list[VaultRequest]


class Lineage(Behind):
    """The whole way from the run to the value, with the vault's side of it."""

    flag_id: UUID
    run_id: UUID
    vault: Vault
