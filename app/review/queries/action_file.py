"""Reads the content of one action's contract file from one snapshot."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.connections.database import Sessions
from app.credentials.tables import (
    AnswerRow,
    AttemptEndRow,
    AttemptRow,
    CallRow,
    CredentialRow,
    DenialRow,
    RunRow,
    StepRow,
)
from app.review.flag_history import EventKind, Status
from app.review.lineage_rows import lineages
from app.review.queries.filed_documents import ActionFile, FiledFlag, FiledRun, FiledValue
from app.review.queries.next_run import next_of
from app.review.queries.runs import latest_completed
from app.review.queries.unrecorded import unrecorded
from app.review.review_events import histories
from app.review.sign_off import sign_off, unsettled
from app.review.tables import ReviewEventRow
from app.store.tables import ActionRow, ComparedValueRow, EvidenceRow, FlagRow

#: The most runs that are listed only; further ones are counted.
RUNS_LIMIT = 1_000
#: The most flags of one contract file; with more, the export is refused. A PDF of 1,000 takes 1.3 GB and 17 s of a processor.
FLAGS_LIMIT = 1_000
#: Raw answers that are in memory at once.
_ANSWERS = 4


class TooLargeError(Exception):
    """An export is too large. The text says what there is too much of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The file of an action, and its raw answers until the snapshot is released."""

    file: ActionFile
    db: Session

    def answers(self) -> Iterator[tuple[UUID, bytes]]:
        """The raw answers by the ids of their calls, a few at a time. Releases the snapshot after the last."""
        wanted = select(col(AnswerRow.call_id), col(AnswerRow.body)).where(
            col(AnswerRow.call_id).in_(self.file.kept)
        )
        rows = wanted.order_by(col(AnswerRow.call_id)).execution_options(yield_per=_ANSWERS)
        with self.db.execute(rows) as found:
            yield from found
        self.release()

    def release(self) -> None:
        """Return the connection. `file` stays readable; the answers do not."""
        self.db.close()


@contextmanager
def snapshot(sessions: Sessions, action_id: str) -> Iterator[Snapshot | None]:
    """The contract file of an action, or None, from one snapshot and in a constant number of queries.

    Raises `TooLargeError`.
    """
    with sessions() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        action = db.get(ActionRow, action_id)
        yield None if action is None else Snapshot(file=_file(db, action), db=db)


def _file(db: Session, action: ActionRow) -> ActionFile:
    latest = latest_completed(db, action.action_id)
    flags = _flags(db, action, latest.run_id if latest else None)
    whole = {flag.flag.run_id for flag in flags} | ({latest.run_id} if latest else set())
    newest = (col(RunRow.requested_at).desc(), col(RunRow.run_id))
    runs = select(RunRow).where(col(RunRow.job_id) == action.action_id).order_by(*newest)
    filed = _runs(db, db.scalars(runs.where(col(RunRow.run_id).in_(whole))).all())
    rest = runs.where(col(RunRow.run_id).not_in(whole)).add_columns(func.count().over())
    others = db.execute(rest.limit(RUNS_LIMIT)).all()
    last = db.scalars(runs.limit(1)).one_or_none()
    return ActionFile(
        action=action,
        sign_off=sign_off(newest=last, pulled=latest, left=unsettled(db, action.action_id)),
        latest=latest.run_id if latest else None,
        runs=filed,
        other_runs=[run for run, _ in others],
        more_runs=others[0][1] - len(others) if others else 0,
        next=next_of(db, latest) if latest else None,
        flags=flags,
        kept=_kept(db, [call.call_id for run in filed for call in run.calls]),
    )


def _dealt_with() -> ColumnElement[bool]:
    """Flags that officers did more with than assign, and those whose row and history differ, which the file reports."""
    of_flag = col(ReviewEventRow.flag_id) == col(FlagRow.flag_id)
    assigned = col(ReviewEventRow.kind) == EventKind.ASSIGNED.value
    assignments = select(func.count()).select_from(ReviewEventRow).where(of_flag, assigned).scalar_subquery()
    return or_(
        exists().where(of_flag, ~assigned),
        col(FlagRow.version) != assignments,
        # What was carried over is filed with the flag that an officer decided.
        and_(col(FlagRow.status) != Status.OPEN.value, col(FlagRow.previous).is_(None)),
    )


def _flags(db: Session, action: ActionRow, latest: UUID | None) -> list[FiledFlag]:
    rows = db.scalars(
        select(FlagRow)
        .where(
            col(FlagRow.action_id) == action.action_id,
            or_(col(FlagRow.run_id) == latest, _dealt_with()),
        )
        .order_by(
            case((col(FlagRow.run_id) == latest, 0), else_=1),
            case((col(FlagRow.severity) == "blocking", 0), else_=1),
            col(FlagRow.rule),
            col(FlagRow.subject),
            col(FlagRow.raised_at),
        )
        .limit(FLAGS_LIMIT + 1)
    ).all()
    if len(rows) > FLAGS_LIMIT:
        raise TooLargeError(f"action {action.action_id} has more than {FLAGS_LIMIT:,} flags to be filed")
    ids = [row.flag_id for row in rows]
    values: dict[UUID, list[FiledValue]] = {}
    for value, evidence in db.execute(
        select(ComparedValueRow, EvidenceRow)
        .outerjoin(EvidenceRow, col(EvidenceRow.evidence_id) == col(ComparedValueRow.evidence_id))
        .where(col(ComparedValueRow.flag_id).in_(ids))
        .order_by(col(ComparedValueRow.position))
    ):
        values.setdefault(value.flag_id, []).append(FiledValue(value=value, evidence=evidence))
    events_of = histories(db, [row.answered_by for row in rows if row.answered_by])
    lineage_of = lineages(db, ids)
    return [
        FiledFlag(
            flag=row,
            values=values.get(row.flag_id, ()),
            history=lineage_of[row.flag_id][-1].events,
            remembered=events_of.get(row.answered_by, ()) if row.answered_by else (),
            earlier=lineage_of[row.flag_id][:-1],
        )
        for row in rows
    ]


def _runs(db: Session, runs: Sequence[RunRow]) -> list[FiledRun]:
    ids = [run.run_id for run in runs]

    def all_of(model: Any, *order: Any) -> dict[UUID, list[Any]]:
        found: dict[UUID, list[Any]] = {}
        for row in db.scalars(select(model).where(model.run_id.in_(ids)).order_by(*order)):
            found.setdefault(row.run_id, []).append(row)
        return found

    attempts = all_of(AttemptRow, AttemptRow.number)
    ends = all_of(AttemptEndRow, AttemptEndRow.number)
    strays = unrecorded(db, ids)
    steps = all_of(StepRow, StepRow.attempt, StepRow.number)
    credentials = all_of(
        CredentialRow, CredentialRow.attempt, CredentialRow.issued_at, CredentialRow.credential_id
    )
    denials = all_of(DenialRow, DenialRow.attempt, DenialRow.refused_at, DenialRow.denial_id)
    calls = all_of(CallRow, CallRow.started_at, CallRow.call_id)
    return [
        FiledRun(
            run=run,
            attempts=attempts.get(run.run_id, ()),
            ends=ends.get(run.run_id, ()),
            unrecorded=[each for each in strays if each.run_id == run.run_id],
            steps=steps.get(run.run_id, ()),
            credentials=credentials.get(run.run_id, ()),
            denials=denials.get(run.run_id, ()),
            calls=calls.get(run.run_id, ()),
        )
        for run in runs
    ]


def _kept(db: Session, calls: Sequence[UUID]) -> dict[UUID, int]:
    rows = db.execute(
        select(col(AnswerRow.call_id), func.octet_length(col(AnswerRow.body))).where(
            col(AnswerRow.call_id).in_(calls)
        )
    )
    return {call_id: size for call_id, size in rows}  # noqa: C416  # typed rows, not pairs
