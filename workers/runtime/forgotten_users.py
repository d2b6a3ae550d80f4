"""Finds users of the tools' databases that no lease of the vault ends any more, and ends them.

The vault forgets a lease by force, which is an alarm. It never had one for a user whose creation was interrupted, as when
a worker is killed: its log says that it did not finish, and nobody was given the password.
"""

import time
from collections.abc import Callable, Sequence

import structlog

from app.credentials.ends import EndRecords
from app.credentials.vault_events import EventStore
from workers.runtime.credential_ends import CredentialEnds
from workers.runtime.ended_users import EndedUsers
from workers.runtime.leased_logins import DatabaseSilentError, LeasedLogins
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

log = structlog.get_logger()
#: Seconds after which a user must be in the vault's log. Most are gone by then, and nobody has to ask about them.
_SETTLED = 10.0
#: Seconds before that in which the vault may have been interrupted as it made the user.
_INTERRUPTED = 120.0


class ForgottenUsers:
    """Looks for such users in the databases of the tools."""

    def __init__(
        self,
        *,
        records: EndRecords,
        events: EventStore,
        vault: CredentialEnds,
        logins: Sequence[LeasedLogins],
        ended_users: EndedUsers,
        is_log_read: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_log_read`: whether the vault's log was read to its end. `clock` counts seconds."""
        self._records = records
        self._events = events
        self._vault = vault
        self._logins = logins
        self._ended_users = ended_users
        self._is_log_read = is_log_read
        self._clock = clock
        self._first_seen: dict[str, float] = {}

    def look(self) -> str | None:
        """End those there are, with an alarm for each that no interruption explains; what is in the way, or None."""
        now = self._clock()
        seen: dict[str, float] = {}
        try:
            for logins in self._logins:
                found = logins.found()
                seen |= {name: self._first_seen.get(name, now) for name in found}
                settled = [name for name in found if now - seen[name] >= _SETTLED]
                leases = self._records.leases_of(settled)
                forgotten = [
                    name for name in settled if self._is_forgotten(leases.get(name), expired=found[name])
                ]
                # A lease that ended in the usual way since they were found has ended its user before.
                for name in set(forgotten) & logins.found().keys() if forgotten else ():
                    is_known = name not in leases and self._events.was_broken_off(seconds=_INTERRUPTED)
                    self._ended_users.end(logins, name, is_alarm=not is_known)
                    log.warning(
                        "user without a lease ended", user=name, tool=logins.tool, interrupted=is_known
                    )
        except (DatabaseSilentError, VaultRefusedError, VaultUnavailableError) as error:
            return f"users without a lease cannot be looked for: {error}"
        self._first_seen = seen
        return None

    def _is_forgotten(self, lease_id: str | None, *, expired: bool) -> bool:
        if lease_id is not None:
            return not self._vault.is_lease_alive(lease_id)
        return expired or self._is_log_read()
