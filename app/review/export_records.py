"""The record of exports: what was exported, and by whom."""

from collections.abc import Sequence

from sqlalchemy import Integer, bindparam, select
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
    return db.scalars(_OF_ACTION, {"action": action_id, "limit": limit}).all()


# Built once: building a statement takes longer than running it.
_OF_ACTION = (
    select(ExportRecordRow)
    .where(col(ExportRecordRow.action_id) == bindparam("action"))
    .order_by(col(ExportRecordRow.at).desc())
    .limit(bindparam("limit", type_=Integer))
)
