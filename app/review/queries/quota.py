"""Today's use of the SAM.gov quota, from the recorded calls."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import CallRow, CredentialRow
from app.procurement.daily_quota import COUNTED, QuotaDay, quota_day_of


def today(db: Session, *, quota: int) -> QuotaDay:
    """Count the calls of today, UTC, by the database's clock. `quota` in calls a day.

    Every recorded try counts, also one that failed: the service may have counted it. Calls of a worker that died before
    it could record them are not known.
    """
    began = quota_day_of(db.execute(select(func.now())).scalar_one())
    counted = (
        select(col(CredentialRow.tool), col(CallRow.run_id))
        .join(CredentialRow, col(CredentialRow.credential_id) == col(CallRow.credential_id))
        .where(
            col(CallRow.started_at) >= began, col(CredentialRow.tool).in_([tool.value for tool in COUNTED])
        )
        .subquery()
    )
    by_tool = select(counted.c.tool, func.count()).group_by(counted.c.tool)
    found = {tool: number for tool, number in db.execute(by_tool)}  # noqa: C416  # typed rows, not pairs
    return QuotaDay(
        began=began,
        runs=db.execute(select(func.count(counted.c.run_id.distinct()))).scalar_one(),
        calls={tool: found.get(tool.value, 0) for tool in COUNTED},
        quota=quota,
    )
