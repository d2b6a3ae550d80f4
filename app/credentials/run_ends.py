"""How a run goes on or ends without a result: queued again, failed, or stopped."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, exists, func, select, update

from app.credentials.tables import (
    CHANNEL,
    OPEN_ATTEMPTS,
    RUNS_UNDER_WAY,
    AttemptRow,
    AttemptState,
    RunRow,
    RunState,
    table_of,
)

ATTEMPT, RUN = table_of(AttemptRow), table_of(RunRow)
_PAUSE = timedelta(seconds=1)
_OPEN = ATTEMPT.c.state.in_(OPEN_ATTEMPTS)
_STOPPING = and_(RUN.c.stop_requested_at.is_not(None), RUN.c.state.in_(RUNS_UNDER_WAY))


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


def end_stopped(db: Connection) -> UUID | None:
    """Let a run that is to be stopped fail, and its open attempt with it; its id, None when there is none.

    From then on the attempt can store nothing. What it holds is revoked as that of any attempt which ended without
    doing so itself. An attempt that is storing its result at this very moment is left to do so.
    """
    # The attempt is locked before its run, in the order workers do it.
    attempt = db.execute(
        select(ATTEMPT.c.run_id, ATTEMPT.c.number)
        .join(RUN, RUN.c.run_id == ATTEMPT.c.run_id)
        .where(_STOPPING, _OPEN)
        .limit(1)
        .with_for_update(of=ATTEMPT, skip_locked=True)
    ).one_or_none()
    at_work = exists().where(ATTEMPT.c.run_id == RUN.c.run_id, _OPEN)
    this = RUN.c.run_id == attempt.run_id if attempt else ~at_work
    run = db.execute(
        select(RUN.c.run_id, RUN.c.stop_requested_by)
        .where(_STOPPING, this)
        .limit(1)
        .with_for_update(skip_locked=attempt is None)
    ).one_or_none()
    if run is None:
        return None
    now, reason = datetime.now(UTC), f"stopped by {run.stop_requested_by}"
    if attempt:
        db.execute(
            update(ATTEMPT)
            .where(ATTEMPT.c.run_id == attempt.run_id, ATTEMPT.c.number == attempt.number)
            .values(state=AttemptState.FAILED, ended_at=now, failure=reason)
        )
    db.execute(
        update(RUN)
        .where(RUN.c.run_id == run.run_id)
        .values(state=RunState.FAILED, finished_at=now, failure=reason, waiting_reason=None)
    )
    db.execute(select(func.pg_notify(CHANNEL, "")))  # A place in the dispatch window is free.
    return UUID(str(run.run_id))
