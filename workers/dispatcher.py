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

from app import settings
from app.store.database import connect
from app.store.dispatch import ClaimedRun, DispatchRecords, listen
from workers import celery_app, logs, names
from workers.hardening import harden
from workers.infrastructure import InfrastructureIdentity, MintedIdentity
from workers.secret import Secret
from workers.service import Pulse, Stop
from workers.vault import Vault, VaultRefusedError, VaultUnavailableError

log = structlog.get_logger()


class BrokerUnavailableError(Exception):
    """The broker did not take the message."""


class Mints(Protocol):
    """Whoever gives an attempt its identity."""

    def mint(self, *, run_id: UUID, attempt: int, wrapping_ttl: int) -> MintedIdentity:
        """A wrapped SecretID bound to this attempt."""


class Dispatcher:
    """Moves runs from the queue of record into the broker."""

    def __init__(
        self,
        *,
        records: DispatchRecords,
        identity: Mints,
        celery: Celery,
        configuration: settings.Settings,
    ) -> None:
        self._records = records
        self._identity = identity
        self._celery = celery
        self._settings = configuration

    def dispatch_waiting(self) -> str | None:
        """Dispatch until nothing waits or the window is full; what is in the way, or None when all is well."""
        try:
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

    def _dispatch_some(self) -> bool:
        minted: list[tuple[UUID, int, Secret]] = []
        trouble: Exception | None = None
        with self._records.next_runs(window=self._settings.dispatch_window) as runs:
            for run in runs:
                try:
                    minted.append((run.run_id, run.attempt, self._mint(run)))
                except (VaultUnavailableError, VaultRefusedError) as error:
                    trouble = error
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
        if trouble is not None:
            raise trouble
        return bool(minted)

    def _mint(self, run: ClaimedRun) -> Secret:
        minted = self._identity.mint(
            run_id=run.run_id, attempt=run.attempt, wrapping_ttl=self._settings.wrapping_ttl
        )
        run.dispatched(
            secret_id_accessor=minted.secret_id_accessor,
            wrapping_accessor=minted.wrapping_accessor,
            lease=timedelta(seconds=self._settings.attempt_lease),
        )
        return minted.wrapping_token

    def _publish(self, run_id: UUID, attempt: int, wrapping_token: Secret) -> None:
        message = {"run_id": str(run_id), "attempt": attempt, "wrapping_token": wrapping_token.reveal()}
        try:
            self._celery.send_task(
                names.TRIAGE, kwargs=message, queue=names.QUEUE, argsrepr="()", kwargsrepr="(…)", retry=False
            )
        except Exception as error:  # noqa: BLE001  # whatever the transport raises, the run must not be lost
            raise BrokerUnavailableError(type(error).__name__) from None


def main() -> None:
    """Run until told to stop."""
    logs.configure()
    harden()
    configuration = settings.load()
    vault = Vault(configuration.need("vault_addr"), pool_size=2)
    serve(configuration, InfrastructureIdentity(vault, configuration.file("vault_identity_file")))


def serve(configuration: settings.Settings, identity: Mints) -> None:
    """Dispatch until told to stop, with identities minted by `identity`."""
    stop = Stop()
    engine = connect(configuration, pool_size=2)
    records = DispatchRecords(engine, max_attempts=configuration.max_attempts)
    celery = celery_app.make(configuration)
    dispatcher = Dispatcher(records=records, identity=identity, celery=celery, configuration=configuration)
    pulse = Pulse(records, "dispatcher")
    while not stop.asked:
        try:
            with listen(engine) as news:
                while not stop.asked:
                    pulse.beat(dispatcher.dispatch_waiting())
                    news.wait(seconds=1.0)
        except OperationalError as error:
            log.warning("the database does not answer", error=type(error.orig).__name__)
            stop.wait(1.0)


if __name__ == "__main__":
    main()
