"""Orders to cut off the agent, a tool, a worker, a run or a credential.

Who orders can only append; a process of its own carries orders out at the vault. What became of them is recorded.
"""

import re
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel

from app.credentials.grants import Grant
from app.credentials.heartbeat import MEASURED
from app.credentials.lineage import CredentialKind
from app.credentials.tables import RUNS_UNDER_WAY, moment, now

#: The channel on which the database says that something was ordered.
CHANNEL = "triage_switches"
#: The only target of its kind.
AGENT = "agent"


class SwitchKind(StrEnum):
    """What can be cut off."""

    AGENT = "agent"
    TOOL = "tool"
    WORKER = "worker"
    RUN = "run"
    CREDENTIAL = "credential"

    @property
    def returns(self) -> bool:
        """Whether it can be let on again; a run and a credential end for good."""
        return self in {SwitchKind.AGENT, SwitchKind.TOOL, SwitchKind.WORKER}


class Turn(StrEnum):
    """Which way a switch is turned."""

    OFF = "off"
    ON = "on"


class SwitchOrderRow(SQLModel, table=True):
    """One order. `carried_out_at`: when the vault, or for a worker the database, took it. `done_at`: when nothing that it was to end was alive."""

    __tablename__ = "switch_order"
    __table_args__ = (
        Index("ix_switch_order_target", "kind", "target", "number"),
        Index("ix_switch_order_open", "number", postgresql_where=text("done_at IS NULL")),
    )

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    order_id: UUID = Field(unique=True)
    kind: str
    target: str
    turn: str
    reason: str
    ordered_by: str
    ordered_by_name: str
    ordered_at: datetime = Field(default_factory=now, sa_column=moment())
    carried_out_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    done_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    outcome: str | None = None
    tries: int = 0
    next_try_at: datetime = Field(default_factory=now, sa_column=moment())


def policy_of(tool: str) -> str:
    """The name of the vault's policy that cuts off this tool, or does not. The agent's entity has one for each tool."""
    return f"switch-{tool}"


def policy_text(grant: Grant, turn: Turn) -> str:
    """The only two texts of that policy."""
    return "# on" if turn is Turn.ON else f'path "{grant.path}" {{ capabilities = ["deny"] }}'


class UnknownTargetError(Exception):
    """There is no such worker, run or credential."""


class NothingToSwitchError(Exception):
    """The target has ended, or nobody can end it; the text says which, as a sentence."""


_RUN = text("SELECT state FROM run WHERE run_id = :id")
_CREDENTIAL = text(
    "SELECT kind, expires_at, revoked_at, now() AS now FROM credential WHERE credential_id = :id"
)
_WORKER_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}:[0-9]{1,10}")
_WORKER = text("""
    SELECT max(measured_at) AS seen_at, coalesce(max(measured_at) > now() - :measured, false)
            OR EXISTS (SELECT FROM attempt WHERE state = 'running' AND worker = :name) AS is_alive,
        (SELECT turn FROM switch_order WHERE kind = 'worker' AND target = :name ORDER BY number DESC LIMIT 1) AS turn
    FROM clock WHERE process = 'worker' AND host || ':' || reporter = :name
""")


def is_worker_name(name: str) -> bool:
    """Whether this is the name of a process, "host:id". The database takes an order for no other worker."""
    return _WORKER_NAME.fullmatch(name) is not None


def require_worker(db: Session, name: str, turn: Turn) -> None:
    """Raises `UnknownTargetError` for a worker that was never seen, and `NothingToSwitchError` for one that has ended.

    What is off can be let on again, and is off whether it has ended or not.
    """
    if not is_worker_name(name):
        raise UnknownTargetError
    found = db.execute(_WORKER, {"name": name, "measured": MEASURED}).one()
    if not found.is_alive and found.seen_at is None and found.turn is None:
        raise UnknownTargetError
    if not found.is_alive and turn is Turn.OFF and found.turn != Turn.OFF:
        last = (
            f" Its last sign of life was at {found.seen_at:%Y-%m-%d %H:%M:%S} UTC." if found.seen_at else ""
        )
        raise NothingToSwitchError(f"The worker has ended.{last}")


def require_alive(db: Session, kind: SwitchKind, target: UUID) -> None:
    """Raises `UnknownTargetError` and `NothingToSwitchError` for a run or credential that no switch can end."""
    if kind is SwitchKind.RUN:
        state = db.scalar(_RUN, {"id": target})
        if state is None:
            raise UnknownTargetError
        if state not in RUNS_UNDER_WAY:
            raise NothingToSwitchError("The run has ended.")
        return
    found = db.execute(_CREDENTIAL, {"id": target}).one_or_none()
    if found is None:
        raise UnknownTargetError
    if found.revoked_at is not None:
        raise NothingToSwitchError(f"It ended {found.revoked_at:%Y-%m-%d %H:%M:%S} UTC.")
    if found.expires_at <= found.now:
        raise NothingToSwitchError(f"It expired {found.expires_at:%Y-%m-%d %H:%M:%S} UTC.")
    if not CredentialKind(found.kind).revocable:
        raise NothingToSwitchError(
            f"Nobody can withdraw a signed token. It expires {found.expires_at:%Y-%m-%d %H:%M:%S} UTC."
        )


_ORDER = text("SELECT order_switch(:kind, :target, :turn, :reason, :by, :by_name)")


def order(  # each part of an order
    db: Session, kind: SwitchKind, target: str, turn: Turn, *, by: str, by_name: str, reason: str
) -> UUID | None:
    """Order a switch; the id of the order, or None if the last order for this target was the same."""
    found: UUID | None = db.scalar(
        _ORDER,
        {"kind": kind, "target": target, "turn": turn, "by": by, "by_name": by_name, "reason": reason},
    )
    return found
