"""Read models of the pages and commands. Each page takes a constant number of database queries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.connections.database import Sessions
from app.credentials.switch_orders import SwitchOrderRow
from app.credentials.tables import AlarmRow
from app.procurement.daily_quota import QuotaDay
from app.review import saved_view_records
from app.review.draft_records import newest_draft
from app.review.queries import (
    actions,
    alarms,
    credential_list,
    exposure,
    facets,
    flag_search,
    flags,
    log_lines,
    news,
    people,
    queue,
    queue_state,
    queue_way,
    quota,
    raw_answers,
    run_list,
    run_stamp,
    runs,
    security_events,
    start,
    switch_list,
    vendors,
)
from app.review.queries.actions import ActionLine, ActionPage
from app.review.queries.alarms import AlarmFilter, AlarmPage
from app.review.queries.by_day import DayNumbers
from app.review.queries.credential_list import (
    AliveOfTool,
    CredentialFilter,
    CredentialLine,
    CredentialSort,
)
from app.review.queries.exposure import CredentialLife, Exposure
from app.review.queries.facets import Facets
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.flags import FlagLine, FlagPage, FlagView, ValueLineage
from app.review.queries.log_line_filter import VaultLogFilter
from app.review.queries.log_lines import VaultLogLine, VaultLogReach
from app.review.queries.news import Moment, NewFlags
from app.review.queries.queue import FlagQueue, Place, QueuePage, Sort
from app.review.queries.queue_state import QueueState
from app.review.queries.queue_way import Left, Next, Way
from app.review.queries.raw_answers import RawAnswer
from app.review.queries.run_lineage import RunLineage, SourceAttempt
from app.review.queries.run_list import RunFilter, RunLine
from app.review.queries.runs import RunPage
from app.review.queries.security_events import EventFilter
from app.review.queries.start import StartPage
from app.review.queries.switch_list import SwitchPage
from app.review.queries.vendors import VendorPage
from app.review.roles import Person
from app.review.tables import DraftRow, SecurityEventRow

__all__ = [
    "ActionLine",
    "EventFilter",
    "Facets",
    "FlagFilter",
    "FlagLine",
    "FlagPage",
    "Left",
    "Moment",
    "Next",
    "Pages",
    "Place",
    "QueueState",
    "RunFilter",
    "RunLine",
    "RunLineage",
    "RunPage",
    "Sort",
    "SourceAttempt",
    "ValueLineage",
    "Way",
]

#: Lines in one answer, unless the caller asks for another number.
DEFAULT_LIMIT = 50


class Pages:
    """Every query of the pages and commands."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._day_numbers = DayNumbers()

    def flag_queue(
        self,
        wanted: FlagFilter,
        *,
        sort: Sort = Sort.SEVERITY,
        after: Place | None = None,
        before: Place | None = None,
        limit: int = DEFAULT_LIMIT,
        owner: str = "",
    ) -> FlagQueue:
        """At most `limit` flags after or before a place, with all that their page shows, from one snapshot.

        `owner` is the person whose saved views are included.
        """
        with self._sessions.begin() as db:
            db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            share = flag_search.share(db, wanted.text)
            return FlagQueue(
                page=queue.page(db, wanted, sort=sort, after=after, before=before, limit=limit, share=share),
                facets=facets.facets(db, wanted, share=share),
                moment=news.moment(db),
                people=people.known(db),
                views=saved_view_records.of(db, owner),
            )

    def flags(
        self,
        wanted: FlagFilter,
        *,
        sort: Sort = Sort.SEVERITY,
        after: Place | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> QueuePage:
        """At most `limit` flags after a place."""
        with self._sessions.begin() as db:
            share = flag_search.share(db, wanted.text)
            return queue.page(db, wanted, sort=sort, after=after, before=None, limit=limit, share=share)

    def next_open(self, wanted: FlagFilter, *, sort: Sort, flag_id: UUID) -> Next | None:
        """The next flag of a queue to work on after this one was decided."""
        with self._sessions.begin() as db:
            return queue_way.next_open(db, wanted, sort=sort, flag_id=flag_id)

    def flags_of(self, flag_ids: Sequence[UUID]) -> list[FlagLine]:
        """These flags in this order, without those that do not exist."""
        with self._sessions.begin() as db:
            return queue.some(db, flag_ids)

    def news(self, wanted: FlagFilter, *, since: Moment, now: datetime) -> NewFlags:
        """How many flags that match became visible since then."""
        with self._sessions.begin() as db:
            return news.news(db, wanted, since=since, now=now)

    def people(self) -> dict[str, Person]:
        """Everyone who has ever signed in, by subject."""
        with self._sessions.begin() as db:
            return people.known(db)

    def flag(self, flag_id: UUID) -> FlagView | None:
        """One flag with its lineage and its history, from one snapshot; None if the id is unknown."""
        with self._sessions.begin() as db:
            db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return flags.view(db, flag_id)

    def flag_on_its_way(
        self, flag_id: UUID, wanted: FlagFilter, *, sort: Sort, drafts_of: str | None, kept: timedelta
    ) -> tuple[FlagView, Way, DraftRow | None] | None:
        """The same with the way through a queue, and the person's draft, if wanted."""
        with self._sessions.begin() as db:
            db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            view = flags.view(db, flag_id)
            if view is None:
                return None
            way = queue_way.way(db, wanted, sort=sort, flag=view.page.flag)
            return view, way, newest_draft(db, drafts_of, flag_id, kept) if drafts_of else None

    def answer(self, call_id: UUID, *, of: tuple[UUID, int] | None = None) -> RawAnswer | None:
        """The answer to one call, or None. `of` is the flag and position of a value to find in it."""
        with self._sessions.begin() as db:
            return raw_answers.answer(db, call_id, of=of)

    def runs(
        self, wanted: RunFilter | None = None, *, after: UUID | None = None, limit: int = DEFAULT_LIMIT
    ) -> Sequence[RunLine]:
        """Runs, newest first. `after` is the last id seen."""
        with self._sessions.begin() as db:
            return run_list.lines(db, wanted or RunFilter(), after=after, limit=limit)

    def run_counts(self, wanted: RunFilter | None = None) -> dict[str, int]:
        """Number of runs by state."""
        with self._sessions.begin() as db:
            return run_list.counts(db, wanted)

    def run_outcomes(self, run_ids: Sequence[UUID]) -> Counter[str]:
        """Number of these runs by outcome."""
        with self._sessions.begin() as db:
            return run_list.outcomes(db, run_ids)

    def credentials(
        self,
        wanted: CredentialFilter,
        *,
        sort: CredentialSort,
        after: UUID | None = None,
        limit: int = DEFAULT_LIMIT,
        now: datetime,
    ) -> tuple[Sequence[CredentialLine], Sequence[AliveOfTool]]:
        """Issued credentials, and how many of each tool have no known end at the time `now` (UTC)."""
        with self._sessions.begin() as db:
            found = credential_list.lines(db, wanted, sort=sort, after=after, limit=limit, now=now)
            return found, credential_list.alive_by_tool(db, now)

    def switches(self, *, limit: int = DEFAULT_LIMIT) -> SwitchPage:
        """What is cut off now, and the newest orders."""
        with self._sessions.begin() as db:
            return switch_list.page(db, limit=limit)

    def switch_order(self, order_id: UUID) -> SwitchOrderRow | None:
        """One order; None if the id is unknown."""
        with self._sessions.begin() as db:
            return switch_list.order(db, order_id)

    def exposure(self, tools: Mapping[str, str], since: datetime, until: datetime) -> Exposure:
        """What could have been stolen between two times (UTC). `tools` names the tool of each issuing path."""
        with self._sessions.begin() as db:
            return exposure.exposure(db, tools, since, until)

    def lives(self, tools: Mapping[str, str], since: datetime, until: datetime) -> Sequence[CredentialLife]:
        """The credentials alive at any time from `since` to `until`, both included (UTC), the last to die at the end."""
        with self._sessions.begin() as db:
            return exposure.lives(db, tools, since, until)

    def run(self, run_id: UUID) -> RunPage | None:
        """One run with its full lineage, or None."""
        with self._sessions.begin() as db:
            return runs.page(db, run_id)

    def run_stamp(self, run_id: UUID) -> str | None:
        """A text that changes with what the page of a run shows; None if there is no such run."""
        with self._sessions.begin() as db:
            return run_stamp.stamp(db, run_id)

    def has_run(self, run_id: UUID) -> bool:
        """Whether there is such a run."""
        with self._sessions.begin() as db:
            return run_list.exists(db, run_id)

    def start(self, *, subject: str, with_alarms: bool, with_stack: bool, now: datetime) -> StartPage:
        """The start page of this person."""
        with self._sessions.begin() as db:
            return start.page(
                db,
                self._day_numbers,
                subject=subject,
                with_alarms=with_alarms,
                with_stack=with_stack,
                now=now,
            )

    def actions(
        self, *, text: str | None = None, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Sequence[ActionLine]:
        """Actions, last submitted first. `text` is the start of an id or PIID, or words; `after` is the last id seen."""
        with self._sessions.begin() as db:
            return actions.lines(db, text=text, after=after, limit=limit)

    def action(self, action_id: str) -> ActionPage | None:
        """One action with its runs, flags and events, or None."""
        with self._sessions.begin() as db:
            return actions.page(db, action_id)

    def vendor(self, uei: str) -> VendorPage | None:
        """A vendor, or None if no action names it."""
        with self._sessions.begin() as db:
            return vendors.page(db, uei)

    def alarms(
        self, wanted: AlarmFilter, *, after: UUID | None = None, limit: int = DEFAULT_LIMIT
    ) -> Sequence[AlarmRow]:
        """Alarms, newest first. `after` is the last id seen."""
        with self._sessions.begin() as db:
            return alarms.lines(db, wanted, after=after, limit=limit)

    def alarm(self, alarm_id: UUID) -> AlarmPage | None:
        """One alarm with what was done about it, or None."""
        with self._sessions.begin() as db:
            return alarms.page(db, alarm_id)

    def security_events(
        self, wanted: EventFilter, *, before: int | None = None, limit: int = DEFAULT_LIMIT
    ) -> Sequence[SecurityEventRow]:
        """Security events, newest first. `before` is the number of the last one seen."""
        with self._sessions.begin() as db:
            return security_events.lines(db, wanted, before=before, limit=limit)

    def log_lines(
        self, wanted: VaultLogFilter, *, before: int | None = None, limit: int = DEFAULT_LIMIT
    ) -> Sequence[VaultLogLine]:
        """Lines of the vault's log, newest first. `before` is the number of the last one seen."""
        with self._sessions.begin() as db:
            return log_lines.lines(db, wanted, before=before, limit=limit)

    def log_reach(self) -> VaultLogReach:
        """How much of the vault's log is recorded."""
        with self._sessions.begin() as db:
            return log_lines.reach(db)

    def recorded_lines(self, request_ids: Sequence[str]) -> frozenset[str]:
        """Those of these requests to the vault whose answer is recorded."""
        with self._sessions.begin() as db:
            return log_lines.recorded(db, request_ids)

    def queue(self) -> QueueState:
        """The queue of runs, and the latest heartbeats of the background processes."""
        with self._sessions.begin() as db:
            return queue_state.state(db)

    def quota_day(self, budget: int) -> QuotaDay:
        """Today's use of the SAM.gov quota. `budget` in calls a day."""
        with self._sessions.begin() as db:
            return quota.today(db, quota=budget)
