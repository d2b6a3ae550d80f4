"""The agent workers at one moment: what each has in hand, and which are switched off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, and_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.heartbeat import MEASURED
from app.credentials.switch_orders import SwitchKind, SwitchOrderRow, Turn, is_worker_name
from app.credentials.tables import AttemptRow, AttemptState, ClockRow, CredentialRow
from app.procurement.labels import plural

#: How long one that has ended is named because it is switched off.
_NAMED = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class AtWork:
    """An agent worker: its runs in hand, and their credentials without a known end.

    `name` is its host and the id of its main process, as heartbeats and attempts state them. `is_seen`: it reported lately,
    or has a run in hand. `off` is the order that switched it off. `rests`: by its own word it takes no messages.
    """

    name: str
    runs: int
    credentials: int
    is_seen: bool
    rests: bool
    off: SwitchOrderRow | None

    @property
    def effect(self) -> str:
        """What it has in hand and, if it is off, whether it takes messages: in sentences."""
        if not self.is_seen:
            return "It has ended."
        holds = f"It holds {plural(self.runs, 'run') if self.runs else 'no run'}"
        if self.off is None:
            return f"{holds}."
        if self.rests:
            return f"{holds} and, by its own word, takes no messages."
        return f"{holds}. It has not said that it takes no messages; it is given no run."

    @property
    def has_switch(self) -> bool:
        """Whether an order can name it; what a thief calls itself may be no name."""
        return is_worker_name(self.name)


_REPORTED = select(col(ClockRow.host), col(ClockRow.reporter), col(ClockRow.rests_since)).where(
    col(ClockRow.process) == "worker", col(ClockRow.measured_at) > func.now() - MEASURED
)
_NOW: BindParameter[datetime] = bindparam("now")
_HOLDING = (
    select(
        col(AttemptRow.worker),
        func.count(func.distinct(col(AttemptRow.run_id))),
        func.count(col(CredentialRow.credential_id)),
    )
    .outerjoin(
        CredentialRow,
        and_(
            col(CredentialRow.run_id) == col(AttemptRow.run_id),
            col(CredentialRow.attempt) == col(AttemptRow.number),
            col(CredentialRow.revoked_at).is_(None),
            col(CredentialRow.expires_at) > _NOW,
        ),
    )
    # Written out, so that PostgreSQL sees that a partial index is about it.
    .where(col(AttemptRow.state) == literal_column(f"'{AttemptState.RUNNING.value}'"))
    .group_by(col(AttemptRow.worker))
)
_LAST = (
    select(SwitchOrderRow)
    .where(col(SwitchOrderRow.kind).in_([kind.value for kind in SwitchKind if kind.returns]))
    .ext(distinct_on(col(SwitchOrderRow.kind), col(SwitchOrderRow.target)))
    .order_by(col(SwitchOrderRow.kind), col(SwitchOrderRow.target), col(SwitchOrderRow.number).desc())
)


def last_orders(db: Session) -> Mapping[tuple[str, str], SwitchOrderRow]:
    """The last order of all that was ever switched and can be let on again, by kind and target."""
    return {(row.kind, row.target): row for row in db.scalars(_LAST)}


def workers(db: Session, now: datetime, last: Mapping[tuple[str, str], SwitchOrderRow]) -> list[AtWork]:
    """The workers that reported lately, that have a run in hand, or that were switched off within a day.

    In a constant number of queries.
    """
    reported = {f"{host}:{reporter}": since for host, reporter, since in db.execute(_REPORTED)}
    holding = {name: (runs, held) for name, runs, held in db.execute(_HOLDING, {"now": now}) if name}
    off = {
        target: order
        for (kind, target), order in last.items()
        if kind == SwitchKind.WORKER and order.turn == Turn.OFF
    }
    named = [name for name, order in off.items() if order.ordered_at > now - _NAMED]
    return [
        AtWork(
            name=name,
            runs=holding.get(name, (0, 0))[0],
            credentials=holding.get(name, (0, 0))[1],
            is_seen=name in reported or name in holding,
            rests=reported.get(name) is not None,
            off=off.get(name),
        )
        for name in sorted({*reported, *holding, *named})
    ]
