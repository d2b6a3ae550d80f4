"""Tables as they lie in PostgreSQL. Rows are not the domain: `app.procurement` holds the rules' own types."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlmodel import Field, SQLModel

#: PostgreSQL notifies here when a run is requested or a place in the dispatch window becomes free.
CHANNEL = "triage_runs"


class RunState(StrEnum):
    """Where a run stands. `requested` waits in the database, `dispatched` is in the broker or at work."""

    REQUESTED = "requested"
    DISPATCHED = "dispatched"
    COMPLETED = "completed"
    FAILED = "failed"


class AttemptState(StrEnum):
    """Where one attempt stands. Only a `running` attempt may store results.

    A `postponed` attempt met a vault that could not answer; it does not count towards the limit of attempts.
    """

    DISPATCHED = "dispatched"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    POSTPONED = "postponed"
    LOST = "lost"


class EndedBy(StrEnum):
    """What ended a credential before its TTL did."""

    RUN_END = "run end"
    SWEEPER = "sweeper"


def _now() -> datetime:
    return datetime.now(UTC)


def _moment(*, nullable: bool = False) -> Any:
    """A UTC timestamp with zone."""
    return Column(DateTime(timezone=True), nullable=nullable)


#: The words an action is found by. Written as PostgreSQL writes it, by which the index is known to be this one.
ACTION_WORDS = (
    "to_tsvector('simple'::regconfig, (((((((action_id::text || ' '::text) || piid::text) || ' '::text)"
    " || COALESCE(modification, ''::character varying)::text) || ' '::text) || description::text) || ' '::text)"
    " || vendors::text)"
)


class Action(SQLModel, table=True):
    """A procurement action as submitted; `vendors` is the list of the submitted objects, `terms` what may be left out."""

    __table_args__ = (
        Index("ix_action_submitted", "submitted_at", "action_id"),
        Index(
            "ix_action_vendors",
            "vendors",
            postgresql_using="gin",
            postgresql_ops={"vendors": "jsonb_path_ops"},
        ),
        Index("ix_action_search", text(ACTION_WORDS), postgresql_using="gin"),
        Index("ix_action_id_begins", "action_id", postgresql_ops={"action_id": "text_pattern_ops"}),
        Index("ix_action_piid_begins", "piid", postgresql_ops={"piid": "text_pattern_ops"}),
    )

    action_id: str = Field(primary_key=True)
    action_type: str
    piid: str = Field(index=True)
    modification: str | None = None
    amount: Decimal = Field(sa_column=Column(Numeric(18, 2), nullable=False))
    effective_date: date
    description: str
    vendors: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    terms: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    submitted_at: datetime = Field(default_factory=_now, sa_column=_moment())


class Run(SQLModel, table=True):
    """One triage of one action. `attempt` is the number of the newest attempt, 0 before the first.

    `goal` is what it is for, in a sentence. `waiting_reason` says in plain words why a requested run is not being
    worked on.
    """

    __table_args__ = (
        Index("ix_run_queue", "state", "requested_at"),
        Index("ix_run_requested", "requested_at", "run_id"),
        Index("ix_run_started", "started_at", "run_id"),
        Index("ix_run_requested_by", "requested_by", "requested_at", "run_id"),
        Index(
            "ix_run_stopping",
            "run_id",
            postgresql_where=text("stop_requested_at IS NOT NULL AND state IN ('requested', 'dispatched')"),
        ),
    )

    run_id: UUID = Field(default_factory=uuid4, primary_key=True)
    action_id: str = Field(foreign_key="action.action_id", index=True)
    state: str = Field(default=RunState.REQUESTED.value)
    attempt: int = 0
    goal: str | None = None
    requested_by: str
    requested_at: datetime = Field(default_factory=_now, sa_column=_moment())
    not_before: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    started_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    waiting_reason: str | None = None
    failure: str | None = None
    #: An operator asked to stop it: the sweeper revokes what it holds and ends it as failed.
    stop_requested_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    stop_requested_by: str | None = None


class Attempt(SQLModel, table=True):
    """One try at a run, and the identity it was given. Accessors end a token or SecretID; they cannot use it."""

    __table_args__ = (
        Index("ix_attempt_open", "state", "lease_until"),
        Index("ix_attempt_unrevoked", "lease_until", postgresql_where=text("revoked_at IS NULL")),
    )

    run_id: UUID = Field(primary_key=True, foreign_key="run.run_id")
    number: int = Field(primary_key=True)
    state: str = Field(default=AttemptState.DISPATCHED.value)
    dispatched_at: datetime = Field(default_factory=_now, sa_column=_moment())
    lease_until: datetime = Field(sa_column=_moment())
    worker: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    secret_id_accessor: str
    wrapping_accessor: str
    entity_id: str | None = None
    policy: str | None = None
    login_request_id: str | None = None
    token_accessor: str | None = None
    token_issued_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    token_expires_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    revoked_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    failure: str | None = None


def _of_attempt() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["run_id", "attempt"], ["attempt.run_id", "attempt.number"])


class Step(SQLModel, table=True):
    """One planned step of an attempt; see `app.procurement.planning.PlannedStep`. `outcome` says how it went.

    `rules`, `helps` and `after` are None where the plan was made before they were kept.
    """

    __table_args__ = (_of_attempt(),)

    step_id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID = Field(index=True)
    attempt: int
    number: int
    tool: str
    question: str
    reason: str
    rules: list[str] | None = Field(default=None, sa_column=Column(JSONB))
    helps: list[str] | None = Field(default=None, sa_column=Column(JSONB))
    after: list[int] | None = Field(default=None, sa_column=Column(JSONB))
    needed: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    why_not: str | None = None
    outcome: str = "planned"


class Credential(SQLModel, table=True):
    """One issued credential; see `app.credentials.lineage.IssuedCredential`. How it ended: revoked, or by its TTL."""

    __table_args__ = (
        _of_attempt(),
        UniqueConstraint("fingerprint"),
        Index("ix_credential_issued_at", "issued_at"),
    )

    credential_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(index=True)
    attempt: int
    tool: str
    kind: str
    vault_path: str
    policy: str
    scope: str
    request_id: str = Field(unique=True)
    accessor: str | None = None
    lease_id: str | None = None
    service_user: str | None = None
    fingerprint: str
    issued_at: datetime = Field(sa_column=_moment())
    expires_at: datetime = Field(sa_column=_moment())
    revoked_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    ended_by: str | None = None


class Denial(SQLModel, table=True):
    """A credential the vault's policy refused."""

    __table_args__ = (_of_attempt(),)

    denial_id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID = Field(index=True)
    attempt: int
    tool: str
    vault_path: str
    reason: str
    refused_at: datetime = Field(sa_column=_moment())


class Call(SQLModel, table=True):
    """One call to a tool with one credential; see `app.credentials.lineage.ToolCall`."""

    call_id: UUID = Field(primary_key=True)
    credential_id: UUID = Field(foreign_key="credential.credential_id", index=True)
    run_id: UUID = Field(index=True)
    attempt: int
    operation: str
    status: int
    started_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))
    latency_ms: float
    answer_digest: str | None = None
    answer_bytes: int = 0
    error: str | None = None


class AnswerRow(SQLModel, table=True):
    """What a system answered to one call, byte by byte as received; its SHA-256 is the call's `answer_digest`."""

    __tablename__ = "answer"

    call_id: UUID = Field(primary_key=True, foreign_key="call.call_id")
    body: bytes


class EvidenceRow(SQLModel, table=True):
    """One fact a system stated, and the call it came from. `fact` holds the fact's own fields."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index(
            "ix_evidence_registration",
            text("(fact ->> 'uei')"),
            "pulled_at",
            postgresql_where=text("kind = 'Registration'"),
        ),
    )

    evidence_id: UUID = Field(primary_key=True)
    run_id: UUID = Field(index=True)
    call_id: UUID = Field(foreign_key="call.call_id", index=True)
    source: str
    record_key: str
    kind: str
    fact: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    pulled_at: datetime = Field(sa_column=_moment())


_TIME = ("raised_at", "flag_id")
#: Orders of the queue. What stands last is no part of the order: it lets a filter pass over rows without reading them.
_ORDERS = {
    "newest": (*_TIME, "status"),
    "severity": ("severity", *_TIME, "status"),
    "assignee": ("assigned_to", "severity", *_TIME, "status"),
    "rule": ("rule", "severity", *_TIME, "status"),
    "status": ("status", "severity", *_TIME),
}


class FlagRow(SQLModel, table=True):
    """One finding of one run. The pair (rule, subject) is unique within a run.

    The worker writes what was found. The database adds `action_type`, `vendors`, `search`, `current` (whether it is of
    the action's latest completed run), `arrived` (the number of the transaction that stored it, for what is new since a
    page was made) and `answered_by`, an earlier flag on the same fact that an officer found to be no discrepancy. Only
    the database knows the defaults of these: the worker may not write them. Officers' events (`ReviewEvent`) add up to
    `status`, `decision`, `assignee` and `version`; `assigned_to` is the assignee, "" for nobody, to sort by.
    """

    __tablename__ = "discrepancy"
    __table_args__ = (
        UniqueConstraint("run_id", "rule", "subject"),
        *(
            Index(f"ix_flag_{name}", *columns, postgresql_where=text("current"))
            for name, columns in _ORDERS.items()
        ),
        Index("ix_flag_raised_at", "raised_at"),
        Index("ix_flag_closed", "decided_at", postgresql_where=text("status = 'closed'")),
        Index("ix_flag_vendors", "vendors", postgresql_using="gin"),
        Index("ix_flag_systems", "systems", postgresql_using="gin"),
        Index("ix_flag_search", "search", postgresql_using="gin"),
        Index("ix_flag_fact", "fact_key", postgresql_where=text("decision IS NOT NULL")),
    )

    flag_id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID = Field(index=True, foreign_key="run.run_id")
    attempt: int
    action_id: str = Field(foreign_key="action.action_id", index=True)
    rule: str
    rule_version: int
    title: str
    severity: str
    subject: str
    because: str
    authority_codified: str
    authority_rfo: str
    match_score: float | None = None
    match_compared: str | None = None
    recommended: str
    raised_at: datetime = Field(default_factory=_now, sa_column=_moment())
    fact_key: str | None = None
    systems: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False, server_default="{}"))
    action_type: str = Field(sa_column=Column(String, nullable=False, server_default=""))
    vendors: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False, server_default="{}"))
    search: Any = Field(default=None, sa_column=Column(TSVECTOR))
    current: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("true")))
    answered_by: UUID | None = Field(default=None, foreign_key="discrepancy.flag_id")
    status: str = Field(sa_column=Column(String, nullable=False, server_default="open"))
    decision: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    assignee: str | None = None
    assigned_to: str = Field(
        sa_column=Column(String, Computed("coalesce(assignee, '')", persisted=True), nullable=False)
    )
    version: int = Field(sa_column=Column(Integer, nullable=False, server_default="0"))
    arrived: int = Field(
        sa_column=Column(
            BigInteger,
            nullable=False,
            index=True,
            server_default=text("(pg_current_xact_id()::text)::bigint"),
        )
    )


class KnownPerson(SQLModel, table=True):
    """Somebody who has signed in at some time, as last seen then. Only the database writes it, when a session begins."""

    __tablename__ = "person"

    subject: str = Field(primary_key=True)
    name: str
    roles: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))


#: How many flags there are of each kind, kept by the database itself. Several rows of one kind add up.
FLAG_TALLY = Table(
    "flag_tally",
    SQLModel.metadata,
    Column("current", Boolean, nullable=False),
    Column("status", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("action_type", String, nullable=False),
    Column("systems", ARRAY(String), nullable=False),
    Column("assignee", String),
    Column("flags", BigInteger, nullable=False),
)


class ComparedValueRow(SQLModel, table=True):
    """One of the values a finding sets side by side; `evidence_id` is null for what the action itself says."""

    __tablename__ = "compared_value"

    flag_id: UUID = Field(primary_key=True, foreign_key="discrepancy.flag_id")
    position: int = Field(primary_key=True)
    source: str
    label: str
    value: str
    record_key: str | None = None
    evidence_id: UUID | None = Field(default=None, foreign_key="evidence.evidence_id")


class ReviewEvent(SQLModel, table=True):
    """One event of a flag's history; see `app.review.decisions.Event`. Append-only; the agent has no access to it at all.

    `digest` chains it to the event before. That a number exists once only is what lets one of two officers win.
    """

    __tablename__ = "review_event"
    __table_args__ = (UniqueConstraint("flag_id", "number"), Index("ix_review_event_at", "at"))

    event_id: UUID = Field(default_factory=uuid4, primary_key=True)
    flag_id: UUID = Field(foreign_key="discrepancy.flag_id")
    number: int
    kind: str
    by: str
    by_name: str
    at: datetime = Field(sa_column=_moment())
    decision: str | None = None
    rationale: str = ""
    reference: str | None = None
    assignee: str | None = None
    digest: str


class SavedView(SQLModel, table=True):
    """A filter of the queue that a person gave a name; `query` is what stands behind the "?" of its address."""

    __tablename__ = "saved_view"

    owner: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    query: str


class ExportRecord(SQLModel, table=True):
    """One export: of which action or, for the queue, with which filter; by whom; the SHA-256 (hex) of what was sent.

    `kind` is what it is called: a file of the contract file, `answers/<call>`, or the queue as CSV or JSON. Append-only.
    """

    __tablename__ = "export_record"
    __table_args__ = (Index("ix_export_of_action", "action_id", "at"),)

    export_id: UUID = Field(default_factory=uuid4, primary_key=True)
    kind: str
    action_id: str | None = Field(default=None, foreign_key="action.action_id")
    query: str | None = None
    by: str
    by_name: str
    at: datetime = Field(sa_column=_moment())
    digest: str
    bytes: int = Field(sa_column=Column(BigInteger, nullable=False))


class Submission(SQLModel, table=True):
    """What a program submitted under an idempotency key: SHA-256 (hex) of the request, and what came of it.

    See `app.store.submissions`.
    """

    by: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str
    at: datetime = Field(default_factory=_now, sa_column=_moment())
    outcome: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class Alarm(SQLModel, table=True):
    """Something a security operator must see, such as a wrapping token that was already spent."""

    __table_args__ = (Index("ix_alarm_raised", "raised_at", "alarm_id"),)

    alarm_id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID | None = None
    attempt: int | None = None
    kind: str
    detail: str
    raised_at: datetime = Field(default_factory=_now, sa_column=_moment())


class Heartbeat(SQLModel, table=True):
    """The last sign of life of a background process, and what it last saw; `problem` is null when all is well."""

    process: str = Field(primary_key=True)
    seen_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    problem: str | None = None


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements that need no objects."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    return table
