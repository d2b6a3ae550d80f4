"""Actions: the list, and one action with its runs, its flags and their events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, bindparam, func, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, Session, defer
from sqlmodel import col

from app.credentials.progress import ENDED
from app.credentials.tables import RunRow, RunState, table_of
from app.review import export_records as exports
from app.review.flag_history import Event, Status
from app.review.queries import people, run_list
from app.review.queries.row_lists import RowList
from app.review.queries.run_list import RunLine, begins
from app.review.queries.runs import latest_completed
from app.review.review_events import histories
from app.review.roles import Person
from app.review.sign_off import SignOff, exported, sign_off, unsettled
from app.review.tables import ExportRecordRow, PersonRow
from app.store.tables import ACTION_WORDS, ActionRow, FlagRow

#: How many of an action's newest runs and flags its page shows.
RUNS, FLAGS = 20, 200


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionLine:
    """An action in a list: its newest run, and how many of its current flags are open; `blocking` of these block."""

    action: ActionRow
    run: RunRow | None
    waiting: int
    blocking: int

    @property
    def pulled(self) -> bool:
        """Whether its newest run completed, so that its flags are up to date."""
        return self.run is not None and self.run.state == RunState.COMPLETED


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionPage:
    """One action. `under_way` is the run in progress; `events` are the officers' events, newest first.

    `pulled` is the latest completed run, whose flags are `current`, unsettled and blocking ones first. `runs` are the
    newest of `runs_in_all`. `earlier` are the newest flags of superseded runs. `people` are all known people, by subject.
    """

    action: ActionRow
    sign_off: SignOff
    pulled: RunRow | None
    runs: Sequence[RunLine]
    runs_in_all: int
    under_way: RunRow | None
    current: Sequence[FlagRow]
    earlier: Sequence[FlagRow]
    flags_in_all: int
    events: Sequence[tuple[FlagRow, Event]]
    exports: Sequence[ExportRecordRow]
    people: Mapping[str, Person]


def lines(db: Session, *, text: str | None, after: str | None, limit: int) -> Sequence[ActionLine]:
    """One page of the list, last submitted first. `text` is the start of an id or PIID, or words; `after` is the last id seen."""
    key = (col(ActionRow.submitted_at), col(ActionRow.action_id))
    found = select(*key)
    if text:
        words = literal_column(ACTION_WORDS).bool_op("@@")(func.websearch_to_tsquery("simple", text))
        found = found.where(or_(begins(text), words))
    if after:
        last = (select(part).where(col(ActionRow.action_id) == after).scalar_subquery() for part in key)
        found = found.where(tuple_(*key) < tuple_(*last))
    found = found.order_by(*(part.desc() for part in key))
    ids = [action_id for _, action_id in db.execute(found.limit(limit))]
    return with_state(db, ids)


def with_state(db: Session, ids: Sequence[str]) -> list[ActionLine]:
    """These actions in this order, with their state."""
    actions = {a.action_id: a for a in db.scalars(select(ActionRow).where(col(ActionRow.action_id).in_(ids)))}
    runs = {
        run.job_id: run
        for run in db.scalars(
            select(RunRow)
            .where(col(RunRow.job_id).in_(ids))
            .ext(distinct_on(col(RunRow.job_id)))
            .order_by(col(RunRow.job_id), col(RunRow.requested_at).desc(), col(RunRow.run_id).desc())
        )
    }
    waiting = {
        action_id: (flags, blocking)
        for action_id, flags, blocking in db.execute(
            select(
                col(FlagRow.action_id),
                func.count(),
                func.count().filter(col(FlagRow.severity) == "blocking"),
            )
            .where(
                col(FlagRow.action_id).in_(ids),
                col(FlagRow.current),
                col(FlagRow.status) != Status.CLOSED.value,
            )
            .group_by(col(FlagRow.action_id))
        )
    }
    return [
        ActionLine(
            action=actions[each],
            run=runs.get(each),
            waiting=waiting.get(each, (0, 0))[0],
            blocking=waiting.get(each, (0, 0))[1],
        )
        for each in ids
    ]


def page(db: Session, action_id: str) -> ActionPage | None:
    """One action, or None."""
    found = db.execute(_PAGE, {"action": action_id}).one_or_none()
    if found is None:
        return None
    runs = run_list.of_action(db, action_id, limit=RUNS)
    flags = db.scalars(_NEWEST, {"action": action_id}).all()
    events_of = histories(db, [flag.flag_id for flag in flags])
    events = [(flag, event) for flag in flags for event, _ in events_of.get(flag.flag_id, ())]
    pulled = latest_completed(db, action_id)
    made = exports.of_action(db, action_id)
    changes = (pulled and pulled.finished_at, *(event.at for _, event in events))
    changed_at = max((at for at in changes if at), default=None)
    return ActionPage(
        action=found.ActionRow,
        sign_off=sign_off(
            newest=runs[0].run if runs else None,
            pulled=pulled,
            left=unsettled(db, action_id),
            more=[exported(changed_at, made)],
        ),
        pulled=pulled,
        runs=runs,
        runs_in_all=found.runs,
        under_way=next((line.run for line in runs if line.run.state not in ENDED), None),
        current=sorted((flag for flag in flags if flag.current), key=_place),
        earlier=[flag for flag in flags if not flag.current],
        flags_in_all=found.flags,
        events=sorted(events, key=lambda pair: (pair[1].at, pair[1].number), reverse=True),
        exports=made,
        people=people.by_subject(_PEOPLE.rows(found.people)),
    )


def _place(flag: FlagRow) -> tuple[bool, bool, str, str]:
    """Flags that are not closed first, and blocking ones before advisory ones."""
    return flag.status == Status.CLOSED.value, flag.severity != "blocking", flag.rule, flag.subject


# Built once: building a statement takes longer than running it.
_ACTION = table_of(ActionRow)
_NEWEST = (
    select(FlagRow)
    .options(defer(FlagRow.search))
    .where(col(FlagRow.action_id) == bindparam("action"))
    .order_by(
        col(FlagRow.current).desc(),
        col(FlagRow.raised_at).desc(),
        col(FlagRow.severity).desc(),
        col(FlagRow.rule),
        col(FlagRow.subject),
    )
    .limit(FLAGS)
)
_PEOPLE = RowList(PersonRow, by=people.NAMES, beside=_ACTION)


def _number(of: Mapped[str]) -> ScalarSelect[int]:
    return select(func.count()).where(of == _ACTION.c.action_id).correlate(_ACTION).scalar_subquery()


_PAGE = select(
    ActionRow,
    _number(col(RunRow.job_id)).label("runs"),
    _number(col(FlagRow.action_id)).label("flags"),
    _PEOPLE.column.label("people"),
).where(_ACTION.c.action_id == bindparam("action"))
