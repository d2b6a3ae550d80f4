"""The rows of an attempt's chart and table: the run token, each credential, and its calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.credentials.tables import AttemptRow, CallRow, CredentialRow, DenialRow
from app.procurement.labels import ENDERS, KINDS, SYSTEMS, lasting, worded
from app.review.queries import RunPage

_FAILED = 400
#: Numbers of the steps, as on the page.
SIGN_IN, POLICY, ISSUE, CALL = 2, 3, 4, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line: its step, start, end, and result in words (`how`).

    `tone` is token, credential, call, failed or refused. `lives_on` says that it ends after the picture does.
    """

    step: int
    name: str
    system: str
    tone: str
    begins: datetime
    ends: datetime
    how: str
    lives_on: bool = False

    @property
    def lasted(self) -> timedelta:
        """The duration."""
        return self.ends - self.begins


def last_moment(page: RunPage, attempt: AttemptRow, now: datetime) -> datetime:
    """The time of the last event in this attempt; `now` while it is under way."""
    mine = [call for call in page.calls if call.attempt == attempt.number]
    known = (
        attempt.dispatched_at,
        attempt.claimed_at,
        attempt.token_issued_at,
        attempt.ended_at or now,
        attempt.revoked_at,
        *(_end_of(call) for call in mine),
        *(each.refused_at for each in page.denials if each.attempt == attempt.number),
    )
    return max(time for time in known if time is not None)


def rows_of(page: RunPage, attempt: AttemptRow, until: datetime, now: datetime) -> Iterator[Row]:
    """The lines of one attempt up to `until`, each credential followed by its calls."""
    if attempt.token_issued_at is not None:
        if attempt.claimed_at is not None:
            yield Row(
                step=SIGN_IN,
                name="Login",
                system="The vault",
                tone="call",
                begins=attempt.claimed_at,
                ends=max(attempt.token_issued_at, attempt.claimed_at),
                how="the wrapped SecretID was unwrapped once",
            )
        yield _token(attempt, until, now)
    for credential in (each for each in page.credentials if each.attempt == attempt.number):
        yield _credential(credential, until, now)
        yield from (_call(call, credential) for call in page.calls_of(credential))
    yield from (_denial(each) for each in page.denials if each.attempt == attempt.number)


def _token(attempt: AttemptRow, until: datetime, now: datetime) -> Row:
    begins = attempt.token_issued_at or attempt.dispatched_at
    life = _Life(
        begins=begins,
        expires=attempt.token_expires_at or until,
        revoked=attempt.revoked_at,
        by=attempt.revoked_by,
    )
    return life.row(SIGN_IN, "Run token", "The vault", "token", until=until, now=now)


def _credential(credential: CredentialRow, until: datetime, now: datetime) -> Row:
    life = _Life(
        begins=credential.issued_at,
        expires=credential.expires_at,
        revoked=credential.revoked_at,
        by=credential.ended_by,
    )
    kind, system = worded(KINDS, credential.kind), worded(SYSTEMS, credential.tool)
    return life.row(ISSUE, kind, system, "credential", until=until, now=now)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Life:
    """How long something the vault issued lives: until it is revoked, or expires by itself."""

    begins: datetime
    expires: datetime
    revoked: datetime | None
    by: str | None

    def row(self, step: int, name: str, system: str, tone: str, *, until: datetime, now: datetime) -> Row:
        """Its line, as far as the picture goes."""
        ends = self.revoked or self.expires
        return Row(
            step=step,
            name=name,
            system=system,
            tone=tone,
            begins=self.begins,
            ends=max(self.begins, min(ends, until)),
            how=self._how(lasting(ends - self.begins), now),
            lives_on=ends > until,
        )

    def _how(self, lived: str, now: datetime) -> str:
        if self.revoked is not None:
            return f"revoked by {worded(ENDERS, self.by or 'nobody on record')}, {lived} after issue"
        if self.expires <= now:
            return f"expired by its time to live of {lived}"
        return f"valid, expires {lived} after issue at the latest"


def _call(call: CallRow, credential: CredentialRow) -> Row:
    failed = call.error is not None or not 0 < call.status < _FAILED
    told = f"HTTP {call.status}" if call.status else "no answer"
    if credential.kind == "database-user" and call.status:
        told = "answered"
    return Row(
        step=CALL,
        name=call.operation,
        system=worded(SYSTEMS, credential.tool),
        tone="failed" if failed else "call",
        begins=call.started_at,
        ends=_end_of(call),
        how=f"{told}: {call.error}" if call.error else told,
    )


def _denial(denial: DenialRow) -> Row:
    return Row(
        step=POLICY,
        name="Refused by policy",
        system=worded(SYSTEMS, denial.tool),
        tone="refused",
        begins=denial.refused_at,
        ends=denial.refused_at,
        how=denial.reason,
    )


def _end_of(call: CallRow) -> datetime:
    return call.started_at + timedelta(milliseconds=call.latency_ms)
