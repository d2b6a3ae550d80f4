"""One flag with the lineage of every value it compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Row, bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import AttemptRow, CallRow, CredentialRow, RunRow, RunState
from app.procurement.finding import NOT_PERFORMED
from app.review import review_events
from app.review.flag_history import Event
from app.review.queries import people, related
from app.review.queries.changes import Changes, changes_since
from app.review.queries.related import Related
from app.review.queries.row_lists import RowList
from app.review.queries.run_lineage import LINEAGE, RUN, RunLineage, SourceAttempt, lineage
from app.review.review_events import FlagHistory
from app.review.roles import Person
from app.review.tables import PersonRow
from app.store.tables import ActionRow, ComparedValueRow, EvidenceRow, FlagRow


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagLine:
    """A flag in the queue, with its action."""

    flag: FlagRow
    action: ActionRow


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueLineage:
    """A compared value and its lineage, which is None for a value of the action itself."""

    value: ComparedValueRow
    evidence: EvidenceRow | None
    call: CallRow | None
    credential: CredentialRow | None
    attempt: AttemptRow | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagPage:
    """One flag, its values with their lineage, and the other flags of the same run.

    `attempt` is the one that raised the flag; `silent` is set for a check that was not performed. `latest_run_id`
    is the action's latest completed run, which may be a later one.
    """

    flag: FlagRow
    action: ActionRow
    run: RunRow
    attempt: AttemptRow | None
    values: Sequence[ValueLineage]
    others: Sequence[FlagRow]
    silent: SourceAttempt | None
    latest_run_id: UUID | None

    @property
    def not_performed(self) -> Sequence[FlagRow]:
        """The other flags that report a check as not performed."""
        return [other for other in self.others if other.rule == NOT_PERFORMED]


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagView:
    """A flag with its run and all that its page shows. `people` are all known people, by subject.

    `before` holds other flags on the same fact, each with its decision in force, newest first. `changes` is what changed
    since the flag before this one; None if there is none.
    """

    page: FlagPage
    run: RunLineage
    related: Related
    record: FlagHistory
    before: Sequence[tuple[FlagRow, Event]]
    changes: Changes | None
    people: Mapping[str, Person]


def view(db: Session, flag_id: UUID) -> FlagView | None:
    """One flag with all that its page shows, or None."""
    found = db.execute(_PAGE, {"flag": flag_id}).one_or_none()
    if found is None:
        return None
    run = RunLineage(**lineage(found))
    page = _page(flag_id, run, found)
    record = review_events.record(db, flag_id)
    return FlagView(
        page=page,
        run=run,
        related=related.related(db, page.flag, page.action),
        record=record,
        before=review_events.decided_before(db, page.flag, record.earlier),
        changes=changes_since(db, page.flag, [line.value for line in page.values]),
        people=people.by_subject(_PEOPLE.rows(found.people)),
    )


def _page(flag_id: UUID, run: RunLineage, found: Row[Any]) -> FlagPage:
    flag = next(each for each in run.findings if each.flag_id == flag_id)
    evidence = {each.evidence_id: each for each in _EVIDENCE.rows(found.stated)}
    return FlagPage(
        flag=flag,
        action=run.action,
        run=run.run,
        attempt=next((each for each in run.attempts if each.number == flag.attempt), None),
        values=[
            _lineage(value, evidence.get(value.evidence_id) if value.evidence_id else None, run)
            for value in _VALUES.rows(found.compared)
        ],
        others=[each for each in run.findings if each.flag_id != flag_id],
        silent=run.source_attempt(attempt=flag.attempt, tool=flag.subject)
        if flag.rule == NOT_PERFORMED
        else None,
        latest_run_id=found.latest,
    )


# Built once: building a statement takes longer than running it.
_FLAG: BindParameter[UUID] = bindparam("flag")
_OF_FLAG = col(ComparedValueRow.flag_id) == _FLAG
_VALUES = RowList(ComparedValueRow, _OF_FLAG, by=[col(ComparedValueRow.position)], beside=RUN)
_EVIDENCE = RowList(
    EvidenceRow,
    col(EvidenceRow.evidence_id).in_(select(col(ComparedValueRow.evidence_id)).where(_OF_FLAG)),
    by=[col(EvidenceRow.evidence_id)],
    beside=RUN,
)
_OTHER = RUN.alias("other")
_LATEST = (
    select(_OTHER.c.run_id)
    .where(_OTHER.c.job_id == RUN.c.job_id, _OTHER.c.state == RunState.COMPLETED.value)
    .order_by(_OTHER.c.finished_at.desc(), _OTHER.c.run_id)
    .limit(1)
    .correlate(RUN)
    .scalar_subquery()
)
_PEOPLE = RowList(PersonRow, by=people.NAMES, beside=RUN)
_PAGE = LINEAGE.add_columns(
    _LATEST.label("latest"),
    _VALUES.column.label("compared"),
    _EVIDENCE.column.label("stated"),
    _PEOPLE.column.label("people"),
).where(RUN.c.run_id == select(col(FlagRow.run_id)).where(col(FlagRow.flag_id) == _FLAG).scalar_subquery())


def _lineage(value: ComparedValueRow, evidence: EvidenceRow | None, run: RunLineage) -> ValueLineage:
    """A run uses only its own answers, so the lineage of a value lies within the run."""
    call = next((each for each in run.calls if evidence and each.call_id == evidence.call_id), None)
    credential = run.credential_of(call) if call else None
    attempt = next((each for each in run.attempts if credential and each.number == credential.attempt), None)
    return ValueLineage(value=value, evidence=evidence, call=call, credential=credential, attempt=attempt)
