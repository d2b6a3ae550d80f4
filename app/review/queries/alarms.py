"""Alarms, newest first."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.store.tables import Alarm


def lines(db: Session, *, after: UUID | None, limit: int) -> Sequence[Alarm]:
    """One page of the list. `after` is the last id seen."""
    key = (col(Alarm.raised_at), col(Alarm.alarm_id))
    query = select(Alarm)
    if after:
        last = (select(part).where(col(Alarm.alarm_id) == after).scalar_subquery() for part in key)
        query = query.where(tuple_(*key) < tuple_(*last))
    return db.scalars(query.order_by(*(part.desc() for part in key)).limit(limit)).all()


def number(db: Session) -> int:
    """How many were ever raised."""
    return db.execute(select(func.count()).select_from(Alarm)).scalar_one()
