"""One run with all that its page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.progress import ENDED
from app.credentials.tables import AlarmRow, RunRow, RunState
from app.credentials.vault_tables import VaultEventRow
from app.review.queries import people, unrecorded
from app.review.queries.next_run import NextRun, next_of
from app.review.queries.row_lists import RowList
from app.review.queries.run_lineage import LINEAGE, RUN, RunLineage, lineage, of_run
from app.review.queries.seen_calls import SeenCall, seen_calls
from app.review.roles import Person
from app.review.tables import PersonRow


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPage(RunLineage):
    """One run with all that its page shows.

    `unrecorded` are the identities and credentials of ended attempts that the vault's log shows and the worker did not
    record. `people` are all known people, by subject. `seen`: of a run under way, what the tools have logged already.
    """

    unrecorded: Sequence[VaultEventRow]
    alarms: Sequence[AlarmRow]
    next: NextRun | None
    people: Mapping[str, Person]
    seen: Sequence[SeenCall]


def page(db: Session, run_id: UUID) -> RunPage | None:
    """One run with all that its page shows, or None."""
    found = db.execute(_PAGE, {"run": run_id}).one_or_none()
    if found is None:
        return None
    return RunPage(
        **lineage(found),
        unrecorded=_UNRECORDED.rows(found.unrecorded),
        alarms=_ALARMS.rows(found.alarms),
        next=next_of(db, found.RunRow),
        people=people.by_subject(_PEOPLE.rows(found.people)),
        seen=() if found.RunRow.state in ENDED else seen_calls(db, run_id),
    )


def run_fields(run: RunRow) -> dict[str, Any]:
    """The fields of a run as JSON values, by the names that JSON and exports give them: its job is an action."""
    fields = run.model_dump(mode="json", exclude={"reserved_until"}) | {"waiting_reason": run.waits_because}
    return {"action_id" if name == "job_id" else name: value for name, value in fields.items()}


# Built once: building a statement takes longer than running it.
_ALARMS = of_run(AlarmRow, AlarmRow.raised_at)
_PEOPLE = RowList(PersonRow, by=people.NAMES, beside=RUN)
_UNRECORDED = RowList(
    VaultEventRow,
    col(VaultEventRow.run_id) == RUN.c.run_id,
    *unrecorded.TESTS,
    by=unrecorded.ORDER,
    beside=RUN,
)
_PAGE = LINEAGE.add_columns(
    _ALARMS.column.label("alarms"),
    _PEOPLE.column.label("people"),
    _UNRECORDED.column.label("unrecorded"),
).where(RUN.c.run_id == bindparam("run"))
_LATEST = (
    select(RunRow)
    .where(col(RunRow.job_id) == bindparam("action"), col(RunRow.state) == RunState.COMPLETED.value)
    .order_by(col(RunRow.finished_at).desc(), col(RunRow.run_id))
    .limit(1)
)


def latest_completed(db: Session, action_id: str) -> RunRow | None:
    """The latest completed run of an action, in the order by which the database marks flags as current."""
    return db.scalars(_LATEST, {"action": action_id}).one_or_none()
