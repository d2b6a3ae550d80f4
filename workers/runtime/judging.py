"""Judges what is new on the three sides, and raises an alarm for each leftover that nothing explains."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine, text

from app.connections.database import one_by_one
from app.credentials.ends import EndRecords
from app.reconciliation.matching import leftovers
from app.reconciliation.side_records import SideRecords

log = structlog.get_logger()

#: How long the sides may take to be recorded, one after the other.
_SETTLING = timedelta(seconds=2)
#: No credential lives longer: so far back is judged again every few looks, and a day at the start and once an hour,
#: since a record can be changed later. It is also the time that is judged at once.
_RECENT, _DAY = timedelta(minutes=20), timedelta(days=1)
_AGAIN, _HOURLY = 5.0, 3600.0
#: What was judged before takes a fortieth of the time at most, however many runs there were.
_TIMES = 40
#: So far behind the others a log counts as not read.
_LEFT_BEHIND = timedelta(seconds=30)
#: When the sweeper, which records the vault's log, last said that nothing is in its way.
_VAULT_READ = text("SELECT seen_at FROM heartbeat WHERE process = 'sweeper' AND problem IS NULL")
#: An attempt that was open at the last look is still to be judged.
_OPEN = text("SELECT min(dispatched_at) FROM attempt WHERE state IN ('dispatched', 'running')")
#: Whether anything happened on any side; without it there is nothing to compare, which most looks find.
_HAPPENED = text(
    "SELECT EXISTS (SELECT FROM vault_event WHERE kind = 'issued' AND at >= :since AND at < :until)"
    " OR EXISTS (SELECT FROM credential WHERE issued_at >= :since AND issued_at < :until)"
    " OR EXISTS (SELECT FROM tool_use WHERE at >= :since AND at < :until)"
)


class Judging:
    """Goes over the sides look by look. An alarm is raised once, however often its leftover is seen."""

    def __init__(self, engine: Engine, systems: Mapping[str, str], records: EndRecords) -> None:
        """`systems` as in `SideRecords`."""
        self._engine = one_by_one(engine)
        self._sides = SideRecords(engine, systems)
        self._records = records
        self._systems = frozenset(systems.values())
        self._from: datetime | None = None
        self._again, self._hourly = 0.0, 0.0

    def look(self) -> str | None:
        """Judge what all logs have been read to; what is in the way, or None."""
        read = [
            known.read_until for source, known in self._sides.coverage().items() if source in self._systems
        ]
        with self._engine.begin() as db:
            oldest: datetime | None = db.execute(_OPEN).scalar_one()
            vault_read: datetime | None = db.execute(_VAULT_READ).scalar()
        reached = [moment for moment in read if moment is not None]
        if not reached or vault_read is None:
            return "the sweeper does not read the vault's log"
        # A log that is no longer read must not keep the others from being judged: it is not covered.
        until = (
            min([vault_read, *(each for each in reached if each > max(reached) - _LEFT_BEHIND)]) - _SETTLING
        )
        now = time.monotonic()
        begin = self._since(until, now)
        is_day, is_again = begin == until - _DAY, begin <= until - _RECENT
        while begin < until:
            end = min(begin + _RECENT, until)
            self._judge(begin, end, until)
            begin = end
        # Only now: a look that fails is to be taken again.
        self._hourly = now + _HOURLY if is_day else self._hourly
        if is_again:
            self._again = now + max(_AGAIN, _TIMES * (time.monotonic() - now))
        self._from = min(filter(None, (oldest, until))) - _SETTLING
        return None

    def _judge(self, begin: datetime, end: datetime, until: datetime) -> None:
        """Judge a part of the time: a busy day is more than memory should hold. All logs have been read to `until`."""
        with self._engine.begin() as db:
            if not db.execute(_HAPPENED, {"since": begin, "until": end}).scalar_one():
                return
        sides, _ = self._sides.between(begin, end, complete_to=until)
        for leftover in leftovers(sides):
            if leftover.explanation is None and self._records.alarm_past(
                leftover.kind,
                leftover.detail,
                leftover.at,
                run_id=leftover.run_id,
                number=leftover.attempt,
                credential_id=leftover.credential_id,
            ):
                log.warning(
                    "alarm", kind=leftover.kind, run_id=str(leftover.run_id), attempt=leftover.attempt
                )

    def _since(self, until: datetime, now: float) -> datetime:
        if now >= self._hourly:
            return until - _DAY
        if self._from is None or now >= self._again:
            return until - _RECENT
        return self._from
