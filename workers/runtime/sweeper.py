"""Ends attempts that did not end themselves, and confirms for each attempt that all its credentials are dead.

The vault's own record says what an attempt holds, not the worker. The sweeper's identity can end credentials by accessor
and ask about them; it can obtain none.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import structlog
from sqlalchemy import make_url

from app.connections.database import RECENTLY, connect
from app.connections.hardening import harden
from app.connections.starting import starting
from app.connections.tls import trust_of
from app.credentials.changed_logins import set_logins_back
from app.credentials.ends import EndRecords
from app.credentials.grants import DatabaseUser
from app.credentials.heartbeat import Heartbeat
from app.credentials.settings import AgentSettings, with_addresses
from app.credentials.tool_record import ToolRecord
from app.credentials.vault_events import EventStore
from app.credentials.watched_attempts import WatchedAttempts
from workers.runtime import logs
from workers.runtime.alarm_delivery import delivery_lanes
from workers.runtime.credential_ends import CredentialEnds
from workers.runtime.ended_users import EndedUsers
from workers.runtime.ending import Ending
from workers.runtime.forgotten_users import ForgottenUsers
from workers.runtime.leased_logins import LeasedLogins
from workers.runtime.lifecycle import HealthFile, Pulse, Stop, configured
from workers.runtime.notices import repeat_on_notice, wait_for_database
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.rounds import Lane, Rounds
from workers.runtime.vault import Vault
from workers.runtime.vault_clock import VaultClock
from workers.runtime.watching import Watch

log = structlog.get_logger()

#: The settings that a sweeper must have, beside the addresses of the tools that are databases.
NEEDED = ("database_url", "vault_addr", "vault_identity_file")
#: Seconds between two rounds when nothing happens, and while much does: then ends are confirmed together.
_REST, _APART = 0.5, 0.4
#: Seconds until an end that could not be confirmed is looked at again.
_RETRY = 0.25
#: Seconds between two looks at what logins of the database changed of themselves.
_LOOK_AT_LOGINS = 2.0
#: Seconds between two looks at the users of the tools' databases.
_SELDOM = 5.0
_AT_ONCE = 8
#: Seconds without a whole round after which the database counts as having been silent.
_SILENCE = 10.0


class Sweeper:
    """Ends attempts that could not end themselves, and lets their runs go on."""

    def __init__(
        self,
        *,
        records: EndRecords,
        ended: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ended` is called when attempts may have ended. `clock` counts seconds."""
        self._records = records
        self._ended = ended
        self._clock = clock
        self._looked_at = clock()
        self._silent_until: float | None = None

    def look(self) -> str | None:
        """One round; what is in the way, or None when all is well."""
        while stopped := self._records.end_stopped():
            log.info("run stopped", run_id=str(stopped))
        for lost in self._records.lose_attempts(answers_since=self._answers_since()):
            log.info("attempt lost", run_id=str(lost.run_id), attempt=lost.number)
        self._ended()
        for run_id in self._records.requeue_ended():
            log.info("run queued again", run_id=str(run_id))
        self._looked_at = self._clock()
        if unconfirmed := self._records.problem():
            return f"ends of attempts are not confirmed: {unconfirmed}"
        return None

    def _answers_since(self) -> float | None:
        """Seconds since the database was silent; None if it never was. Then workers could not report either."""
        now = self._clock()
        if now - self._looked_at > _SILENCE:
            self._silent_until = now
        return None if self._silent_until is None else now - self._silent_until


def launch(tools: Iterable[ToolRecord]) -> None:
    """Run until a signal stops it; exit status 2 for wrong settings and for a database that cannot be worked with.

    `tools` are those of the agent workers.
    """
    logs.configure()
    harden()
    with starting():
        known = list(tools)
        databases = [tool for tool in known if isinstance(tool.credential, DatabaseUser)]
        needed = (*NEEDED, *(tool.address_setting for tool in databases))
        serve(configured(with_addresses(AgentSettings, databases), *needed), known, databases)


def serve(configuration: AgentSettings, tools: Iterable[ToolRecord], databases: Iterable[ToolRecord]) -> None:
    """Sweep until a signal stops it. `databases` are those of the tools that are databases."""
    stop = Stop()
    engine = connect(configuration, pool_size=4, trusted=RECENTLY)
    sending = delivery_lanes(configuration, engine, trust_of(configuration))
    records = EndRecords(engine)
    events = EventStore(engine)
    watch = Watch(
        configuration.vault_audit_log,
        store=events,
        attempts=WatchedAttempts(engine, tools),
        records=records,
    )
    pool = Vault(configuration.need("vault_addr"), trust_of(configuration), pool_size=_AT_ONCE)
    vault = CredentialEnds(ProcessIdentity(pool, configuration.file("vault_identity_file")))
    user = make_url(configuration.need("database_url")).username or ""
    logins = [LeasedLogins(tool.name, configuration.address(tool), user, configuration) for tool in databases]
    ended_users = EndedUsers(records, logins)
    forgotten = ForgottenUsers(
        records=records,
        events=events,
        vault=vault,
        logins=logins,
        ended_users=ended_users,
        is_log_read=watch.read,
    )
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="vault") as threads:
        ending = Ending(
            records=records, vault=vault, ended_users=ended_users, read_log=watch.read, threads=threads
        )
        at_once = [
            Lane(Rounds("watching the vault", watch.look), rest=_REST),
            Lane(Rounds("confirming ends", partial(ending.confirm_due, tried_before=False)), rest=_REST),
        ]
        lanes = [
            *at_once,
            Lane(Rounds("confirming late ends", partial(ending.confirm_due, tried_before=True)), rest=_RETRY),
            Lane(Rounds("setting logins back", partial(set_logins_back, engine)), rest=_LOOK_AT_LOGINS),
            Lane(Rounds("looking for forgotten users", forgotten.look), rest=_SELDOM),
            *sending,
        ]
        sweeper = Sweeper(records=records, ended=partial(_wake, at_once))
        sweep = Rounds("sweeping", sweeper.look)
        pulse = Pulse(Heartbeat(engine), HealthFile(configuration.health_file), VaultClock.started(pool))
        # What cannot be worked with ends the process here, before anything else begins.
        wait_for_database(engine, pulse, stop)
        with ExitStack() as lasting:
            for lane in lanes:
                lasting.enter_context(lane)
            repeat_on_notice(
                sweep, engine=engine, pulse=pulse, stop=stop, rest=_REST, apart=_APART, lanes=lanes
            )


def _wake(lanes: Iterable[Lane]) -> None:
    for lane in lanes:
        lane.wake()
