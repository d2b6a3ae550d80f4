"""Watches what the vault does for runs: reads its log, raises alarms, and ends attempts whose identity was stolen."""

from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import structlog

from app.credentials.ends import EndRecords
from app.credentials.log_follower import LogFollower, LogUnreadableError
from app.credentials.vault_events import TOGETHER, EventStore
from app.credentials.watch import Irregularity, RefusedLogins, judge
from app.credentials.watched_attempts import WatchedAttempts

log = structlog.get_logger()
#: The name under which the database keeps how far the events have been judged.
_READER = "sweeper"


class Watch:
    """The vault's log as it grows. `read` may be called from several threads, `look` from one."""

    def __init__(
        self, audit_log: Path | None, *, store: EventStore, attempts: WatchedAttempts, records: EndRecords
    ) -> None:
        """`audit_log`: the file that the vault writes; None where it cannot be reached from here."""
        self._follower = None if audit_log is None else LogFollower(audit_log, store)
        self._store = store
        self._attempts = attempts
        self._records = records
        self._refused_logins = RefusedLogins()
        self._problem: str | None = None
        self._one_alarm = Lock()

    def read(self) -> bool:
        """Read the log to its end into the database; False when that is not possible, with an alarm for each outage."""
        if self._follower is None:
            return self._is_unreadable("VAULT_AUDIT_LOG is not set")
        try:
            self._follower.read_to_end()
        except LogUnreadableError as error:
            return self._is_unreadable(str(error))
        self._problem = None
        return True

    def _is_unreadable(self, reason: str) -> bool:
        with self._one_alarm:
            if self._problem is None:
                since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
                self._records.alarm("vault log unreadable", f"since {since}: {reason}")
            self._problem = f"the vault's log cannot be read: {reason}"
        return False

    def look(self) -> str | None:
        """Read the log, and judge what is new in it; what is in the way, or None."""
        self.read()
        for note in () if self._follower is None else self._follower.take_notes():
            self._records.alarm("vault log changed", note)
        while unread := self._store.unread(_READER):
            events, first, last = list(unread.values()), min(unread), max(unread)
            for irregularity in judge(events, self._attempts.of(events, first=first)):
                self._act_on(irregularity)
            if (refused := self._refused_logins.add(events)) is not None:
                self._act_on(refused)
            self._store.dealt_with(_READER, last)
            if len(unread) < TOGETHER:
                break
        return self._problem

    def _act_on(self, found: Irregularity) -> None:
        new = self._records.alarm(found.kind, found.detail, run_id=found.run_id, number=found.attempt)
        if new:
            log.warning("alarm", kind=found.kind, run_id=str(found.run_id), attempt=found.attempt)
        if found.ends_attempt and found.run_id is not None and found.attempt is not None:
            self._records.end_attempt(found.run_id, found.attempt, f"{found.kind}: {found.detail}")
