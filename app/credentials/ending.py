"""How credentials and run tokens ended: confirmed by the vault, requested without a confirmation, or by their TTL."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from app.credentials.grants import SIGNED_TOKEN_SECONDS, SignedToken
from app.credentials.lineage import CredentialKind
from app.credentials.tables import AttemptEndRow, AttemptRow, CredentialRow
from app.credentials.vault_tables import VaultEventRow

REVOKERS: Mapping[str, str] = {
    "run end": "the end of the run",
    "sweeper": "the sweeper",
    "switch": "a switch",
}
_UNTRIED = "the sweeper has not reported on it yet"


class EndState(StrEnum):
    """The state of a credential at a given time."""

    REVOKED = "revoked"
    NOT_CONFIRMED = "not confirmed"
    EXPIRED = "expired"
    VALID = "valid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a credential ended, or will end.

    `at` is when its end was confirmed or requested, or else when it expires (UTC). The parts read in this order:
    `verb`, `at`, `cause`. `problem` says why an end is not confirmed, and is None for all other states.
    """

    state: EndState
    at: datetime
    verb: str
    cause: str
    problem: str | None = None

    @classmethod
    def confirmed(cls, at: datetime, by: str | None) -> Self:
        """The end that the vault confirmed; `by` is a key of `REVOKERS`."""
        revoker = REVOKERS.get(by or "", by) or "an unknown party"
        return cls(
            state=EndState.REVOKED, at=at, verb="revoked", cause=f"by {revoker}, confirmed by the vault"
        )

    @classmethod
    def requested(cls, at: datetime, problem: str | None) -> Self:
        """The end that was requested at this time, and is not confirmed."""
        return cls(
            state=EndState.NOT_CONFIRMED,
            at=at,
            verb="end requested",
            cause="not confirmed",
            problem=problem or _UNTRIED,
        )

    @classmethod
    def of_ttl(cls, expires_at: datetime, now: datetime) -> Self:
        """The end of the TTL, in the past or in the future."""
        if expires_at <= now:
            return cls(state=EndState.EXPIRED, at=expires_at, verb="expired", cause="by its TTL")
        return cls(state=EndState.VALID, at=expires_at, verb="valid until", cause="at the latest")

    @property
    def words(self) -> str:
        """The ending without its time: "revoked by the sweeper, confirmed by the vault", "expired by its TTL"."""
        match self.state:
            case EndState.VALID:
                return "valid until its TTL ends"
            case EndState.NOT_CONFIRMED:
                return f"{self.verb}, {self.cause}: {self.problem}"
            case _:
                return f"{self.verb} {self.cause}"

    def wording(self, at: str) -> str:
        """The ending with its time, as the caller writes it: "end requested 10:15:02 UTC, not confirmed: …"."""
        if self.state is EndState.NOT_CONFIRMED:
            return f"{self.verb} {at}, {self.cause}: {self.problem}"
        return f"{self.verb} {at} {self.cause}"


def unrecorded_name(event: VaultEventRow) -> str:
    """What the vault issued, by its log alone: "Run token" or the path of a credential."""
    return "Run token" if event.kind == "logged-in" else f"Credential from {event.path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Endings:
    """How the tokens and credentials of one run ended by `now`.

    `attempts` are by number. `problems` say why the end of an attempt is not confirmed, by its number.
    """

    attempts: Mapping[int, AttemptRow]
    problems: Mapping[int, str]
    now: datetime

    @classmethod
    def of(cls, attempts: Iterable[AttemptRow], ends: Iterable[AttemptEndRow], now: datetime) -> Self:
        """The endings of a run with these attempts and unconfirmed ends."""
        return cls(
            attempts={each.number: each for each in attempts},
            problems={each.number: each.problem for each in ends},
            now=now,
        )

    def of_credential(self, credential: CredentialRow) -> Ending:
        """How a credential ended, or when it will.

        Its TTL is not believed for a credential that can be revoked, once its attempt has ended: it is not confirmed
        until the vault says so.
        """
        if credential.revoked_at is not None:
            return Ending.confirmed(credential.revoked_at, credential.ended_by)
        attempt = self.attempts.get(credential.attempt)
        if CredentialKind(credential.kind).revocable and attempt is not None and attempt.ended_at is not None:
            return self._requested(attempt, attempt.ended_at)
        return Ending.of_ttl(credential.expires_at, self.now)

    def of_token(self, attempt: AttemptRow) -> Ending | None:
        """How the run token of an attempt ended, or when it will.

        None if no token is recorded, unless the end of the attempt is not confirmed: one may have been issued.
        """
        if attempt.revoked_at is None and attempt.ended_at is not None:
            return self._requested(attempt, attempt.ended_at)
        if attempt.token_expires_at is None:
            return None
        if attempt.revoked_at is not None:
            return Ending.confirmed(attempt.revoked_at, attempt.revoked_by)
        return Ending.of_ttl(attempt.token_expires_at, self.now)

    def tokens(self) -> Iterator[tuple[AttemptRow, Ending]]:
        """The attempts whose run token has an ending, each with it; see `of_token`."""
        for attempt in self.attempts.values():
            if ending := self.of_token(attempt):
                yield attempt, ending

    def of_unrecorded(self, event: VaultEventRow) -> Ending:
        """How an identity or credential ended that only the vault's log shows, or when it will."""
        if event.path.startswith(SignedToken("", "").path):
            return Ending.of_ttl(event.at + timedelta(seconds=SIGNED_TOKEN_SECONDS), self.now)
        if event.ended_at is not None:
            return Ending.confirmed(event.ended_at, "sweeper")
        attempt = self.attempts.get(event.attempt or 0)
        requested_at = attempt.ended_at if attempt else None
        return Ending.requested(requested_at or event.at, self.problems.get(event.attempt or 0))

    def not_confirmed(self) -> Iterator[AttemptRow]:
        """The attempts that have ended, and whose end is not confirmed."""
        return (
            each for each in self.attempts.values() if each.ended_at is not None and each.revoked_at is None
        )

    def _requested(self, attempt: AttemptRow, ended_at: datetime) -> Ending:
        return Ending.requested(ended_at, self.problems.get(attempt.number))
