"""The start page: open work, numbers of the last days, and the latest decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, cast, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased, defer
from sqlmodel import col

from app.credentials.grants import MAX_TTL_SECONDS
from app.credentials.tables import AlarmRow, CredentialRow, HeartbeatRow, RunRow, RunState
from app.procurement.federal_time import eastern_day, eastern_midnight
from app.procurement.finding import NOT_PERFORMED
from app.review.flag_history import Event, Status
from app.review.queries import alarms, queue, queue_state, run_list
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.flags import FlagLine
from app.review.queries.queue import Sort
from app.review.queries.queue_state import UnconfirmedEnds
from app.review.queries.run_list import RunFilter
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
    """The start page of one person. `alarms` is None if the person may not read them.

    `by_day` gives a number for each of `days`: flags raised, flags closed (by the day of the decision), runs
    requested and credentials issued. A fact that later runs found again counts once, on the first day, and so does its
    closing.
    """

    waiting: Waiting
    runs: Mapping[str, int]
    failed_lately: int
    oldest_waiting: RunRow | None
    credentials_alive: int
    unconfirmed: UnconfirmedEnds
    now: datetime
    mine: Sequence[FlagLine]
    done: Sequence[tuple[FlagRow, Event]]
    heartbeats: Sequence[HeartbeatRow]
    alarms: int | None
    newest_alarms: Sequence[AlarmRow]
    days: Sequence[date]
    by_day: Mapping[str, Sequence[int]]


def page(db: Session, *, subject: str, with_alarms: bool, now: datetime) -> StartPage:
    """The start page of this person, in a constant number of queries."""
    days = [eastern_day(now) - timedelta(days=back) for back in reversed(range(DAYS))]
    mine = FlagFilter(assignee=subject, settled=False)
    lately = RunFilter(state=RunState.FAILED.value, since=now - timedelta(days=FAILED_DAYS))
    return StartPage(
        waiting=_waiting(db, subject),
        runs=run_list.counts(db),
        failed_lately=sum(run_list.counts(db, lately).values()),
        oldest_waiting=queue_state.oldest_waiting(db),
        credentials_alive=db.execute(
            select(func.count()).where(
                col(CredentialRow.issued_at) > now - timedelta(seconds=MAX_TTL_SECONDS),
                col(CredentialRow.revoked_at).is_(None),
                col(CredentialRow.expires_at) > now,
            )
        ).scalar_one(),
        unconfirmed=queue_state.unconfirmed_ends(db),
        now=now,
        mine=queue.page(db, mine, sort=Sort.SEVERITY, after=None, before=None, limit=LINES, share=0).lines,
        done=_done(db),
        heartbeats=queue_state.heartbeats(db),
        alarms=alarms.number(db) if with_alarms else None,
        newest_alarms=alarms.lines(db, alarms.AlarmFilter(states=alarms.NOT_CLOSED), after=None, limit=LINES)
        if with_alarms
        else (),
        days=days,
        by_day=_by_day(db, days),
    )


def _waiting(db: Session, subject: str) -> Waiting:
    tally = FLAG_TALLY.c

    def flags(*tests: Any) -> Any:
        return func.coalesce(func.sum(tally.flags).filter(*tests), 0)

    row = db.execute(
        select(
            flags(),
            flags(tally.assignee == subject),
            flags(tally.severity == "blocking", func.coalesce(tally.assignee, "") == ""),
            flags(tally.status == Status.AWAITING_CONCURRENCE.value),
            flags(tally.rule == NOT_PERFORMED),
        ).where(tally.current, tally.status != Status.CLOSED.value)
    ).one()
    return Waiting(
        all=int(row[0]),
        mine=int(row[1]),
        unassigned_blocking=int(row[2]),
        awaiting_concurrence=int(row[3]),
        not_checked=int(row[4]),
    )


def _done(db: Session) -> list[tuple[FlagRow, Event]]:
    events = newest(db, limit=LINES)
    wanted = {event.flag_id for event in events}
    rows = db.scalars(select(FlagRow).options(defer(FlagRow.search)).where(col(FlagRow.flag_id).in_(wanted)))
    flags = {flag.flag_id: flag for flag in rows}
    return [(flags[event.flag_id], event) for event in events]


_ANSWER = aliased(FlagRow)
#: The same closing was recorded on an earlier flag of the action.
_AGAIN = exists().where(
    col(_ANSWER.flag_id) == col(FlagRow.answered_by),
    col(_ANSWER.action_id) == col(FlagRow.action_id),
    col(_ANSWER.status) == literal_column("'closed'"),
)


def _by_day(db: Session, days: Sequence[date]) -> dict[str, list[int]]:
    """Numbers for each Eastern day, the first of `days` first."""
    edges = [*(eastern_midnight(day) for day in days), eastern_midnight(days[-1] + timedelta(days=1))]
    begins, ends = (cast(part, ARRAY(DateTime(timezone=True))) for part in (edges[:-1], edges[1:]))
    day = func.unnest(begins, ends).table_valued("begins", "ends", with_ordinality="place", name="day")
    day = day.render_derived()

    def counted(moment: Any, *tests: ColumnElement[bool]) -> Any:
        # One index range per day: grouping every row by its day takes five times as long.
        return (
            select(func.count())
            .where(moment >= day.c.begins, moment < day.c.ends, *tests)
            .correlate(day)
            .scalar_subquery()
        )

    rows = db.execute(
        select(
            counted(col(FlagRow.raised_at), col(FlagRow.previous).is_(None)).label("raised"),
            counted(
                col(FlagRow.decided_at), col(FlagRow.status) == literal_column("'closed'"), ~_AGAIN
            ).label("closed"),
            counted(col(RunRow.requested_at)).label("runs"),
            counted(col(CredentialRow.issued_at)).label("credentials"),
        )
        .select_from(day)
        .order_by(day.c.place)
    ).mappings()
    numbers = [dict(row) for row in rows]
    return {name: [each[name] for each in numbers] for name in ("raised", "closed", "runs", "credentials")}
