"""Hands runs to the agent workers: reserves a run, mints its wrapped identity, records the attempt, publishes.

Its own identity may only mint wrapped SecretIDs. At most `dispatch_window` attempts are open at a time, and fewer while
the vault answers slowly; all other runs wait in PostgreSQL, where a lost broker or a sealed vault cannot lose them.
"""

import time
from collections import deque
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from celery import Celery

from app.connections.database import RECENTLY, connect
from app.connections.hardening import harden
from app.connections.starting import starting
from app.connections.tls import trust_of
from app.credentials.dispatch import DispatchRecords, ReservedRun
from app.credentials.heartbeat import Heartbeat
from app.credentials.proof import digest_of, proof_of
from app.credentials.settings import AgentSettings
from workers.runtime import celery_app, logs
from workers.runtime.broker import BrokerUnavailableError
from workers.runtime.ceiling import Ceiling
from workers.runtime.lifecycle import HealthFile, Pulse, Stop, configured
from workers.runtime.notices import repeat_on_notice, wait_for_database
from workers.runtime.outbox import AttemptMessage, Outbox
from workers.runtime.process_identity import MintedIdentity, ProcessIdentity
from workers.runtime.rounds import RoundFailedError, Rounds
from workers.runtime.vault import Vault, VaultRefusedError, VaultUnavailableError
from workers.runtime.vault_clock import VaultClock

#: The settings that a dispatcher must have.
NEEDED = ("database_url", "redis_url", "vault_addr", "vault_identity_file")
#: Seconds for which runs are reserved while identities are minted for them.
_RESERVED = 30.0
#: Seconds in which notices gather, at most. A run that is requested while nothing goes on does not wait for it.
_APART = 0.1
#: Seconds after which it asks again whether the agent is switched off.
_ASKED_ANEW = 1.0


class IdentityMint(Protocol):
    """The issuer of identities for attempts."""

    def mint(
        self, *, run_id: UUID, attempt: int, job_id: str, requested_by: str, wrapping_ttl: int
    ) -> MintedIdentity:
        """A wrapped SecretID bound to this attempt."""


class Dispatcher:
    """Moves runs from the queue of record into the broker.

    No transaction is open while the vault or the broker is asked.
    """

    def __init__(
        self,
        *,
        records: DispatchRecords,
        identity: IdentityMint,
        celery: Celery,
        configuration: AgentSettings,
    ) -> None:
        self._records = records
        self._identity = identity
        self._settings = configuration
        self._ceiling = Ceiling(configuration.dispatch_window)
        self._off: str | None = None
        self._asked_at = -_ASKED_ANEW
        self._outbox = Outbox(celery, trust_of(configuration), give_back=self._return)

    def dispatch_waiting(self) -> str | None:
        """Dispatch until nothing waits or the window is full, or the agent is switched off, which it returns as the reason.

        Raises `RoundFailedError` with the reason why runs wait, and `IncompatibleError` when the broker answers and
        cannot be worked with.
        """
        try:
            # Before anything is minted: while the broker is away, it would be minted in vain.
            self._outbox.send()
            while (off := self._agent_is_off()) is None and self._dispatch_some():
                pass  # some were left; what was requested or has ended meanwhile sends a notice
        except VaultUnavailableError as error:
            raise RoundFailedError(f"waiting for the vault: {error}") from None
        except VaultRefusedError as error:
            raise RoundFailedError(f"the vault refuses to mint identities: {error}") from None
        except BrokerUnavailableError as error:
            raise RoundFailedError(f"waiting for the broker: {error}") from None
        return off

    def _agent_is_off(self) -> str | None:
        """Asked once a second at most: the vault refuses at once, and this only spares what would be minted in vain."""
        if time.monotonic() - self._asked_at > _ASKED_ANEW:
            self._off, self._asked_at = self._records.agent_is_off(), time.monotonic()
        return self._off

    def _dispatch_some(self) -> bool:
        """Dispatch what there is room for, once. Whether some of it was left, because it took long."""
        reserved = self._records.reserve(window=self._ceiling.now, seconds=_RESERVED)
        enough = time.monotonic() + _RESERVED / 2
        waiting = deque(reserved)
        try:
            while waiting and time.monotonic() < enough:
                self._mint(waiting[0])
                waiting.popleft()
        finally:
            self._records.release(waiting)
            self._outbox.send()
        return bool(waiting)

    def _mint(self, run: ReservedRun) -> None:
        """Put a message with a new identity into the outbox, after its attempt is recorded."""
        with self._ceiling.timed():
            minted = self._identity.mint(
                run_id=run.run_id,
                attempt=run.attempt,
                job_id=run.job_id,
                requested_by=run.requested_by,
                wrapping_ttl=self._settings.wrapping_ttl,
            )
        is_recorded = self._records.dispatched(
            run,
            secret_id_accessor=minted.secret_id_accessor,
            wrapping_accessor=minted.wrapping_accessor,
            digest=digest_of(proof_of(minted.wrapping_token.reveal())),
            lease=timedelta(seconds=self._settings.attempt_lease),
            max_attempts=self._settings.max_attempts,
        )
        if is_recorded:
            # Half of the time, so that a worker has the other half.
            patience = min(self._settings.wrapping_ttl, self._settings.attempt_lease) / 2
            useless_at = time.monotonic() + patience
            self._outbox.put(AttemptMessage(run.run_id, run.attempt, minted.wrapping_token, useless_at))

    def _return(self, message: AttemptMessage) -> None:
        self._records.unpublished(message.run_id, message.attempt, "the broker did not take the message")


def main() -> None:
    """Run until a signal stops it; exit status 2 for wrong settings and for servers that cannot be worked with."""
    logs.configure()
    harden()
    with starting():
        configuration = configured(AgentSettings, *NEEDED)
        vault = Vault(configuration.need("vault_addr"), trust_of(configuration), pool_size=2)
        identity = ProcessIdentity(vault, configuration.file("vault_identity_file"))
        serve(configuration, identity, VaultClock.started(vault))


def serve(
    configuration: AgentSettings, identity: IdentityMint, vault_clock: VaultClock | None = None
) -> None:
    """Dispatch until a signal stops it, with identities minted by `identity`. Raises `SettingsError`."""
    stop = Stop()
    engine = connect(configuration, pool_size=2, trusted=RECENTLY)
    records = DispatchRecords(engine)
    celery = celery_app.make(configuration)
    dispatcher = Dispatcher(records=records, identity=identity, celery=celery, configuration=configuration)
    pulse = Pulse(Heartbeat(engine), HealthFile(configuration.health_file), vault_clock)
    rounds = Rounds("dispatching", dispatcher.dispatch_waiting, may_end=True)
    wait_for_database(engine, pulse, stop)
    repeat_on_notice(rounds, engine=engine, pulse=pulse, stop=stop, rest=1.0, apart=_APART)


if __name__ == "__main__":
    main()
