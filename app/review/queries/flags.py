"""One flag with the lineage of every value it compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import AttemptRow, CallRow, CredentialRow, RunRow
from app.procurement.finding import NOT_PERFORMED
from app.review import review_events
from app.review.flag_history import Event
from app.review.queries import people, related
from app.review.queries.changes import Changes, changes_since
from app.review.queries.related import Related
from app.review.queries.run_lineage import RunLineage, SourceAttempt, lineage_of
from app.review.review_events import FlagHistory
from app.review.roles import Person
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
    found = _page(db, flag_id)
    if found is None:
        return None
    page, run = found
    record = review_events.record(db, flag_id)
    return FlagView(
        page=page,
        run=run,
        related=related.related(db, page.flag, page.action),
        record=record,
        before=review_events.decided_before(db, page.flag, record.earlier),
        changes=changes_since(db, page.flag, [line.value for line in page.values]),
        people=people.known(db),
    )


def _page(db: Session, flag_id: UUID) -> tuple[FlagPage, RunLineage] | None:
    found = lineage_of(db, flag_id)
    if found is None:
        return None
    run, latest = found
    flag = next(each for each in run.findings if each.flag_id == flag_id)
    return FlagPage(
        flag=flag,
        action=run.action,
        run=run.run,
        attempt=next((each for each in run.attempts if each.number == flag.attempt), None),
        values=_values(db, flag_id, run),
        others=[each for each in run.findings if each.flag_id != flag_id],
        silent=run.source_attempt(attempt=flag.attempt, tool=flag.subject)
        if flag.rule == NOT_PERFORMED
        else None,
        latest_run_id=latest,
    ), run


# Built once: building a statement takes longer than running it.
_VALUES = (
    select(ComparedValueRow, EvidenceRow)
    .outerjoin(EvidenceRow, col(EvidenceRow.evidence_id) == col(ComparedValueRow.evidence_id))
    .where(col(ComparedValueRow.flag_id) == bindparam("flag"))
    .order_by(col(ComparedValueRow.position))
)


def _values(db: Session, flag_id: UUID, run: RunLineage) -> list[ValueLineage]:
    return [_lineage(value, evidence, run) for value, evidence in db.execute(_VALUES, {"flag": flag_id})]


def _lineage(value: ComparedValueRow, evidence: EvidenceRow | None, run: RunLineage) -> ValueLineage:
    """A run uses only its own answers, so the lineage of a value lies within the run."""
    call = next((each for each in run.calls if evidence and each.call_id == evidence.call_id), None)
    credential = run.credential_of(call) if call else None
    attempt = next((each for each in run.attempts if credential and each.number == credential.attempt), None)
    return ValueLineage(value=value, evidence=evidence, call=call, credential=credential, attempt=attempt)
