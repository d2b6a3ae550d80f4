"""What the main process of a worker asks and tells the database, in a thread: its loop never waits for the database."""

import os
from threading import Lock

from app.connections.compatibility import IncompatibleError
from app.connections.database import connect, silence
from app.connections.settings import ConnectionSettings
from app.credentials.attempts import alarm_about_message
from app.credentials.heartbeat import Heartbeat
from app.credentials.switch_records import WorkerSwitch
from workers.runtime.dropped_messages import DroppedMessages
from workers.runtime.rounds import Lane, Rounds

#: Seconds between two looks at the database, and at most for which a fork waits until none is under way.
_REST, _LONGEST_WAIT = 2.0, 1.0


class WorkerRecords:
    """Looks whether the database answers, leaves signs of life, and stores alarms about dropped messages."""

    def __init__(self, configuration: ConnectionSettings) -> None:
        """Raises `SettingsError`. Nothing connects before `start`."""
        self._engine = connect(configuration, pool_size=1)
        self._dropped = DroppedMessages(lambda detail: alarm_about_message(self._engine, detail))
        self._heartbeat = Heartbeat(self._engine)
        self._switch = WorkerSwitch(self._engine)
        self._rounds = Rounds("the worker's records", self._round)
        self._lane = Lane(self._rounds, rest=_REST)
        self._in_use = Lock()
        self._is_quiet = False
        self.waiting: str | None = None
        """What the worker waits for, or None."""
        self.incompatible: IncompatibleError | None = None
        """Why the database cannot be worked with, once it has answered."""
        self.off: str | None = None
        """Who switched this worker off, as of the last look; None while it is on."""
        self.rests = False
        """Whether it takes no messages because it is off."""

    @property
    def problem(self) -> str | None:
        """What was in the way at the last look, or None."""
        return self._rounds.problem

    def start(self) -> None:
        """Start the thread; once, and after the first processes of a pool were forked."""
        # A process of the pool that is forked later must inherit neither a connection nor a lock that this thread holds.
        os.register_at_fork(before=self._be_quiet, after_in_parent=self._go_on, after_in_child=self._go_on)
        self._lane.start()

    def dropped(self, reason: str) -> None:
        """Note a message that was dropped, for an alarm. `reason` is one of a few fixed texts."""
        self._dropped.note(reason)
        self._lane.wake()

    def _round(self) -> str | None:
        with self._in_use:
            try:
                if (problem := silence(self._engine)) is None:
                    self._heartbeat.beat(self.waiting)
                    self._dropped.report()
                    self.off = self._switch.is_off(rests=self.rests)
            except IncompatibleError as error:
                self.incompatible = error
                return str(error)
            return problem or self.off

    def _be_quiet(self) -> None:
        # Not for longer: a database that hangs must not keep the pool from replacing a process.
        self._is_quiet = self._in_use.acquire(timeout=_LONGEST_WAIT)
        if self._is_quiet:
            self._engine.dispose()

    def _go_on(self) -> None:
        if self._is_quiet:
            self._in_use.release()
