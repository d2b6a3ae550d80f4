"""One run with its full lineage."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from app.credentials.ending import Endings
from app.credentials.tables import (
    AlarmRow,
    AttemptEndRow,
    AttemptRow,
    CallRow,
    CredentialRow,
    DenialRow,
    RunRow,
    RunState,
    StepRow,
)
from app.credentials.vault_tables import VaultEventRow
from app.procurement.finding import NOT_PERFORMED
from app.review.queries.next_run import NextRun, next_of
from app.review.queries.plans import Plan, plans_of
from app.review.queries.run_list import outcome_of
from app.review.queries.unrecorded import unrecorded
from app.store.tables import ActionRow, EvidenceRow, FlagRow

OfTool = TypeVar("OfTool", StepRow, DenialRow, CredentialRow)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceAttempt:
    """How one attempt queried one source, as far as it got."""

    step: StepRow | None
    denial: DenialRow | None
    credential: CredentialRow | None
    calls: Sequence[CallRow]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLineage:
    """One run with what its worker recorded. `evidence` is the number of facts from each call, by call id.

    `ends` are the ends of attempts that are not confirmed.
    """

    run: RunRow
    action: ActionRow
    attempts: Sequence[AttemptRow]
    ends: Sequence[AttemptEndRow]
    steps: Sequence[StepRow]
    credentials: Sequence[CredentialRow]
    denials: Sequence[DenialRow]
    calls: Sequence[CallRow]
    evidence: dict[UUID, int]
    findings: Sequence[FlagRow]

    @property
    def plans(self) -> list[Plan]:
        """The plan of each attempt that has one."""
        return plans_of(self.steps)

    @property
    def outcome(self) -> str:
        """The outcome of the run; see `outcome_of`."""
        gaps = sum(flag.rule == NOT_PERFORMED for flag in self.findings)
        return outcome_of(self.run.state, findings=len(self.findings), gaps=gaps)

    def endings(self, now: datetime) -> Endings:
        """How its tokens and credentials ended by `now`."""
        return Endings.of(self.attempts, self.ends, now)

    def calls_of(self, credential: CredentialRow) -> list[CallRow]:
        """The calls made with one credential, in order."""
        return [call for call in self.calls if call.credential_id == credential.credential_id]

    def credential_of(self, call: CallRow) -> CredentialRow | None:
        """The credential one call was made with."""
        return next((each for each in self.credentials if each.credential_id == call.credential_id), None)

    def source_attempt(self, *, attempt: int, tool: str) -> SourceAttempt:
        """How one attempt queried one source."""

        def first(rows: Sequence[OfTool]) -> OfTool | None:
            return next((row for row in rows if (row.attempt, row.tool) == (attempt, tool)), None)

        credential = first(self.credentials)
        return SourceAttempt(
            step=first(self.steps),
            denial=first(self.denials),
            credential=credential,
            calls=self.calls_of(credential) if credential else (),
        )


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
        alarms=_of(db, AlarmRow, run_id, AlarmRow.raised_at),
        next=next_of(db, found.run),
    )


def lineage(db: Session, run_id: UUID) -> RunLineage | None:
    """One run with what its worker recorded, or None."""
    found = db.execute(_RUN, {"run": run_id}).one_or_none()
    if found is None:
        return None
    run, action = found
    calls = db.execute(_CALLS, {"run": run_id}).all()
    return RunLineage(
        run=run,
        action=action,
        attempts=_of(db, AttemptRow, run_id, AttemptRow.number),
        ends=_of(db, AttemptEndRow, run_id, AttemptEndRow.number),
        steps=_of(db, StepRow, run_id, StepRow.attempt, StepRow.number),
        credentials=_of(db, CredentialRow, run_id, CredentialRow.attempt, CredentialRow.issued_at),
        denials=_of(db, DenialRow, run_id, DenialRow.attempt, DenialRow.refused_at),
        calls=[call for call, _ in calls],
        evidence={call.call_id: facts for call, facts in calls if facts},
        findings=_of(db, FlagRow, run_id, FlagRow.rule, FlagRow.subject),
    )


def run_fields(run: RunRow) -> dict[str, Any]:
    """The fields of a run as JSON values, by the names that JSON and exports give them: its job is an action."""
    fields = run.model_dump(mode="json", exclude={"reserved_until"}) | {"waiting_reason": run.waits_because}
    return {"action_id" if name == "job_id" else name: value for name, value in fields.items()}


def _of(db: Session, model: Any, run_id: UUID, *order: Any) -> Sequence[Any]:
    return db.scalars(_question(model, order), {"run": run_id}).all()


@cache
def _question(model: Any, order: tuple[Any, ...]) -> Select[Any]:
    # Built once: building a statement takes longer than running it.
    query = select(model).where(model.run_id == bindparam("run")).order_by(*order)
    return query.options(defer(model.search)) if model is FlagRow else query


_RUN = (
    select(RunRow, ActionRow)
    .join(ActionRow, col(ActionRow.action_id) == col(RunRow.job_id))
    .where(col(RunRow.run_id) == bindparam("run"))
)
_CALLS = (
    select(
        CallRow,
        select(func.count())
        .where(col(EvidenceRow.call_id) == col(CallRow.call_id))
        .correlate(CallRow)
        .scalar_subquery(),
    )
    .where(col(CallRow.run_id) == bindparam("run"))
    .order_by(col(CallRow.started_at))
)


_LATEST = (
    select(RunRow)
    .where(col(RunRow.job_id) == bindparam("action"), col(RunRow.state) == RunState.COMPLETED.value)
    .order_by(col(RunRow.finished_at).desc(), col(RunRow.run_id))
    .limit(1)
)


def latest_completed(db: Session, action_id: str) -> RunRow | None:
    """The latest completed run of an action, in the order by which the database marks flags as current."""
    return db.scalars(_LATEST, {"action": action_id}).one_or_none()
