"""Finds lost attempts, revokes what they held, and only then queues their runs again.

It also ends runs that are to be stopped: the credentials of their attempts are revoked at once. And it finishes
revocations that could not be confirmed when their run ended. Its own identity can end credentials by accessor and can obtain none.
"""

import structlog
from sqlalchemy.exc import OperationalError

from app.connections.database import connect, trouble
from app.connections.starting import starting
from app.connections.tls import trust_of
from app.credentials.dispatch import DispatchRecords, Held
from app.credentials.settings import AgentSettings
from workers.runtime import logs
from workers.runtime.lifecycle import HealthFile, Pulse, Stop, configured, harden
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.vault import Vault, VaultRefusedError, VaultUnavailableError

log = structlog.get_logger()

#: The settings that a sweeper must have.
NEEDED = ("database_url", "vault_addr", "vault_identity_file")


class Sweeper:
    """Ends attempts that could not end themselves."""

    def __init__(self, *, records: DispatchRecords, identity: ProcessIdentity) -> None:
        self._records = records
        self._identity = identity

    def sweep(self) -> str | None:
        """Sweep until nothing is left; the reason why revocations wait, or None when all is well."""
        while stopped := self._records.end_stopped():
            log.info("run stopped", run_id=str(stopped))
        try:
            while self._sweep_lost():
                pass
            while self._sweep_unrevoked():
                pass
        except (VaultUnavailableError, VaultRefusedError) as error:
            log.warning("revocations wait", reason=str(error))
            return f"the vault does not revoke: {error}"
        return None

    def _sweep_lost(self) -> bool:
        with self._records.lost_attempt() as held:
            return self._end(held, "attempt lost")

    def _sweep_unrevoked(self) -> bool:
        with self._records.unrevoked_attempt() as held:
            return self._end(held, "revocation completed")

    def _end(self, held: Held | None, event: str) -> bool:
        if held is None:
            return False
        self._identity.end_secret_id(held.secret_id_accessor)
        if held.token_accessor is not None:
            self._identity.end_token(held.token_accessor)
        log.info(event, run_id=str(held.run_id), attempt=held.attempt)
        return True


def main() -> None:
    """Run until a signal stops it; exit status 2 for wrong settings and for a database that cannot be worked with."""
    logs.configure()
    harden()
    with starting():
        _serve(configured(AgentSettings, *NEEDED))


def _serve(configuration: AgentSettings) -> None:
    stop = Stop()
    records = DispatchRecords(connect(configuration, pool_size=2), max_attempts=configuration.max_attempts)
    vault = Vault(configuration.need("vault_addr"), trust_of(configuration), pool_size=2)
    sweeper = Sweeper(
        records=records, identity=ProcessIdentity(vault, configuration.file("vault_identity_file"))
    )
    pulse = Pulse(records, "sweeper", HealthFile(configuration.health_file))
    while not stop.requested:
        try:
            pulse.beat(sweeper.sweep())
        except OperationalError as error:
            pulse.without_database(trouble(error))
        stop.wait(1.0)


if __name__ == "__main__":
    main()
