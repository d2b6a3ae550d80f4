"""The list of runs, newest first, a page at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, bindparam, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import RunRow, RunState
from app.procurement.finding import NOT_PERFORMED
from app.procurement.instrument_numbers import plain_number
from app.store.tables import ActionRow, FlagRow

#: Runs of a state are counted up to here.
COUNTED = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLine:
    """A run in the list, with its number of findings; `gaps` of these report a check as not performed."""

    run: RunRow
    action: ActionRow
    findings: int
    gaps: int

    @property
    def outcome(self) -> str:
        """The outcome of the run; see `outcome_of`."""
        return outcome_of(self.run.state, findings=self.findings, gaps=self.gaps)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFilter:
    """Selects the runs that match every field that is set.

    `action` is the start of an id or PIID of an action; `requested_by` is a subject; `since` is the earliest time of the
    request.
    """

    state: str | None = None
    action: str | None = None
    requested_by: str | None = None
    since: datetime | None = None

    def tests(self) -> list[ColumnElement[bool]]:
        """The conditions, over the runs."""
        tests: list[ColumnElement[bool]] = []
        if self.state is not None:
            tests.append(col(RunRow.state) == self.state)
        if self.action is not None:
            tests.append(col(RunRow.job_id).in_(select(col(ActionRow.action_id)).where(begins(self.action))))
        if self.requested_by is not None:
            tests.append(col(RunRow.requested_by) == self.requested_by)
        if self.since is not None:
            tests.append(col(RunRow.requested_at) >= self.since)
        return tests


def outcome_of(state: str, *, findings: int, gaps: int) -> str:
    """The outcome of a run: clear, flagged or not fully checked; its state if it has not completed."""
    if state != RunState.COMPLETED:
        return state
    if gaps:
        return "not fully checked"
    return "flagged" if findings else "clear"


def begins(text: str) -> ColumnElement[bool]:
    """Actions whose id or PIID starts with this text, as written, in capitals, or without the punctuation of a PIID."""
    columns = (col(ActionRow.action_id), col(ActionRow.piid))
    spellings = {text, text.upper(), plain_number(text) or text}
    return or_(*(column.startswith(each, autoescape=True) for column in columns for each in spellings))


def lines(db: Session, wanted: RunFilter, *, after: UUID | None, limit: int) -> Sequence[RunLine]:
    """One page of the list, newest first. `after` is the last id seen."""
    key = (col(RunRow.requested_at), col(RunRow.run_id))
    query = _with_findings().where(*wanted.tests())
    if after:
        # One subquery per value: PostgreSQL cannot use the index with a row subquery.
        last = (select(part).where(col(RunRow.run_id) == after).scalar_subquery() for part in key)
        query = query.where(tuple_(*key) < tuple_(*last))
    return _lines(db, query.order_by(*(part.desc() for part in key)).limit(limit))


def exists(db: Session, run_id: UUID) -> bool:
    """Whether there is such a run."""
    return db.execute(select(col(RunRow.run_id)).where(col(RunRow.run_id) == run_id)).first() is not None


def of_action(db: Session, action_id: str, *, limit: int) -> Sequence[RunLine]:
    """The newest runs of one action."""
    return [_line(*row) for row in db.execute(_OF_ACTION, {"action": action_id, "limit": limit})]


def outcomes(db: Session, run_ids: Sequence[UUID]) -> Counter[str]:
    """The number of these runs by outcome."""
    return Counter(
        line.outcome for line in _lines(db, _with_findings().where(col(RunRow.run_id).in_(run_ids)))
    )


def counts(db: Session, wanted: RunFilter | None = None) -> dict[str, int]:
    """The number of matching runs by state, `COUNTED` and one more at most: the past must not slow a page down."""
    tests = wanted.tests() if wanted else []

    def up_to_most(state: RunState) -> Any:
        some = select(col(RunRow.run_id)).where(*tests, col(RunRow.state) == state).limit(COUNTED + 1)
        return select(literal(state.value), func.count()).select_from(some.subquery())

    rows = db.execute(union_all(*map(up_to_most, RunState))).all()
    return {state: number for state, number in rows if number}


def _lines(db: Session, query: Any) -> list[RunLine]:
    return [_line(*row) for row in db.execute(query)]


def _line(run: RunRow, action: ActionRow, findings: int, gaps: int) -> RunLine:
    return RunLine(run=run, action=action, findings=findings, gaps=gaps)


def _with_findings() -> Any:
    found = select(func.count()).where(col(FlagRow.run_id) == col(RunRow.run_id)).correlate(RunRow)
    gaps = found.where(col(FlagRow.rule) == NOT_PERFORMED)
    return select(RunRow, ActionRow, found.scalar_subquery(), gaps.scalar_subquery()).join(
        ActionRow, col(ActionRow.action_id) == col(RunRow.job_id)
    )


# Built once: building a statement takes longer than running it.
_OF_ACTION = (
    _with_findings()
    .where(col(RunRow.job_id) == bindparam("action"))
    .order_by(col(RunRow.requested_at).desc(), col(RunRow.run_id).desc())
    .limit(bindparam("limit", type_=Integer))
)
