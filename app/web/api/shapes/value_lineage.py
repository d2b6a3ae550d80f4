"""The lineage of a value: run, identity, credential, call, and the vault's log lines."""

from typing import Any, Self
from uuid import UUID

from pydantic import Field

from app.credentials.ending import Endings, EndState
from app.credentials.tables import AttemptRow, CredentialRow
from app.credentials.vault_tables import VaultEventRow
from app.web.api.shapes import Shape, UtcTime


class End(Shape):
    """How a credential or a run token ended, or will end.

    `at` is when its end was confirmed or requested, or when it expires. `problem` says why an end is not confirmed.
    """

    state: EndState
    at: UtcTime
    words: str = Field(examples=["revoked by the end of the run, confirmed by the vault"])
    problem: str | None


class Identity(Shape):
    """The identity of one attempt of a run at the vault. Accessors identify a token but cannot be used as one.

    `revoked_at` is set once the vault has confirmed that the run token and all leased credentials are dead.
    """

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
    end: End | None = Field(description="The end of the run token; null if no token is recorded.")

    @classmethod
    def of(cls, attempt: AttemptRow, endings: Endings) -> Self:
        """The identity of this attempt."""
        return cls.model_validate({**attempt.model_dump(), "end": endings.of_token(attempt)})


class Credential(Shape):
    """One issued credential: its scope, its lifetime, and how it ended. Its secret is not stored."""

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
    fingerprint: str = Field(description="SHA-256 of the secret, to distinguish credentials.")
    issued_at: UtcTime
    expires_at: UtcTime
    revoked_at: UtcTime | None
    ended_by: str | None
    end: End

    @classmethod
    def of(cls, credential: CredentialRow, endings: Endings) -> Self:
        """The JSON of this credential, with its end."""
        return cls.model_validate({**credential.model_dump(), "end": endings.of_credential(credential)})


class Unrecorded(Shape):
    """An identity or credential that the vault's log shows, and that the worker of the run did not record."""

    request_id: str = Field(description="The vault's own id of the request that issued it.")
    kind: str = Field(examples=["logged-in", "issued"])
    path: str
    attempt: int | None
    at: UtcTime
    accessor: str | None
    lease_id: str | None
    service_user: str | None
    end: End

    @classmethod
    def of(cls, event: VaultEventRow, endings: Endings) -> Self:
        """The JSON of one line of the vault’s log, with the end of what it issued."""
        return cls.model_validate({**event.model_dump(), "end": endings.of_unrecorded(event)})


class Denial(Shape):
    """A credential the vault's policy refused."""

    attempt: int
    tool: str
    vault_path: str
    reason: str
    refused_at: UtcTime


class Call(Shape):
    """One call to a system with one credential. `status` is the HTTP status or its equivalent; latency is in ms."""

    call_id: UUID
    credential_id: UUID
    attempt: int
    operation: str
    status: int
    started_at: UtcTime
    latency_ms: float
    answer_digest: str | None = Field(description="SHA-256 (hex) of the answer.")
    answer_bytes: int
    error: str | None


class EvidenceItem(Shape):
    """One fact from a system, with the fields of its kind, and the call that returned it."""

    evidence_id: UUID
    call_id: UUID
    source: str
    record_key: str
    kind: str
    fact: dict[str, Any]
    pulled_at: UtcTime


class Value(Shape):
    """One of the compared values. `evidence_id` is null for values of the action itself."""

    position: int
    source: str
    label: str
    value: str
    record_key: str | None
    evidence_id: UUID | None


class Behind(Shape):
    """A value and its evidence; all null for values of the action itself."""

    value: Value
    evidence: EvidenceItem | None
    call: Call | None
    credential: Credential | None
    identity: Identity | None


class VaultRequest(Shape):
    """One request in the vault's audit log. `issued` is the accessor or lease id in the response."""

    request_id: str
    operation: str
    path: str
    meaning: str
    asked: UtcTime | None
    answered: UtcTime | None
    asked_with: str | None
    issued: str | None
    names_run: bool = Field(description="Whether the line contains the ID of the run.")
    error: str | None


class Vault(Shape):
    """The vault's log lines about the run; `problem` says why there are none."""

    problem: str | None
    requests: list[VaultRequest]


class Lineage(Behind):
    """The complete lineage of a value, with the vault's log lines."""

    flag_id: UUID
    run_id: UUID
    vault: Vault
