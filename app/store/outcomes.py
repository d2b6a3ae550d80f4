"""How a set of runs ended, as officers see it."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from app.connections.database import Sessions
from app.credentials.tables import RunRow, RunState, table_of
from app.procurement.finding import NOT_PERFORMED
from app.store.tables import FlagRow

RUN, FLAG = table_of(RunRow), table_of(FlagRow)
_NAMES = {None: "clear", False: "flagged", True: "not fully checked"}


def run_outcomes(sessions: Sessions, run_ids: Sequence[UUID]) -> Counter[str]:
    """Runs by outcome: clear, flagged, or not fully checked; failed and unfinished ones under their state."""
    by_run = (
        select(FLAG.c.run_id, func.bool_or(FLAG.c.rule == NOT_PERFORMED).label("gap"))
        .where(FLAG.c.run_id.in_(run_ids))
        .group_by(FLAG.c.run_id)
        .subquery()
    )
    with sessions() as db:
        rows = db.execute(
            select(RUN.c.state, by_run.c.gap, func.count())
            .outerjoin(by_run, by_run.c.run_id == RUN.c.run_id)
            .where(RUN.c.run_id.in_(run_ids))
            .group_by(RUN.c.state, by_run.c.gap)
        ).all()
    found: Counter[str] = Counter()
    for state, gap, number in rows:
        found[_NAMES[gap] if state == RunState.COMPLETED else state] += number
    return found
