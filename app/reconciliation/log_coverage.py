"""How far each log of the vault and the tools has been read, and what it does not prove."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from app.reconciliation.clocks import LEEWAY
from app.reconciliation.settings import log_name

_SOURCES = text("SELECT source, covered_from, read_until, written_apart, problem FROM log_source")
_UNREADABLE = text("SELECT source, since, until, lines FROM unreadable_stretch ORDER BY number")
#: One premise, however many logs it concerns.
SHARED = "all processes share one user, so those that are compared could have written the logs themselves"


@dataclass(frozen=True, slots=True)
class UnreadableStretch:
    """Lines of a log that cannot be read, written between two times; `since` None: at any time before."""

    since: datetime | None
    until: datetime
    lines: int

    def meets(self, since: datetime, until: datetime) -> bool:
        """Whether one of these lines may have been written between two times."""
        return self.until >= since - LEEWAY and (self.since is None or self.since <= until + LEEWAY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """What is known of one log; see the tables `log_source` and `unreadable_stretch`."""

    source: str
    covered_from: datetime | None
    read_until: datetime | None
    written_apart: bool
    problem: str | None
    unreadable: Sequence[UnreadableStretch] = ()

    def covers(self, since: datetime, until: datetime) -> bool:
        """Whether this log has been read for all of a time."""
        return (
            self.problem is None
            and self.covered_from is not None
            and self.covered_from <= since
            and self.read_until is not None
            and self.read_until >= until
        )

    def gap(self, since: datetime, until: datetime) -> str | None:
        """Why this log does not prove what happened between two times, or None."""
        if self.problem is not None:
            return f"{log_name(self.source)}: {self.problem}"
        if self.covered_from is None or self.covered_from > since:
            return f"{log_name(self.source)} was not read from the beginning of this time"
        if self.read_until is None or self.read_until < until:
            return f"{log_name(self.source)} has not been read to the end of this time"
        if lines := sum(each.lines for each in self.unreadable if each.meets(since, until)):
            return f"{log_name(self.source)} may have {lines} lines of this time that cannot be read"
        if not self.written_apart:
            return SHARED
        return None


def read_coverage(db: Connection) -> dict[str, Coverage]:
    """What is known of each log, by its source; nothing of one that was never read."""
    unreadable: defaultdict[str, list[UnreadableStretch]] = defaultdict(list)
    for source, *stretch in db.execute(_UNREADABLE):
        unreadable[source].append(UnreadableStretch(*stretch))
    return {
        row["source"]: Coverage(**row, unreadable=unreadable[row["source"]])
        for row in db.execute(_SOURCES).mappings()
    }
