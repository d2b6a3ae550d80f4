"""Asks the databases of all tools whether users of ended attempts are gone, and ends those that the vault forgot."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from app.credentials.ends import EndRecords
from workers.runtime.leased_logins import DatabaseSilentError, LeasedLogins


class EndedUsers:
    """Users whose leases the vault no longer knows."""

    def __init__(self, records: EndRecords, logins: Sequence[LeasedLogins]) -> None:
        self._records = records
        self._logins = logins

    def left(self, users: AbstractSet[str], ours: AbstractSet[str]) -> dict[str, str]:
        """By name, those that are not gone and why. Of `ours` those that are left are ended first, with an alarm."""
        if not users:
            return {}
        found: dict[str, str] = {}
        for logins in self._logins:
            try:
                left = logins.left(users)
                if forgotten := ours & left.keys():
                    stuck = self._end_all(logins, forgotten)
                    left = logins.left(users) | stuck
            except DatabaseSilentError as silent:
                left = dict.fromkeys(users, str(silent))
            found |= left
        return found

    def _end_all(self, logins: LeasedLogins, users: AbstractSet[str]) -> dict[str, str]:
        """End each of them; those that could not be ended, and why."""
        stuck = {}
        for user in users:
            try:
                self.end(logins, user)
            except DatabaseSilentError as silent:
                stuck[user] = str(silent)
        return stuck

    def end(self, logins: LeasedLogins, user: str, *, is_alarm: bool = True) -> None:
        """End a user without the vault. Raises `DatabaseSilentError`."""
        if is_alarm:
            self._records.alarm(
                "database user without a lease",
                f"user {user} of {logins.tool}, which the vault does not know, was ended",
            )
        logins.end(user)
