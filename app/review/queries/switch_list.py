"""What is cut off now, and what was ordered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.switch_orders import SwitchKind, SwitchOrderRow, Turn
from app.review.queries.workers_now import AtWork, last_orders, workers

_REFUSED = text("""
    SELECT tool, count(*) AS number, max(refused_at) AS last FROM denial
    WHERE refused_at >= (SELECT min(since) FROM unnest(CAST(:since AS timestamptz[])) AS since)
    GROUP BY tool
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusals:
    """How many credentials of a tool the vault refused since the oldest switch that is off, and when last (UTC)."""

    number: int
    last: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchPage:
    """The last order of all that was ever switched and can be let on again, and the newest orders.

    Refusals are by tool. `workers` are those at work, and those that are off.
    """

    last: Mapping[tuple[str, str], SwitchOrderRow]
    refusals: Mapping[str, Refusals]
    workers: Sequence[AtWork]
    orders: Sequence[SwitchOrderRow]
    now: datetime

    def off(self, kind: SwitchKind, target: str) -> SwitchOrderRow | None:
        """The order that cut this off, if it was the last."""
        order = self.last.get((kind.value, target))
        return order if order is not None and order.turn == Turn.OFF else None


def page(db: Session, *, limit: int) -> SwitchPage:
    """All switches, and the newest orders."""
    last = last_orders(db)
    now = db.execute(select(func.now())).scalar_one()
    since = [row.ordered_at for row in last.values() if row.turn == Turn.OFF and row.kind == SwitchKind.TOOL]
    refused = db.execute(_REFUSED, {"since": since}) if since else ()
    orders = db.scalars(select(SwitchOrderRow).order_by(col(SwitchOrderRow.number).desc()).limit(limit))
    return SwitchPage(
        last=last,
        refusals={row.tool: Refusals(number=row.number, last=row.last) for row in refused},
        workers=workers(db, now, last),
        orders=orders.all(),
        now=now,
    )


def order(db: Session, order_id: UUID) -> SwitchOrderRow | None:
    """One order; None if the id is unknown."""
    return db.scalars(select(SwitchOrderRow).where(col(SwitchOrderRow.order_id) == order_id)).one_or_none()
