"""The PostgreSQL tables of the review: people, officers' events, saved views, drafts, exports, sessions and security events."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, String, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.credentials.tables import moment


class PersonRow(SQLModel, table=True):
    """A person who has signed in, as of the last sign-in. Only the database writes it, when a session begins."""

    __tablename__ = "person"

    subject: str = Field(primary_key=True)
    name: str
    roles: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))


class ReviewEventRow(SQLModel, table=True):
    """One event of a flag's history; see `app.review.flag_history.Event`. Append-only; the agent has no access to it at all.

    `digest` chains it to the event before. Numbers are unique, so that of two officers at once one wins.
    """

    __tablename__ = "review_event"
    __table_args__ = (UniqueConstraint("flag_id", "number"), Index("ix_review_event_at", "at"))

    event_id: UUID = Field(default_factory=uuid4, primary_key=True)
    flag_id: UUID = Field(foreign_key="flag.flag_id")
    number: int
    kind: str
    by: str
    by_name: str
    at: datetime = Field(sa_column=moment())
    decision: str | None = None
    rationale: str = ""
    reference: str | None = None
    assignee: str | None = None
    digest: str
    office: str | None = None
    due_on: date | None = None


class SavedViewRow(SQLModel, table=True):
    """A filter of the queue, saved under a name. `query` is the query string of its address."""

    __tablename__ = "saved_view"

    owner: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    query: str


class DraftRow(SQLModel, table=True):
    """What a person typed about a flag and has not sent; see `app.review.draft_records`.

    `fields` are those of the forms on its page, `version` the number of events the flag had when the page was loaded.
    """

    __tablename__ = "draft"

    owner: str = Field(primary_key=True)
    flag_id: UUID = Field(primary_key=True, foreign_key="flag.flag_id")
    version: int
    fields: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    saved_at: datetime = Field(
        sa_column=Column(
            DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp(), index=True
        )
    )


class ExportRecordRow(SQLModel, table=True):
    """One export: its action or, for the queue, its filter; who made it; the SHA-256 (hex) of its content. Append-only.

    `kind` is a file of the contract file, `answers/<call>`, or the queue as CSV or JSON.
    """

    __tablename__ = "export_record"
    __table_args__ = (Index("ix_export_of_action", "action_id", "at"),)

    export_id: UUID = Field(default_factory=uuid4, primary_key=True)
    kind: str
    action_id: str | None = Field(default=None, foreign_key="action.action_id")
    query: str | None = None
    by: str
    by_name: str
    at: datetime = Field(sa_column=moment())
    digest: str
    bytes: int = Field(sa_column=Column(BigInteger, nullable=False))


class WebSessionRow(SQLModel, table=True):
    """One browser's session. `subject`, `name` and `roles` are empty before sign-in.

    `data` holds the CSRF token's seed, messages and a sign-in in progress, but no token and no code.
    """

    __tablename__ = "web_session"

    id_hash: str = Field(primary_key=True)
    subject: str | None = Field(default=None, index=True)
    name: str | None = None
    roles: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    data: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    seen_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now(), index=True)
    )


class SecurityEventRow(SQLModel, table=True):
    """One security event; see `app.review.event_records.SecurityEvent`. Append-only, written by a function of the database.

    `at` is when it happened, `recorded_at` when the database stored it.
    """

    __tablename__ = "security_event"
    __table_args__ = (
        UniqueConstraint("event_id"),
        *(
            Index(f"ix_security_event_{column}", column, "number")
            for column in ("person", "address", "action", "outcome")
        ),
        Index("ix_security_event_at", "at"),
    )

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    event_id: UUID
    at: datetime = Field(sa_column=moment())
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())
    )
    action: str
    outcome: str
    person: str | None = None
    address: str | None = None
    fingerprint: str | None = None
    object: str | None = None
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reference: str | None = None
    times: int = 1
