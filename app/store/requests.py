"""What the application writes: submitted actions and requested runs."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.connections.database import Sessions
from app.credentials.tables import CHANNEL, RunRow, RunState, table_of
from app.procurement.action import ProcurementAction
from app.procurement.planning import goal
from app.store.actions import to_domain, to_row
from app.store.tables import ActionRow

ACTION, RUN = table_of(ActionRow), table_of(RunRow)
_UNDER_WAY = (RunState.REQUESTED, RunState.DISPATCHED)


class ConflictError(Exception):
    """An action of this id exists with other content."""

    def __init__(self, action_id: str) -> None:
        super().__init__(f"action_id: {action_id!r} was submitted before with other content")
        self.action_id = action_id


class UnknownActionError(Exception):
    """No action of this id was submitted."""


class UnknownRunError(Exception):
    """There is no run of this id."""


class RequestRecords:
    """Submitted actions and requested runs."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def submit(self, actions: Iterable[ProcurementAction]) -> int:
        """Store the actions, all or none; how many were new. The same action again is fine.

        Raises `ConflictError` naming an action that differs from what is stored under its id.
        """
        with self._sessions.begin() as db:
            return len(store(db, actions))

    def request(self, action_ids: Sequence[str], *, requested_by: str) -> list[UUID]:
        """Request one run for each id, all or none, and say what each is for. Raises `UnknownActionError`."""
        with self._sessions.begin() as db:
            return request(db, action_ids, requested_by=requested_by)

    def request_again(self, action_id: str, *, requested_by: str) -> tuple[UUID, bool]:
        """The run of an action that is under way, or a new one where there is none; and whether it is new.

        Of two requests at once the second gets the run of the first. Raises `UnknownActionError`.
        """
        with self._sessions.begin() as db:
            return request_missing(db, [action_id], requested_by=requested_by)[0]

    def stop(self, run_id: UUID, *, requested_by: str) -> bool:
        """Ask that a run be stopped; whether it was under way and nobody had asked before. Raises `UnknownRunError`."""
        with self._sessions.begin() as db:
            asked = db.execute(
                update(RUN)
                .where(
                    RUN.c.run_id == run_id,
                    RUN.c.state.in_(_UNDER_WAY),
                    RUN.c.stop_requested_at.is_(None),
                )
                .values(stop_requested_at=func.now(), stop_requested_by=requested_by)
                .returning(RUN.c.run_id)
            ).one_or_none()
            if asked is None and db.get(RunRow, run_id) is None:
                raise UnknownRunError(str(run_id))
            return asked is not None


def store(db: Session, actions: Iterable[ProcurementAction]) -> list[str]:
    """Store the actions; the ids of those that were new. Raises `ConflictError`."""
    new = []
    # In one order always: of two submissions at once each could wait for the other otherwise.
    for action in sorted(actions, key=lambda each: each.action_id):
        row = {**to_row(action), "submitted_at": func.now()}
        statement = insert(ACTION).values(row).on_conflict_do_nothing(index_elements=["action_id"])
        if db.execute(statement.returning(ACTION.c.action_id)).one_or_none() is not None:
            new.append(action.action_id)
            continue
        same = select(ACTION).where(ACTION.c.action_id == action.action_id)
        if to_domain(dict(db.execute(same).mappings().one())) != action:
            raise ConflictError(action.action_id)
    return new


def request(db: Session, action_ids: Sequence[str], *, requested_by: str) -> list[UUID]:
    """Request one run for each id, and say what each is for. Raises `UnknownActionError`."""
    rows = db.execute(select(ACTION).where(ACTION.c.action_id.in_(action_ids))).mappings()
    goals = {row["action_id"]: goal(to_domain(dict(row))) for row in rows}
    for action_id in action_ids:
        if action_id not in goals:
            raise UnknownActionError(f"action: {action_id!r} is not known; submit it first")
    runs = [
        RunRow(job_id=action_id, goal=goals[action_id], requested_by=requested_by) for action_id in action_ids
    ]
    run_ids = [run.run_id for run in runs]
    db.add_all(runs)
    db.execute(select(func.pg_notify(CHANNEL, "")))
    return run_ids


def request_missing(db: Session, action_ids: Sequence[str], *, requested_by: str) -> list[tuple[UUID, bool]]:
    """The run of each action that is under way, or a new one where there is none; and whether it is new.

    Of two transactions at once the second waits and gets the runs of the first. Raises `UnknownActionError`.
    """
    wanted = sorted(set(action_ids))
    for action_id in wanted:
        db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(action_id, 0))))
    under_way = db.execute(
        select(RUN.c.job_id, RUN.c.run_id)
        .where(RUN.c.job_id.in_(wanted), RUN.c.state.in_(_UNDER_WAY), RUN.c.stop_requested_at.is_(None))
        .order_by(RUN.c.requested_at)
    )
    known: dict[str, UUID] = {row.job_id: row.run_id for row in under_way}
    missing = [action_id for action_id in wanted if action_id not in known]
    new = dict(zip(missing, request(db, missing, requested_by=requested_by), strict=True)) if missing else {}
    return [(known.get(each) or new[each], each in new) for each in action_ids]
