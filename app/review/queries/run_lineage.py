"""One run with its full lineage, from one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text
from sqlmodel import col

from app.credentials.ending import Endings
from app.credentials.tables import (
    AttemptEndRow,
    AttemptRow,
    CallRow,
    CredentialRow,
    DenialRow,
    RunRow,
    StepRow,
    table_of,
)
from app.procurement.finding import NOT_PERFORMED
from app.review.queries.plans import Plan, plans_of
from app.review.queries.row_lists import RowList
from app.review.queries.run_list import outcome_of
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


#: The table that the rows of a lineage are beside, in a statement with more columns.
RUN = table_of(RunRow)


def of_run(model: Any, *order: Any, but: Sequence[str] = ()) -> RowList[Any]:
    """The rows of the run, in this order."""
    return RowList(model, model.run_id == RUN.c.run_id, by=order, beside=RUN, but=but)


# Built once: building a statement takes longer than running it.
_LISTS = {
    "attempts": of_run(AttemptRow, AttemptRow.number),
    "ends": of_run(AttemptEndRow, AttemptEndRow.number),
    "steps": of_run(StepRow, StepRow.attempt, StepRow.number),
    "credentials": of_run(CredentialRow, CredentialRow.attempt, CredentialRow.issued_at),
    "denials": of_run(DenialRow, DenialRow.attempt, DenialRow.refused_at),
    "calls": of_run(CallRow, CallRow.started_at),
    "findings": of_run(FlagRow, FlagRow.rule, FlagRow.subject, but=["search"]),
}
_FACTS = (
    select(col(EvidenceRow.call_id), func.count().label("facts"))
    .where(col(EvidenceRow.run_id) == RUN.c.run_id)
    .correlate(RUN)
    .group_by(col(EvidenceRow.call_id))
    .subquery()
)
_EVIDENCE = select(func.coalesce(func.json_object_agg(_FACTS.c.call_id, _FACTS.c.facts), text("'{}'")))
#: Statement for what `lineage` reads, of all runs.
LINEAGE: Select[Any] = select(
    RunRow,
    ActionRow,
    _EVIDENCE.correlate(RUN).scalar_subquery().label("evidence"),
    *(rows.column.label(name) for name, rows in _LISTS.items()),
).join(ActionRow, col(ActionRow.action_id) == col(RunRow.job_id))


def lineage(found: Row[Any]) -> dict[str, Any]:
    """The fields of `RunLineage` in a row of that statement."""
    lists = {name: rows.rows(getattr(found, name)) for name, rows in _LISTS.items()}
    evidence = {UUID(call_id): facts for call_id, facts in found.evidence.items()}
    return {"run": found.RunRow, "action": found.ActionRow, "evidence": evidence, **lists}
