"""Orders to cut off the agent, a tool, a run or a credential.

Who orders can only append; a process of its own carries orders out at the vault. What became of them is recorded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Column, Engine, Identity, Index, text
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel

from app.credentials.grants import Grant
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
    RUN = "run"
    CREDENTIAL = "credential"

    @property
    def returns(self) -> bool:
        """Whether it can be let on again; a run and a credential end for good."""
        return self in {SwitchKind.AGENT, SwitchKind.TOOL}


class Turn(StrEnum):
    """Which way a switch is turned."""

    OFF = "off"
    ON = "on"


class SwitchOrderRow(SQLModel, table=True):
    """One order. `carried_out_at`: when the vault took it. `done_at`: when nothing that it was to end was alive."""

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
    """There is no such run or credential."""


class NothingToSwitchError(Exception):
    """The target has ended, or nobody can end it; the text says which, as a sentence."""


_RUN = text("SELECT state FROM run WHERE run_id = :id")
_CREDENTIAL = text(
    "SELECT kind, expires_at, revoked_at, now() AS now FROM credential WHERE credential_id = :id"
)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class DueOrder:
    """An order to be carried out, as the database knew it at `asked_at`.

    `carried_out_at`: when the vault took it, None if it has not.
    """

    order_id: UUID
    kind: SwitchKind
    target: str
    turn: Turn
    carried_out_at: datetime | None
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """What the vault logged that an order ends. A signed token has neither accessor nor lease."""

    request_id: str
    accessor: str | None
    lease_id: str | None
    issued_at: datetime
    ended_at: datetime | None


class SwitchRecords:
    """What the process that carries out orders reads and records. All methods raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def due(self) -> list[DueOrder]:
        """The orders to be carried out or confirmed now, the oldest first."""
        with self._engine.connect() as db:
            return [
                DueOrder(
                    order_id=row.order_id,
                    kind=SwitchKind(row.kind),
                    target=row.target,
                    turn=Turn(row.turn),
                    carried_out_at=row.carried_out_at,
                    asked_at=row.asked_at,
                )
                for row in db.execute(text("SELECT *, now() AS asked_at FROM due_switches()"))
            ]

    def held(self, due: DueOrder, path: str | None = None) -> list[HeldCredential]:
        """What this order is to end, by the vault's log. `path` issues the credentials of the tool."""
        with self._engine.connect() as db:
            rows = db.execute(
                text("SELECT * FROM held_by_switch(:order, :path)"), {"order": due.order_id, "path": path}
            )
            return [HeldCredential(*row) for row in rows]

    def confirm(self, dead: Iterable[HeldCredential]) -> None:
        """Record that these are dead."""
        with self._engine.connect() as db:
            db.execute(text("SELECT confirm_switched(:dead)"), {"dead": [each.request_id for each in dead]})

    def stop_run(self, due: DueOrder) -> bool:
        """Have a run stopped; whether all it held is confirmed to be dead."""
        with self._engine.connect() as db:
            return bool(db.scalar(text("SELECT stop_switched(:order)"), {"order": due.order_id}))

    def note(self, due: DueOrder, outcome: str, *, carried_out: bool, done: bool) -> None:
        """Record what became of an order."""
        with self._engine.connect() as db:
            db.execute(
                text("SELECT note_switch(:order, :carried_out, :done, :outcome)"),
                {"order": due.order_id, "carried_out": carried_out, "done": done, "outcome": outcome},
            )

    def problem(self) -> str | None:
        """Why the oldest order is not done; None if none is open."""
        with self._engine.connect() as db:
            found: str | None = db.scalar(text("SELECT outcome FROM due_switches() LIMIT 1"))
            return found
