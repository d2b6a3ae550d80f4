"""Judges what is new on the three sides, and raises an alarm for each leftover that nothing explains."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine, text

from app.credentials.ends import EndRecords
from app.reconciliation.matching import leftovers
from app.reconciliation.side_records import SideRecords

log = structlog.get_logger()

#: How long the sides may take to be recorded, one after the other.
_SETTLING = timedelta(seconds=2)
#: How far back the first look goes: no credential lives longer. So far back is judged again every few looks, and a day
#: once an hour, since a record can be changed later.
_RECENT, _DAY = timedelta(minutes=20), timedelta(days=1)
_AGAIN, _HOURLY = 5.0, 3600.0
#: So far behind the others a log counts as not read.
_LEFT_BEHIND = timedelta(seconds=30)
#: When the sweeper, which records the vault's log, last said that nothing is in its way.
_VAULT_READ = text("SELECT seen_at FROM heartbeat WHERE process = 'sweeper' AND problem IS NULL")
#: An attempt that was open at the last look is still to be judged.
_OPEN = text("SELECT min(dispatched_at) FROM attempt WHERE state IN ('dispatched', 'running')")


class Judging:
    """Goes over the sides look by look. An alarm is raised once, however often its leftover is seen."""

    def __init__(self, engine: Engine, systems: Mapping[str, str], records: EndRecords) -> None:
        """`systems` as in `SideRecords`."""
        self._engine = engine
        self._sides = SideRecords(engine, systems)
        self._records = records
        self._systems = frozenset(systems.values())
        self._from: datetime | None = None
        self._again, self._hourly = 0.0, time.monotonic() + _HOURLY

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
        sides, _ = self._sides.between(self._since(until), until)
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
        self._from = min(filter(None, (oldest, until))) - _SETTLING
        return None

    def _since(self, until: datetime) -> datetime:
        now = time.monotonic()
        if now >= self._hourly:
            self._hourly = now + _HOURLY
            return until - _DAY
        if self._from is None or now >= self._again:
            self._again = now + _AGAIN
            return until - _RECENT
        return self._from
