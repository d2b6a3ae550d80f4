"""One run with all that its page shows."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import AlarmRow, RunRow, RunState
from app.credentials.vault_tables import VaultEventRow
from app.review.queries.next_run import NextRun, next_of
from app.review.queries.run_lineage import RunLineage, lineage
from app.review.queries.unrecorded import unrecorded


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPage(RunLineage):
    """One run with all that its page shows.

    `unrecorded` are the identities and credentials of ended attempts that the vault's log shows and the worker did not
    record.
    """

    unrecorded: Sequence[VaultEventRow]
    alarms: Sequence[AlarmRow]
    next: NextRun | None


def page(db: Session, run_id: UUID) -> RunPage | None:
    """One run with all that its page shows, or None."""
    found = lineage(db, run_id)
    if found is None:
        return None
    return RunPage(
        **{field.name: getattr(found, field.name) for field in fields(found)},
        unrecorded=unrecorded(db, [run_id]),
        alarms=db.scalars(_ALARMS, {"run": run_id}).all(),
        next=next_of(db, found.run),
    )


def run_fields(run: RunRow) -> dict[str, Any]:
    """The fields of a run as JSON values, by the names that JSON and exports give them: its job is an action."""
    fields = run.model_dump(mode="json", exclude={"reserved_until"}) | {"waiting_reason": run.waits_because}
    return {"action_id" if name == "job_id" else name: value for name, value in fields.items()}


# Built once: building a statement takes longer than running it.
_ALARMS = select(AlarmRow).where(col(AlarmRow.run_id) == bindparam("run")).order_by(col(AlarmRow.raised_at))
_LATEST = (
    select(RunRow)
    .where(col(RunRow.job_id) == bindparam("action"), col(RunRow.state) == RunState.COMPLETED.value)
    .order_by(col(RunRow.finished_at).desc(), col(RunRow.run_id))
    .limit(1)
)


def latest_completed(db: Session, action_id: str) -> RunRow | None:
    """The latest completed run of an action, in the order by which the database marks flags as current."""
    return db.scalars(_LATEST, {"action": action_id}).one_or_none()
