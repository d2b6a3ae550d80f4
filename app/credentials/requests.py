"""Requests by people and programs: to run a job, and to stop a run."""

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.credentials.tables import CHANNEL, RUNS_UNDER_WAY, RunRow, table_of

RUN = table_of(RunRow)
_REQUEST = text(
    "INSERT INTO run (run_id, job_id, goal, requested_by) VALUES (:run_id, :job_id, :goal, :requested_by)"
)


class UnknownRunError(Exception):
    """There is no run with this id."""


def request(db: Session, jobs: Iterable[tuple[str, str]], *, requested_by: str) -> list[UUID]:
    """Request a run of each job, given by its id and the goal of the run; the ids of the runs, in the same order."""
    rows = {uuid4(): {"job_id": job_id, "goal": goal, "requested_by": requested_by} for job_id, goal in jobs}
    if rows:
        # The rest of a new run is the database's to say.
        db.execute(_REQUEST, [{"run_id": run_id, **row} for run_id, row in rows.items()])
    db.execute(select(func.pg_notify(CHANNEL, "")))
    return list(rows)


def request_missing(
    db: Session, goals: Mapping[str, str], *, requested_by: str
) -> dict[str, tuple[UUID, bool]]:
    """By job id, the run under way or else a new one, and whether it is new. `goals` is the goal for each job id.

    Of two transactions at once the second waits and gets the runs of the first.
    """
    for job_id in sorted(goals):
        db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(job_id, 0))))
    under_way = db.execute(
        select(RUN.c.job_id, RUN.c.run_id)
        .where(RUN.c.job_id.in_(goals), RUN.c.state.in_(RUNS_UNDER_WAY), RUN.c.stop_requested_at.is_(None))
        .order_by(RUN.c.requested_at)
    )
    runs = {job_id: (run_id, False) for job_id, run_id in under_way}
    missing = [(job_id, goal) for job_id, goal in sorted(goals.items()) if job_id not in runs]
    if missing:
        new = request(db, missing, requested_by=requested_by)
        runs |= {job_id: (run_id, True) for (job_id, _), run_id in zip(missing, new, strict=True)}
    return runs


def stop(db: Session, run_id: UUID, *, requested_by: str) -> bool:
    """Request that a run be stopped; False if it has ended, or stopping it was requested before.

    Raises `UnknownRunError`.
    """
    stopping = db.execute(
        update(RUN)
        .where(RUN.c.run_id == run_id, RUN.c.state.in_(RUNS_UNDER_WAY), RUN.c.stop_requested_at.is_(None))
        .values(stop_requested_at=func.now(), stop_requested_by=requested_by)
        .returning(RUN.c.run_id)
    ).one_or_none()
    if stopping is None and db.get(RunRow, run_id) is None:
        raise UnknownRunError(str(run_id))
    db.execute(select(func.pg_notify(CHANNEL, "")))
    return stopping is not None
