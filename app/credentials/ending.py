"""How a credential or a run token ended: revoked, or expired by its TTL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from app.credentials.tables import AttemptRow, CredentialRow

REVOKERS: Mapping[str, str] = {
    "run end": "the end of the run",
    "sweeper": "the sweeper, which ends the credentials that an attempt left behind",
}


class EndState(StrEnum):
    """The state of a credential at a given time."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    VALID = "valid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a credential ended, or will end.

    `at` is when it was revoked, or else when it expires (UTC). The parts read in this order: `verb`, `at`, `cause`.
    """

    state: EndState
    at: datetime
    verb: str
    cause: str

    @classmethod
    def of(cls, *, revoked_at: datetime | None, by: str | None, expires_at: datetime, now: datetime) -> Self:
        """The ending of what expires at `expires_at`, unless it was revoked before; `by` is a key of `REVOKERS`."""
        if revoked_at is not None:
            revoker = REVOKERS.get(by or "", by) or "an unknown party"
            return cls(state=EndState.REVOKED, at=revoked_at, verb="revoked", cause=f"by {revoker}")
        if expires_at <= now:
            return cls(state=EndState.EXPIRED, at=expires_at, verb="expired", cause="by its TTL")
        return cls(state=EndState.VALID, at=expires_at, verb="valid until", cause="at the latest")

    @property
    def words(self) -> str:
        """The ending without its time: "revoked by the end of the run", "expired by its TTL"."""
        return "valid until its TTL ends" if self.state is EndState.VALID else f"{self.verb} {self.cause}"

    def wording(self, at: str) -> str:
        """The ending with its time, as the caller writes it: "revoked 10:15:02 UTC by the end of the run"."""
        return f"{self.verb} {at} {self.cause}"


def credential_ending(credential: CredentialRow, now: datetime) -> Ending:
    """How a credential ended by `now`, or when it will."""
    return Ending.of(
        revoked_at=credential.revoked_at,
        by=credential.ended_by,
        expires_at=credential.expires_at,
        now=now,
    )


def token_ending(attempt: AttemptRow, now: datetime) -> Ending | None:
    """How the run token of an attempt ended by `now`, or when it will; None if none was issued."""
    expires_at = attempt.token_expires_at or attempt.revoked_at
    if expires_at is None:
        return None
    return Ending.of(revoked_at=attempt.revoked_at, by=attempt.revoked_by, expires_at=expires_at, now=now)
