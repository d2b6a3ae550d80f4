"""The tables of the vault's own record; only `record_log` writes them; the sweeper and the pages read them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlmodel import Field, SQLModel

from app.credentials.tables import moment


def _if_known(name: str, column: str) -> Index:
    return Index(name, column, postgresql_where=text(f"{column} IS NOT NULL"))


class VaultEventRow(SQLModel, table=True):
    """One answer of the vault; see `app.credentials.vault_answer.VaultEvent`.

    `number` is in the order of recording. `ended_at`: when what was issued was confirmed to be dead.
    """

    __tablename__ = "vault_event"
    __table_args__ = (
        Index("ix_vault_event_run", "run_id", "attempt"),
        _if_known("ix_vault_event_accessor", "accessor"),
        _if_known("ix_vault_event_lease", "lease_id"),
        _if_known("ix_vault_event_user", "service_user"),
        Index("ix_vault_event_at", "at", "number"),
        Index("ix_vault_event_path", "path", "at", "number"),
        Index("ix_vault_event_address", "remote_address", "at", "number"),
        Index(
            "ix_vault_event_unusual",
            "at",
            "number",
            postgresql_where=text("kind IN ('denied', 'login-refused', 'broken-off')"),
        ),
        Index(
            "ix_vault_event_asked",
            "token_accessor",
            "secret_id_accessor",
            postgresql_using="brin",
            postgresql_ops={
                "token_accessor": "text_bloom_ops (n_distinct_per_range = 400)",
                "secret_id_accessor": "text_bloom_ops (n_distinct_per_range = 200)",
            },
            postgresql_with={"pages_per_range": 32, "autosummarize": "on"},
        ),
        Index(
            "ix_vault_event_open",
            "run_id",
            "attempt",
            postgresql_where=text("ended_at IS NULL AND kind IN ('logged-in', 'issued')"),
        ),
    )

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    request_id: str = Field(unique=True)
    kind: str
    at: datetime = Field(sa_column=moment())
    path: str
    run_id: UUID | None = None
    attempt: int | None = None
    job_id: str | None = None
    requested_by: str | None = None
    token_accessor: str | None = None
    accessor: str | None = None
    secret_id_accessor: str | None = None
    lease_id: str | None = None
    service_user: str | None = None
    remote_address: str | None = None
    claimed_run_id: str | None = None
    hidden: str | None = None
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class LogPositionRow(SQLModel, table=True):
    """How far a file of the log has been read; see `app.credentials.log_place.LogPlace`.

    `noted_from`: the byte from which on `run_stretch` says where lines about runs stand.
    """

    __tablename__ = "log_position"

    file: str = Field(primary_key=True)
    inode: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(BigInteger, nullable=False))
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    mark: str
    noted_from: int = Field(sa_column=Column(BigInteger, nullable=False))


class RunStretchRow(SQLModel, table=True):
    """Bytes of a log file in which lines about a run stand; see `app.credentials.run_stretches.RunStretch`."""

    __tablename__ = "run_stretch"

    run_id: UUID = Field(primary_key=True)
    inode: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    begins: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    ends: int = Field(sa_column=Column(BigInteger, nullable=False))


class EventCursorRow(SQLModel, table=True):
    """The number of the last event that a reader of events has dealt with."""

    __tablename__ = "event_cursor"

    reader: str = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
