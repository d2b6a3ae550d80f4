"""What the process that carries out switches reads and records."""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, text

from app.connections.database import one_by_one
from app.credentials.switch_orders import SwitchKind, Turn


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
    """The orders, by calls of functions alone. All methods raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine) -> None:
        self._engine = one_by_one(engine)

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

    def stop_runs(self, due: DueOrder) -> bool:
        """Have a run stopped, or those that a worker holds; whether all they held is confirmed to be dead."""
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


class WorkerSwitch:
    """The switch of this worker, as its main process sees it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = one_by_one(engine)

    def is_off(self, *, rests: bool) -> str | None:
        """Who switched this worker off, and when; None while it is on. `rests`: it takes no messages.

        Raises SQLAlchemy's errors.
        """
        me = {"host": socket.gethostname(), "pid": os.getpid(), "rests": rests}
        with self._engine.begin() as db:
            found: str | None = db.scalar(text("SELECT worker_is_off(:host, :pid, :rests)"), me)
            return found
