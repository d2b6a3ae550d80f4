"""The tables of what the tools logged. Only `record_uses` and `note_source` write them; the pages read them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, text
from sqlmodel import Field, SQLModel

from app.credentials.tables import moment


class ToolUseRow(SQLModel, table=True):
    """One use of a credential at a tool; see `app.reconciliation.use_lines.ToolUse`.

    `number` is in the order of recording. `request_id` is that of the line in the log.
    """

    __tablename__ = "tool_use"
    __table_args__ = (
        Index("ix_tool_use_at", "at"),
        Index("ix_tool_use_fingerprint", "fingerprint", postgresql_where=text("fingerprint IS NOT NULL")),
        Index("ix_tool_use_user", "service_user", postgresql_where=text("service_user IS NOT NULL")),
    )

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    request_id: str = Field(unique=True)
    system: str
    at: datetime = Field(sa_column=moment())
    operation: str
    status: int | None = None
    fingerprint: str | None = None
    subject: str | None = None
    service_user: str | None = None
    remote_address: str | None = None


class UsePositionRow(SQLModel, table=True):
    """How far a file of a tool's log has been read; see `app.credentials.log_place.LogPlace`."""

    __tablename__ = "use_position"

    file: str = Field(primary_key=True)
    inode: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(BigInteger, nullable=False))
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    mark: str


class LogSourceRow(SQLModel, table=True):
    """What is known about a log: everything written from `covered_from` to `read_until` has been read.

    `source` is the name of a tool, or "vault-log". `written_apart`: only users that are not observed can write it.
    `unreadable` counts lines that are none of such a log. `proven_at`: when all that was read was last read again, and was the same.
    """

    __tablename__ = "log_source"

    source: str = Field(primary_key=True)
    covered_from: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    read_until: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    unreadable: int = Field(sa_column=Column(BigInteger, nullable=False))
    written_apart: bool
    problem: str | None = None
    seen_at: datetime = Field(sa_column=moment())
    proven_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class UnreadableStretchRow(SQLModel, table=True):
    """Lines of a log that cannot be read: found at `until`, and written since its reader was at the end of the log.

    `since` is NULL if it never was there before. A trigger adds a row whenever `unreadable` of a log grows.
    """

    __tablename__ = "unreadable_stretch"
    __table_args__ = (Index("ix_unreadable_stretch_source", "source", "number"),)

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    source: str
    since: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    until: datetime = Field(sa_column=moment())
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))


class LogAnchorRow(SQLModel, table=True):
    """A place of a chain over a file of the vault's log; see `app.reconciliation.log_anchors.Anchor`."""

    __tablename__ = "log_anchor"
    __table_args__ = (
        CheckConstraint("octet_length(digest) = 32"),
        Index("ix_log_anchor_chain", "chain", "number"),
        Index("ix_log_anchor_begun", "source", "chain", postgresql_where=text("lines = 0")),
    )

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    chain: UUID
    source: str
    file: str
    inode: int = Field(sa_column=Column(BigInteger, nullable=False))
    place: int = Field(sa_column=Column(BigInteger, nullable=False))
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: bytes
    marks: bytes
    at: datetime = Field(sa_column=moment())


class LogLossRow(SQLModel, table=True):
    """A chain whose lines were found changed or removed; `is_alarm` unless they had been kept long enough."""

    __tablename__ = "log_loss"

    chain: UUID = Field(primary_key=True)
    reason: str
    is_alarm: bool
    at: datetime = Field(sa_column=moment())
