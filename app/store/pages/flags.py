"""Findings: the queue, and one finding with the lineage of every value it sets side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session
from sqlmodel import col

from app.store.tables import (
    Action,
    Attempt,
    Call,
    ComparedValueRow,
    Credential,
    Denial,
    DiscrepancyRow,
    EvidenceRow,
    Run,
    RunState,
    Step,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagLine:
    """A finding in the queue, with the action it is about."""

    flag: DiscrepancyRow
    action: Action


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueLineage:
    """A compared value and where it came from; the lineage is None for what the action itself states."""

    value: ComparedValueRow
    evidence: EvidenceRow | None
    call: Call | None
    credential: Credential | None
    attempt: Attempt | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SilentSource:
    """What is known of a source that gave no usable answer: the step, and how far it came."""

    step: Step | None
    denial: Denial | None
    credential: Credential | None
    calls: Sequence[Call]


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagPage:
    """One finding, its values with their lineage, and the other findings of the same run.

    `attempt` is the one that made the finding; `silent` is set for a check that was not performed. `latest_run_id`
    is the action's latest completed run, which may be a later one.
    """

    flag: DiscrepancyRow
    action: Action
    run: Run
    attempt: Attempt | None
    values: Sequence[ValueLineage]
    others: Sequence[DiscrepancyRow]
    silent: SilentSource | None
    latest_run_id: UUID | None

    @property
    def not_performed(self) -> Sequence[DiscrepancyRow]:
        """The other findings that say a check was not performed."""
        return [other for other in self.others if other.rule == "S01"]


def page(db: Session, flag_id: UUID) -> FlagPage | None:
    """One finding with the lineage of each value, or None."""
    flag = db.get(DiscrepancyRow, flag_id)
    if flag is None:
        return None
    findings = db.scalars(
        select(DiscrepancyRow)
        .where(col(DiscrepancyRow.run_id) == flag.run_id, col(DiscrepancyRow.discrepancy_id) != flag_id)
        .order_by(col(DiscrepancyRow.rule), col(DiscrepancyRow.subject))
    ).all()
    return FlagPage(
        flag=flag,
        action=db.get_one(Action, flag.action_id),
        run=db.get_one(Run, flag.run_id),
        attempt=db.get(Attempt, (flag.run_id, flag.attempt)),
        values=_values(db, flag_id),
        others=findings,
        silent=_silent(db, flag) if flag.rule == "S01" else None,
        latest_run_id=db.scalar(_latest_runs().where(col(Run.action_id) == flag.action_id)),
    )


def _values(db: Session, flag_id: UUID) -> list[ValueLineage]:
    rows = db.execute(
        select(ComparedValueRow, EvidenceRow, Call, Credential, Attempt)
        .outerjoin(EvidenceRow, col(EvidenceRow.evidence_id) == col(ComparedValueRow.evidence_id))
        .outerjoin(Call, col(Call.call_id) == col(EvidenceRow.call_id))
        .outerjoin(Credential, col(Credential.credential_id) == col(Call.credential_id))
        .outerjoin(
            Attempt,
            (col(Attempt.run_id) == col(Credential.run_id))
            & (col(Attempt.number) == col(Credential.attempt)),
        )
        .where(col(ComparedValueRow.discrepancy_id) == flag_id)
        .order_by(col(ComparedValueRow.position))
    ).all()
    return [
        ValueLineage(value=value, evidence=evidence, call=call, credential=credential, attempt=attempt)
        for value, evidence, call, credential, attempt in rows
    ]


def _silent(db: Session, flag: DiscrepancyRow) -> SilentSource:
    def about(model: Any) -> Any:
        return select(model).where(
            model.run_id == flag.run_id, model.attempt == flag.attempt, model.tool == flag.subject
        )

    credential = db.scalars(about(Credential)).first()
    calls: Sequence[Call] = ()
    if credential is not None:
        used = select(Call).where(col(Call.credential_id) == credential.credential_id)
        calls = db.scalars(used.order_by(col(Call.started_at))).all()
    return SilentSource(
        step=db.scalars(about(Step)).first(),
        denial=db.scalars(about(Denial)).first(),
        credential=credential,
        calls=calls,
    )


def _latest_runs() -> Any:
    return (
        select(col(Run.run_id))
        .where(col(Run.state) == RunState.COMPLETED)
        .ext(distinct_on(col(Run.action_id)))
        .order_by(col(Run.action_id), col(Run.finished_at).desc(), col(Run.run_id))
    )
