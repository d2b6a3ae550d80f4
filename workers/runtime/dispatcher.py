"""Hands runs to the agent workers: claims a run, mints its wrapped identity, records the attempt, publishes.

Its own identity may only mint wrapped SecretIDs. At most `dispatch_window` attempts are open at a time; all other
runs wait in PostgreSQL, where a lost broker or a sealed vault cannot lose them.
"""

from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog
from celery import Celery
from sqlalchemy.exc import OperationalError

from app.connections.database import connect, trouble
from app.connections.hardening import harden
from app.connections.starting import starting
from app.connections.tls import trust_of
from app.credentials.dispatch import ClaimedRun, DispatchRecords, listen
from app.credentials.heartbeat import Heartbeat
from app.credentials.proof import digest_of, proof_of
from app.credentials.settings import AgentSettings
from workers.runtime import broker, celery_app, logs
from workers.runtime.broker import BrokerUnavailableError
from workers.runtime.lifecycle import HealthFile, Pulse, Stop, configured
from workers.runtime.process_identity import MintedIdentity, ProcessIdentity
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault, VaultRefusedError, VaultUnavailableError
from workers.runtime.vault_clock import VaultClock

log = structlog.get_logger()

#: The settings that a dispatcher must have.
NEEDED = ("database_url", "redis_url", "vault_addr", "vault_identity_file")


class IdentityMint(Protocol):
    """The issuer of identities for attempts."""

    def mint(
        self, *, run_id: UUID, attempt: int, job_id: str, requested_by: str, wrapping_ttl: int
    ) -> MintedIdentity:
        """A wrapped SecretID bound to this attempt."""


class Dispatcher:
    """Moves runs from the queue of record into the broker."""

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
        self._celery = celery
        self._settings = configuration
        self._broker_known = False

    def dispatch_waiting(self) -> str | None:
        """Dispatch until nothing waits or the window is full; the reason why runs wait, or None when all is well.

        Raises `IncompatibleError` when the broker answers for the first time and cannot be worked with.
        """
        try:
            self._know_broker()
            while self._dispatch_some():
                pass
        except VaultUnavailableError as error:
            problem = f"waiting for the vault: {error}"
        except VaultRefusedError as error:
            problem = f"the vault refuses to mint identities: {error}"
        except BrokerUnavailableError as error:
            problem = f"waiting for the broker: {error}"
        else:
            return None
        self._records.waiting(problem)
        log.warning("runs wait", reason=problem)
        return problem

    def _know_broker(self) -> None:
        if not self._broker_known:
            with self._celery.connection_for_write() as connection:
                broker.check(connection, trust_of(self._settings))
            self._broker_known = True

    def _dispatch_some(self) -> bool:
        minted: list[tuple[UUID, int, Secret]] = []
        failed: Exception | None = None
        with self._records.next_runs(window=self._settings.dispatch_window) as runs:
            for run in runs:
                try:
                    minted.append((run.run_id, run.attempt, self._mint(run)))
                except (VaultUnavailableError, VaultRefusedError) as error:
                    failed = error
                    break
        # After the commit: a message must not overtake the attempt it is about.
        for position, message in enumerate(minted):
            try:
                self._publish(*message)
            except BrokerUnavailableError as error:
                for run_id, attempt, _ in minted[position:]:
                    self._records.unpublished(
                        run_id, attempt, f"the broker did not take the message ({error})"
                    )
                raise
        if failed is not None:
            raise failed
        return bool(minted)

    def _mint(self, run: ClaimedRun) -> Secret:
        minted = self._identity.mint(
            run_id=run.run_id,
            attempt=run.attempt,
            job_id=run.job_id,
            requested_by=run.requested_by,
            wrapping_ttl=self._settings.wrapping_ttl,
        )
        run.dispatched(
            secret_id_accessor=minted.secret_id_accessor,
            wrapping_accessor=minted.wrapping_accessor,
            digest=digest_of(proof_of(minted.wrapping_token.reveal())),
            lease=timedelta(seconds=self._settings.attempt_lease),
            max_attempts=self._settings.max_attempts,
        )
        return minted.wrapping_token

    def _publish(self, run_id: UUID, attempt: int, wrapping_token: Secret) -> None:
        message = {"run_id": str(run_id), "attempt": attempt, "wrapping_token": wrapping_token.reveal()}
        try:
            self._celery.send_task(
                celery_app.ATTEMPT,
                kwargs=message,
                queue=celery_app.QUEUE,
                argsrepr="()",
                kwargsrepr="(…)",
                retry=False,
            )
        except Exception as error:  # noqa: BLE001  # whatever the transport raises, the run must not be lost
            raise BrokerUnavailableError(broker.reason(error, trust_of(self._settings))) from None


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
    engine = connect(configuration, pool_size=2)
    records = DispatchRecords(engine)
    celery = celery_app.make(configuration)
    dispatcher = Dispatcher(records=records, identity=identity, celery=celery, configuration=configuration)
    pulse = Pulse(Heartbeat(engine), HealthFile(configuration.health_file), vault_clock)
    while not stop.requested:
        try:
            with listen(engine) as notices:
                while not stop.requested:
                    pulse.beat(dispatcher.dispatch_waiting())
                    notices.wait(seconds=1.0)
        except OperationalError as error:
            pulse.without_database(trouble(error))
            stop.wait(1.0)


if __name__ == "__main__":
    main()
