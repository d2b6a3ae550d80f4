"""Alarms, newest first."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import AlarmRow


def lines(db: Session, *, after: UUID | None, limit: int) -> Sequence[AlarmRow]:
    """One page of the list. `after` is the last id seen."""
    key = (col(AlarmRow.raised_at), col(AlarmRow.alarm_id))
    query = select(AlarmRow)
    if after:
        last = (select(part).where(col(AlarmRow.alarm_id) == after).scalar_subquery() for part in key)
        query = query.where(tuple_(*key) < tuple_(*last))
    return db.scalars(query.order_by(*(part.desc() for part in key)).limit(limit)).all()


def number(db: Session) -> int:
    """How many were ever raised."""
    return db.execute(select(func.count()).select_from(AlarmRow)).scalar_one()
