"""Security events, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.review.tables import SecurityEventRow


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFilter:
    """Selects the security events that match every field that is set; `since` is the earliest time."""

    person: str | None = None
    address: str | None = None
    action: str | None = None
    outcome: str | None = None
    since: datetime | None = None

    def tests(self) -> list[ColumnElement[bool]]:
        """The conditions, over the events."""
        row = SecurityEventRow
        tests = [
            column == value
            for column, value in (
                (col(row.person), self.person),
                (col(row.address), self.address),
                (col(row.action), self.action),
                (col(row.outcome), self.outcome),
            )
            if value is not None
        ]
        return [*tests, *([col(row.at) >= self.since] if self.since else [])]


def lines(db: Session, wanted: EventFilter, *, before: int | None, limit: int) -> Sequence[SecurityEventRow]:
    """One page of the list. `before` is the number of the last event seen."""
    number = col(SecurityEventRow.number)
    query = select(SecurityEventRow).where(*wanted.tests())
    if before is not None:
        query = query.where(number < before)
    return db.scalars(query.order_by(number.desc()).limit(limit)).all()
