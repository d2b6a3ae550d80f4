"""Keeps the vault's log as evidence: anchors what is new, proves what was read, and compares the audit devices."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

import structlog
from sqlalchemy import Engine

from app.credentials.ends import EndRecords
from app.credentials.vault_events import PositionMovedError
from app.reconciliation.followed_file import Loss
from app.reconciliation.log_anchors import AnchorStore
from app.reconciliation.log_devices import LogDevices
from app.reconciliation.log_reading import LogReading
from app.reconciliation.settings import SECOND_LOG, VAULT_LOG, ReconcilerSettings
from app.reconciliation.use_store import SourceNote, UseStore

log = structlog.get_logger()

#: Seconds between two readings of the recent end of the log: ten times what one takes, within these bounds.
_RECENTLY, _SOON, _TIMES = 3.0, 8.0, 10
#: Seconds at most that a first look may take before all of the log is read again.
_FIRST_LOOK = 60.0


class LogEvidence:
    """The log of each audit device that a setting names."""

    def __init__(self, configuration: ReconcilerSettings, engine: Engine) -> None:
        """Reads what the settings name. Entries of before are not compared: one device may have been read further."""
        self._uses = UseStore(engine)
        self._anchors = AnchorStore(engine)
        self._records = EndRecords(engine)
        named = {VAULT_LOG: configuration.vault_audit_log, SECOND_LOG: configuration.vault_audit_log_2}
        self._devices = LogDevices((VAULT_LOG, SECOND_LOG), since=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}")
        self._readings = [
            LogReading(
                source,
                path,
                self._anchors,
                observed={os.getuid(), *configuration.observed_users},
                kept=timedelta(days=configuration.vault_log_kept),
                saw=partial(self._devices.saw, number) if all(named.values()) else lambda _: None,
            )
            for number, (source, path) in enumerate(named.items())
            if path is not None
        ]
        self._next = 0.0
        self._looked = Event()

    def look(self) -> str | None:
        """Read what is new and look for what was changed; what is in the way, or None."""
        now, began = self._uses.now(), time.monotonic()
        is_due = began >= self._next
        problems = []
        for reading in self._readings:
            try:
                note, losses = reading.look(now)
                if is_due:
                    losses = [*losses, *reading.prove_recent()]
            except PositionMovedError:
                note, losses = (
                    SourceNote(source=reading.source, problem="several processes read it at once"),
                    [],
                )
            except OSError as error:
                reason = f"{error.filename}: {error.strerror or type(error).__name__}"
                note, losses = SourceNote(source=reading.source, problem=reason), []
            self._uses.note([note])
            _say(losses)
            if note.problem:
                problems.append(f"the log {reading.source} is not read: {note.problem}")
        if is_due:
            spent = time.monotonic() - began
            self._next = time.monotonic() + min(max(_RECENTLY, _TIMES * spent), _SOON)
        self._looked.set()
        # A log that is not read lacks nothing that is known.
        for difference in [] if problems else self._devices.differences():
            self._records.alarm("vault log devices differ", difference)
        return next(iter(problems), None)

    def prove(self) -> str | None:
        """Read all logs again from their first lines, after a first look; what is in the way, or None."""
        self._looked.wait(_FIRST_LOOK)
        for reading in self._readings:
            now = self._uses.now()
            try:
                losses = reading.prove_all()
            except (OSError, PositionMovedError) as error:
                return f"the log {reading.source} is not proven: {error}"
            _say(losses)
            if not losses:
                self._anchors.note_proven(reading.source, now)
        return None


def _say(losses: Sequence[Loss]) -> None:
    for loss in losses:
        if loss.needs_alarm:
            log.warning("alarm", kind="vault log edited", reason=loss.reason)
