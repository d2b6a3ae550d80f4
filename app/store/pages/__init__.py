"""Read models of the pages and of the reading commands. Each page asks a constant number of questions."""

from collections.abc import Sequence
from uuid import UUID

from app.domain.quota import QuotaDay
from app.domain.roles import Person
from app.store.database import Sessions
from app.store.pages import flags, people, quota, runs, stack
from app.store.pages.flags import FlagLine, FlagPage, SilentSource, ValueLineage
from app.store.pages.runs import NextRun, RunLine, RunPage
from app.store.pages.stack import QueueState

__all__ = [
    "PAGE",
    "FlagLine",
    "FlagPage",
    "NextRun",
    "Pages",
    "QueueState",
    "RunLine",
    "RunPage",
    "SilentSource",
    "ValueLineage",
]

#: Lines of one page of a list.
PAGE = 50


class Pages:
    """The questions the pages ask."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def flags(
        self,
        *,
        severity: str | None = None,
        rule: str | None = None,
        after: UUID | None = None,
        limit: int = PAGE,
    ) -> Sequence[FlagLine]:
        """Findings of each action's latest completed run: blocking first, then newest. `after` is the last id seen."""
        with self._sessions() as db:
            return flags.lines(db, severity=severity, rule=rule, after=after, limit=limit)

    def flag_counts(self) -> dict[tuple[str, str], int]:
        """Number of current findings by (severity, rule)."""
        with self._sessions() as db:
            return flags.counts(db)

    def flag(self, flag_id: UUID) -> FlagPage | None:
        """One finding with the lineage of each value, or None."""
        with self._sessions() as db:
            return flags.page(db, flag_id)

    def people(self) -> dict[str, Person]:
        """Everybody who has signed in at some time, by subject."""
        with self._sessions() as db:
            return people.known(db)

    def runs(
        self, *, state: str | None = None, after: UUID | None = None, limit: int = PAGE
    ) -> Sequence[RunLine]:
        """Runs, newest first. `after` is the last id seen."""
        with self._sessions() as db:
            return runs.lines(db, state=state, after=after, limit=limit)

    def run_counts(self) -> dict[str, int]:
        """Number of runs by state."""
        with self._sessions() as db:
            return runs.counts(db)

    def run(self, run_id: UUID) -> RunPage | None:
        """One run with everything it left behind, or None."""
        with self._sessions() as db:
            return runs.page(db, run_id)

    def queue(self) -> QueueState:
        """What waits, what works, and the background processes' last signs of life."""
        with self._sessions() as db:
            return stack.state(db)

    def quota_day(self, budget: int) -> QuotaDay:
        """What today has used of the SAM.gov quota. `budget` in calls a day."""
        with self._sessions() as db:
            return quota.today(db, quota=budget)
