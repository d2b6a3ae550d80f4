"""The pattern's tables in PostgreSQL: runs of jobs, their attempts, and the credentials of each attempt with their calls."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    case,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import column_property
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

    A `postponed` attempt met a vault or a database that could not answer; it does not count towards the limit of attempts.
    """

    DISPATCHED = "dispatched"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    POSTPONED = "postponed"
    LOST = "lost"


OPEN_ATTEMPTS = (AttemptState.DISPATCHED, AttemptState.RUNNING)
RUNS_UNDER_WAY = (RunState.REQUESTED, RunState.DISPATCHED)


class EndedBy(StrEnum):
    """What ended a credential before its TTL did."""

    RUN_END = "run end"
    SWEEPER = "sweeper"
    SWITCH = "switch"


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def moment(*, nullable: bool = False) -> Any:
    """A column for a UTC timestamp with zone."""
    return Column(DateTime(timezone=True), nullable=nullable)


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements that need no objects."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    return table


class RunRow(SQLModel, table=True):
    """One run of one job. `attempt` is the number of the newest attempt, 0 before the first.

    `goal` is what it is for, in a sentence. `waits_because` says in plain words why a requested run is not being worked
    on: `waiting_reason`, which is its own, or else what the dispatcher reports. A domain adds a foreign key from
    `job_id` to its own table.
    """

    if TYPE_CHECKING:  # mapped below, since it also reads another table
        waits_because: str | None

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_queue", "state", "requested_at"),
        Index("ix_run_dispatched", "run_id", postgresql_where=text("state = 'dispatched'")),
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
    job_id: str = Field(index=True)
    state: str = Field(default=RunState.REQUESTED.value)
    attempt: int = 0
    max_attempts: int = Field(default=4, sa_column_kwargs={"server_default": text("4")})
    goal: str | None = None
    requested_by: str
    requested_at: datetime = Field(default_factory=now, sa_column=moment())
    not_before: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    started_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    waiting_reason: str | None = None
    #: Until then one dispatcher mints an identity for it.
    reserved_until: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    failure: str | None = None
    #: An operator asked to stop it: the sweeper revokes what it holds and ends it as failed.
    stop_requested_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    stop_requested_by: str | None = None


class AttemptRow(SQLModel, table=True):
    """One try at a run, and the identity it was given. Accessors end a token or SecretID; they cannot use it."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("ix_attempt_open", "run_id", postgresql_where=text("state IN ('dispatched', 'running')")),
        Index(
            "ix_attempt_unconfirmed",
            "run_id",
            postgresql_where=text("revoked_at IS NULL AND state NOT IN ('dispatched', 'running')"),
        ),
        Index("ix_attempt_token_issued", "token_issued_at"),
    )

    run_id: UUID = Field(primary_key=True, foreign_key="run.run_id")
    number: int = Field(primary_key=True)
    state: str = Field(default=AttemptState.DISPATCHED.value)
    dispatched_at: datetime = Field(default_factory=now, sa_column=moment())
    lease_until: datetime = Field(sa_column=moment())
    worker: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    secret_id_accessor: str
    wrapping_accessor: str
    entity_id: str | None = None
    policy: str | None = None
    login_request_id: str | None = None
    token_accessor: str | None = None
    token_issued_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    token_expires_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    revoked_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    failure: str | None = None


def _of_attempt(number: str = "attempt") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["run_id", number], ["attempt.run_id", "attempt.number"])


class AttemptProofRow(SQLModel, table=True):
    """What the proof of an attempt must hash to; see `app.credentials.proof`. No login reads it."""

    __tablename__ = "attempt_proof"
    __table_args__ = (_of_attempt("number"),)

    run_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    digest: bytes


class AttemptHoldRow(SQLModel, table=True):
    """What counts as proof since the attempt was claimed. No login reads it."""

    __tablename__ = "attempt_hold"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "number"], ["attempt_proof.run_id", "attempt_proof.number"]),
    )

    run_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    digest: bytes


class StepRow(SQLModel, table=True):
    """One planned step of an attempt. `outcome` says how it went.

    `rules`, `helps` and `after` are None where the plan was made before they were kept.
    """

    __tablename__ = "step"
    __table_args__ = (_of_attempt(), UniqueConstraint("run_id", "attempt", "tool"))

    step_id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID
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


class CredentialRow(SQLModel, table=True):
    """One issued credential; see `app.credentials.lineage.IssuedCredential`. How it ended: revoked, or by its TTL."""

    __tablename__ = "credential"
    __table_args__ = (
        _of_attempt(),
        UniqueConstraint("fingerprint"),
        Index("ix_credential_issued_at", "issued_at"),
        Index("ix_credential_user", "service_user", postgresql_where=text("service_user IS NOT NULL")),
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
    issued_at: datetime = Field(sa_column=moment())
    expires_at: datetime = Field(sa_column=moment())
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    ended_by: str | None = None


class AttemptEndRow(SQLModel, table=True):
    """An ended attempt whose end is not confirmed yet, and why. There is no row once it is confirmed."""

    __tablename__ = "attempt_end"

    run_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    tries: int
    next_try_at: datetime = Field(sa_column=moment())
    problem: str
    since: datetime = Field(sa_column=moment())


class DenialRow(SQLModel, table=True):
    """A credential the vault's policy refused."""

    __tablename__ = "denial"
    __table_args__ = (_of_attempt(), Index("ix_denial_refused", "refused_at"))

    denial_id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID = Field(index=True)
    attempt: int
    tool: str
    vault_path: str
    reason: str
    refused_at: datetime = Field(sa_column=moment())


class CallRow(SQLModel, table=True):
    """One call to a tool with one credential; see `app.credentials.lineage.ToolCall`."""

    __tablename__ = "call"

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
    """The answer to one call, byte by byte as received; its SHA-256 is the call's `answer_digest`."""

    __tablename__ = "answer"

    call_id: UUID = Field(primary_key=True, foreign_key="call.call_id")
    body: bytes


class AlarmState(StrEnum):
    """Where an alarm stands. It only goes forward; a closed one that is seen again is a new alarm."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class AlarmRow(SQLModel, table=True):
    """Something a security operator must see, such as a wrapping token that was already spent.

    `raised_at` is when it was seen first, `seen` how often it was.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        Index("ix_alarm_raised", "raised_at", "alarm_id"),
        Index("ix_alarm_unclosed", "raised_at", "alarm_id", postgresql_where=text("state <> 'closed'")),
        Index("ix_alarm_run", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        Index("ix_alarm_detail", "detail", postgresql_using="hash"),
    )

    alarm_id: UUID = Field(default_factory=uuid4, primary_key=True)
    run_id: UUID | None = None
    attempt: int | None = None
    kind: str
    detail: str
    raised_at: datetime = Field(default_factory=now, sa_column=moment())
    last_seen_at: datetime = Field(default_factory=now, sa_column=moment())
    seen: int = Field(default=1, sa_column=Column(BigInteger, nullable=False, server_default=text("1")))
    credential_id: UUID | None = None
    state: str = Field(default=AlarmState.OPEN.value)


class AlarmEventRow(SQLModel, table=True):
    """What a person did about an alarm: `state` is what it became. Never changed."""

    __tablename__ = "alarm_event"

    alarm_id: UUID = Field(primary_key=True, foreign_key="alarm.alarm_id")
    state: str = Field(primary_key=True)
    by: str
    by_name: str
    at: datetime = Field(default_factory=now, sa_column=moment())
    reason: str


class AlarmChannelRow(SQLModel, table=True):
    """A way in which alarms are sent, as the process that sends them was set up."""

    __tablename__ = "alarm_channel"

    channel: str = Field(primary_key=True)
    since: datetime = Field(default_factory=now, sa_column=moment())


class AlarmDeliveryRow(SQLModel, table=True):
    """One alarm on its way to one receiver. `problem` is why the last try failed, None if none has."""

    __tablename__ = "alarm_delivery"
    __table_args__ = (
        Index("ix_alarm_delivery_due", "channel", "next_try_at", postgresql_where=text("sent_at IS NULL")),
    )

    alarm_id: UUID = Field(primary_key=True, foreign_key="alarm.alarm_id")
    channel: str = Field(primary_key=True)
    queued_at: datetime = Field(default_factory=now, sa_column=moment())
    next_try_at: datetime = Field(default_factory=now, sa_column=moment())
    tries: int = 0
    problem: str | None = None
    sent_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class HeartbeatRow(SQLModel, table=True):
    """The last sign of life of a background process, and what it last saw; `problem` is null when all is well."""

    __tablename__ = "heartbeat"

    process: str = Field(primary_key=True)
    seen_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
    problem: str | None = None


class ClockRow(SQLModel, table=True):
    """By how many seconds the clock of a process, or of the vault, is ahead of the database's.

    `reporter` is the process id, or the kind of process that measured the vault's clock. `is_off` says that the last
    measurement was beyond the limit, `alarmed_at` that several in a row were. `rests_since`: by a worker's own word, since
    when it has taken no message.
    """

    __tablename__ = "clock"

    process: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    reporter: str = Field(primary_key=True)
    ahead: float
    measured_at: datetime = Field(sa_column=moment())
    is_off: bool
    alarmed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    rests_since: datetime | None = Field(default=None, sa_column=moment(nullable=True))


#: One row says for all waiting runs what keeps the dispatcher from sending them.
_DISPATCHER_PROBLEM = (
    select(table_of(HeartbeatRow).c.problem)
    .where(table_of(HeartbeatRow).c.process == "dispatcher")
    .scalar_subquery()
)
_RUN = table_of(RunRow)
WAITS_BECAUSE = case(
    (_RUN.c.state == RunState.REQUESTED.value, func.coalesce(_RUN.c.waiting_reason, _DISPATCHER_PROBLEM))
)
inspect(RunRow).add_property("waits_because", column_property(WAITS_BECAUSE))
