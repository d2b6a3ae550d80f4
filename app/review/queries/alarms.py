"""Alarms, newest first, and one alarm with what was done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.alarm_kinds import AlarmKind, AlarmSeverity, kind_of, kinds_of
from app.credentials.tables import (
    AlarmChannelRow,
    AlarmDeliveryRow,
    AlarmEventRow,
    AlarmRow,
    AlarmState,
)

#: Alarms that still need attention.
NOT_CLOSED = (AlarmState.OPEN.value, AlarmState.ACKNOWLEDGED.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmFilter:
    """Selects the alarms that match every field that is set. Without states, all do."""

    states: Sequence[str] = ()
    severity: AlarmSeverity | None = None
    kind: str | None = None
    run_id: UUID | None = None

    def tests(self) -> list[ColumnElement[bool]]:
        """The conditions, over the alarms."""
        tests: list[ColumnElement[bool]] = []
        if self.states:
            tests.append(col(AlarmRow.state).in_(self.states))
            if AlarmState.CLOSED not in self.states:
                tests.append(col(AlarmRow.state) != AlarmState.CLOSED.value)  # what the partial index asks
        if self.severity is not None:
            tests.append(col(AlarmRow.kind).in_(kinds_of(self.severity)))
        if self.kind is not None:
            tests.append(col(AlarmRow.kind) == self.kind)
        if self.run_id is not None:
            tests.append(col(AlarmRow.run_id) == self.run_id)
        return tests


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmPage:
    """One alarm: what was done about it, and by which channels it was sent or is still to be."""

    alarm: AlarmRow
    events: Sequence[AlarmEventRow]
    deliveries: Sequence[AlarmDeliveryRow]
    has_channels: bool

    @property
    def known(self) -> AlarmKind:
        """What its kind means."""
        return kind_of(self.alarm.kind)


def lines(db: Session, wanted: AlarmFilter, *, after: UUID | None, limit: int) -> Sequence[AlarmRow]:
    """One page of the list. `after` is the last id seen."""
    key = (col(AlarmRow.raised_at), col(AlarmRow.alarm_id))
    query = select(AlarmRow).where(*wanted.tests())
    if after:
        last = (select(part).where(col(AlarmRow.alarm_id) == after).scalar_subquery() for part in key)
        query = query.where(tuple_(*key) < tuple_(*last))
    return db.scalars(query.order_by(*(part.desc() for part in key)).limit(limit)).all()


def page(db: Session, alarm_id: UUID) -> AlarmPage | None:
    """One alarm, or None."""
    alarm = db.get(AlarmRow, alarm_id)
    if alarm is None:
        return None
    events = select(AlarmEventRow).where(col(AlarmEventRow.alarm_id) == alarm_id)
    sent = select(AlarmDeliveryRow).where(col(AlarmDeliveryRow.alarm_id) == alarm_id)
    return AlarmPage(
        alarm=alarm,
        events=db.scalars(events.order_by(col(AlarmEventRow.at), col(AlarmEventRow.state))).all(),
        deliveries=db.scalars(sent.order_by(col(AlarmDeliveryRow.channel))).all(),
        has_channels=db.scalar(select(func.count()).select_from(AlarmChannelRow)) != 0,
    )


def number(db: Session) -> int:
    """How many are not closed."""
    closed = col(AlarmRow.state) != AlarmState.CLOSED.value
    return db.execute(select(func.count()).select_from(AlarmRow).where(closed)).scalar_one()
