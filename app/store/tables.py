"""The domain's tables in PostgreSQL. The types that rules work with are in `app.procurement`."""

from datetime import date, datetime
from decimal import Decimal
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.credentials.tables import RunRow, moment, now, table_of

#: The words an action is found by. Written as PostgreSQL writes it, by which the index is known to be this one.
ACTION_WORDS = (
    "to_tsvector('simple'::regconfig, (((((((action_id::text || ' '::text) || piid::text) || ' '::text)"
    " || COALESCE(modification, ''::character varying)::text) || ' '::text) || description::text) || ' '::text)"
    " || vendors::text)"
)


class ActionRow(SQLModel, table=True):
    """A procurement action as submitted; `vendors` is the list of the submitted objects, `terms` what may be left out."""

    __tablename__ = "action"
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
    submitted_at: datetime = Field(default_factory=now, sa_column=moment())


#: The jobs of this domain are actions.
table_of(RunRow).append_constraint(ForeignKeyConstraint(["job_id"], ["action.action_id"]))


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
    pulled_at: datetime = Field(sa_column=moment())


_TIME = ("raised_at", "flag_id")
#: Orders of the queue. What stands last is no part of the order: it lets a filter pass over rows without reading them.
_ORDERS = {
    "newest": (*_TIME, "status"),
    "severity": ("severity", *_TIME, "status"),
    "assignee": ("assigned_to", "severity", *_TIME, "status"),
    "rule": ("rule", "severity", *_TIME, "status"),
    "status": ("status", "severity", *_TIME),
    "action": ("action_id", "severity", *_TIME, "status"),
}


class FlagRow(SQLModel, table=True):
    """One finding of one run. The pair (rule, subject) is unique within a run.

    The worker inserts the finding. The database adds what the worker may not write: `action_type`, `vendors`, `search`
    (the text that is searched, see migration 1.0016), `current` (whether the run is the action's latest completed one), `arrived` (the transaction that stored it, which
    tells what is new since a page was made), `previous` (the newest earlier flag of the action with this rule and
    subject), `carried_version` (its version then) and `answered_by` (the earlier flag whose decision an officer can
    record again). `open_since` is when the fact was first found, or found again after it was closed. `status`, `decision`,
    `assignee`, `office`, `due_on` and `version` follow from the officers' events on this flag and those before it, see
    `app.review.flag_lineage`; `office` and `due_on` are of the referral in force. `assigned_to` is the assignee or "", to
    sort by.
    """

    __tablename__ = "flag"
    __table_args__ = (
        UniqueConstraint("run_id", "rule", "subject"),
        *(
            Index(f"ix_flag_{name}", *columns, postgresql_where=text("current"))
            for name, columns in _ORDERS.items()
        ),
        Index("ix_flag_raised_at", "raised_at"),
        Index(
            "ix_flag_closed",
            "decided_at",
            postgresql_include=["answered_by", "action_id"],
            postgresql_where=text("status = 'closed'"),
        ),
        Index("ix_flag_vendors", "vendors", postgresql_using="gin"),
        Index("ix_flag_systems", "systems", postgresql_using="gin"),
        Index("ix_flag_search", text("search_pieces(search)"), postgresql_using="gin"),
        Index("ix_flag_previous", "previous", unique=True, postgresql_where=text("previous IS NOT NULL")),
        Index("ix_flag_of_action", "action_id", "rule", "subject"),
        Index("ix_flag_first_raised", "raised_at", postgresql_where=text("previous IS NULL")),
        Index(
            "ix_flag_due",
            *("severity", *_TIME, "due_on"),
            postgresql_where=text("current AND due_on IS NOT NULL"),
        ),
        Index(
            "ix_flag_undecided",
            *("severity", *_TIME, "open_since"),
            postgresql_where=text("current AND status IN ('open', 'awaiting_concurrence')"),
        ),
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
    raised_at: datetime = Field(default_factory=now, sa_column=moment())
    fact_key: str | None = None
    systems: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False, server_default="{}"))
    action_type: str = Field(sa_column=Column(String, nullable=False, server_default=""))
    vendors: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False, server_default="{}"))
    search: Any = Field(default="", sa_column=Column(String, nullable=False, server_default=""))
    current: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("true")))
    answered_by: UUID | None = Field(default=None, foreign_key="flag.flag_id")
    previous: UUID | None = Field(default=None, foreign_key="flag.flag_id")
    carried_version: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    status: str = Field(sa_column=Column(String, nullable=False, server_default="open"))
    decision: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
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
    office: str | None = None
    due_on: date | None = None
    open_since: datetime = Field(default=None, sa_column=moment())


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

    flag_id: UUID = Field(primary_key=True, foreign_key="flag.flag_id")
    position: int = Field(primary_key=True)
    source: str
    label: str
    value: str
    record_key: str | None = None
    evidence_id: UUID | None = Field(default=None, foreign_key="evidence.evidence_id")


class SubmissionRow(SQLModel, table=True):
    """What a program submitted under an idempotency key: SHA-256 (hex) of the request, and what came of it.

    See `app.store.submissions`.
    """

    __tablename__ = "submission"

    by: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str
    at: datetime = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    outcome: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
