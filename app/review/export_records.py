"""The record of exports: what was exported, and by whom."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.connections.database import Sessions
from app.review.tables import ExportRecordRow


class ExportRecords:
    """Adds records of exports."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def add(self, record: ExportRecordRow) -> None:
        """Record an export."""
        with self._sessions.begin() as db:
            db.add(record)


def of_action(db: Session, action_id: str, *, limit: int = 20) -> Sequence[ExportRecordRow]:
    """Exports of one action's contract file or of single answers in it, newest first."""
    return db.scalars(
        select(ExportRecordRow)
        .where(col(ExportRecordRow.action_id) == action_id)
        .order_by(col(ExportRecordRow.at).desc())
        .limit(limit)
    ).all()
