"""What becomes of a run whose attempt ended without a result."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, update

from app.credentials.tables import AttemptRow, AttemptState, RunRow, RunState, table_of

ATTEMPT, RUN = table_of(AttemptRow), table_of(RunRow)
_PAUSE = timedelta(seconds=1)


def requeue(db: Connection, run_id: UUID, *, reason: str, max_attempts: int) -> None:
    """Queue the run again, or let it fail when `max_attempts` attempts were worked on in vain.

    Attempts that no worker took up (a broker that lost the message) and postponed ones do not count.
    """
    now = datetime.now(UTC)
    used = db.execute(
        select(func.count())
        .select_from(ATTEMPT)
        .where(
            ATTEMPT.c.run_id == run_id,
            ATTEMPT.c.claimed_at.is_not(None),
            ATTEMPT.c.state.in_([AttemptState.FAILED, AttemptState.LOST]),
        )
    ).scalar_one()
    values: dict[str, Any] = {
        "state": RunState.REQUESTED,
        "waiting_reason": reason,
        "not_before": now + _PAUSE * 2 ** min(used, 5),
    }
    if used >= max_attempts:
        values = {"state": RunState.FAILED, "failure": f"{used} attempts: {reason}", "finished_at": now}
    db.execute(update(RUN).where(RUN.c.run_id == run_id).values(**values))
