"""Finds users of the tools' databases that no lease of the vault ends any more, and ends them.

The vault forgets a lease by force, and never had one for a user whose creation was interrupted.
"""

import time
from collections.abc import Callable, Sequence

import structlog

from app.credentials.ends import EndRecords
from workers.runtime.credential_ends import CredentialEnds
from workers.runtime.ended_users import EndedUsers
from workers.runtime.leased_logins import DatabaseSilentError, LeasedLogins
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

log = structlog.get_logger()
#: Seconds after which a user must be in the vault's log. Most are gone by then, and nobody has to ask about them.
_SETTLED = 10.0


class ForgottenUsers:
    """Looks for such users in the databases of the tools."""

    def __init__(
        self,
        *,
        records: EndRecords,
        vault: CredentialEnds,
        logins: Sequence[LeasedLogins],
        ended_users: EndedUsers,
        is_log_read: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_log_read`: whether the vault's log was read to its end. `clock` counts seconds."""
        self._records = records
        self._vault = vault
        self._logins = logins
        self._ended_users = ended_users
        self._is_log_read = is_log_read
        self._clock = clock
        self._first_seen: dict[str, float] = {}

    def look(self) -> str | None:
        """End those there are, with an alarm for each; what is in the way, or None."""
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
                    self._ended_users.end(logins, name)
                    log.warning("user without a lease ended", user=name, tool=logins.tool)
        except (DatabaseSilentError, VaultRefusedError, VaultUnavailableError) as error:
            return f"users without a lease cannot be looked for: {error}"
        self._first_seen = seen
        return None

    def _is_forgotten(self, lease_id: str | None, *, expired: bool) -> bool:
        if lease_id is not None:
            return not self._vault.is_lease_alive(lease_id)
        return expired or self._is_log_read()
