"""The start page: open work, numbers of the last days, and the latest decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from app.credentials.tables import AlarmRow, RunRow, RunState
from app.procurement.federal_time import eastern_day
from app.procurement.finding import NOT_PERFORMED
from app.review.flag_history import Event, Status
from app.review.queries import alarms, queue
from app.review.queries.by_day import DayNumbers
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.flags import FlagLine
from app.review.queries.queue import Sort
from app.review.queries.stack_now import Stack, stack_now
from app.review.review_events import newest
from app.store.tables import FLAG_TALLY, FlagRow

#: Eastern days in the charts, including today; days over which failed runs are counted; lines of each short list.
DAYS, FAILED_DAYS, LINES = 14, 7, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Numbers of current flags that are not closed: all, the person's own, unassigned blocking ones, and so on."""

    all: int
    mine: int
    unassigned_blocking: int
    awaiting_concurrence: int
    not_checked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StartPage:
    """The start page of one person. `alarms` is None if the person may not read them, `stack` without an operator's page.

    An operator's page has neither `mine` nor `done`.

    `runs` are numbers by state: those requested and dispatched, and those of the last days that failed.

    `by_day` gives a number for each of `days`: flags raised, flags closed (by the day of the decision), runs
    requested and credentials issued. A fact that later runs found again counts once, on the first day, and so does its
    closing.
    """

    waiting: Waiting
    runs: Mapping[str, int]
    stack: Stack | None
    mine: Sequence[FlagLine]
    done: Sequence[tuple[FlagRow, Event]]
    alarms: int | None
    newest_alarms: Sequence[AlarmRow]
    days: Sequence[date]
    by_day: Mapping[str, Sequence[int]]


_WAITING = FLAG_TALLY.c


def _flags(*tests: Any) -> Any:
    return func.coalesce(func.sum(_WAITING.flags).filter(*tests), 0)


_TALLIED = select(
    _flags().label("all"),
    _flags(_WAITING.assignee == bindparam("subject")).label("mine"),
    _flags(_WAITING.severity == "blocking", func.coalesce(_WAITING.assignee, "") == "").label(
        "unassigned_blocking"
    ),
    _flags(_WAITING.status == Status.AWAITING_CONCURRENCE.value).label("awaiting_concurrence"),
    _flags(_WAITING.rule == NOT_PERFORMED).label("not_checked"),
).where(_WAITING.current, _WAITING.status != Status.CLOSED.value)
#: Written out, as completed runs are most of them and are not wanted.
_REQUESTED: ColumnElement[str] = literal_column(f"'{RunState.REQUESTED}'")
_DISPATCHED: ColumnElement[str] = literal_column(f"'{RunState.DISPATCHED}'")
_FAILED: ColumnElement[str] = literal_column(f"'{RunState.FAILED}'")
_RUNS = (
    select(col(RunRow.state), func.count())
    .where(
        col(RunRow.state).in_([_REQUESTED, _DISPATCHED])
        | ((col(RunRow.state) == _FAILED) & (col(RunRow.requested_at) >= bindparam("since")))
    )
    .group_by(col(RunRow.state))
)


def page(
    db: Session, numbers: DayNumbers, *, subject: str, with_alarms: bool, with_stack: bool, now: datetime
) -> StartPage:
    """The start page of this person, in a constant number of queries. `numbers` remembers those of earlier days."""
    days = [eastern_day(now) - timedelta(days=back) for back in reversed(range(DAYS))]
    waiting = db.execute(_TALLIED, {"subject": subject}).mappings().one()
    runs = db.execute(_RUNS, {"since": now - timedelta(days=FAILED_DAYS)}).all()
    return StartPage(
        waiting=Waiting(**{name: int(number) for name, number in waiting.items()}),
        runs={state: number for state, number in runs},  # noqa: C416  # typed rows, not pairs
        stack=stack_now(db, now) if with_stack else None,
        mine=() if with_stack else _mine(db, subject),
        done=() if with_stack else _done(db),
        alarms=alarms.number(db) if with_alarms else None,
        newest_alarms=alarms.lines(db, alarms.AlarmFilter(states=alarms.NOT_CLOSED), after=None, limit=LINES)
        if with_alarms
        else (),
        days=days,
        by_day=numbers.of(db, days, now),
    )


def _mine(db: Session, subject: str) -> Sequence[FlagLine]:
    wanted = FlagFilter(assignee=subject, settled=False)
    return queue.page(db, wanted, sort=Sort.SEVERITY, after=None, before=None, limit=LINES, share=0).lines


def _done(db: Session) -> list[tuple[FlagRow, Event]]:
    events = newest(db, limit=LINES)
    wanted = {event.flag_id for event in events}
    rows = db.scalars(select(FlagRow).options(defer(FlagRow.search)).where(col(FlagRow.flag_id).in_(wanted)))
    flags = {flag.flag_id: flag for flag in rows}
    return [(flags[event.flag_id], event) for event in events]
