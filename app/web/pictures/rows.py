"""The rows of an attempt's chart and table: the run token, each credential, and its calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.credentials.ending import Ending, EndState
from app.credentials.tables import AttemptRow, CallRow, CredentialRow, DenialRow
from app.procurement.labels import KINDS, SOURCES, lasting, worded
from app.review.queries import RunPage
from app.review.queries.seen_calls import SeenCall

_FAILED = 400
#: Numbers of the steps, as on the page.
SIGN_IN, POLICY, ISSUE, CALL = 2, 3, 4, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line: its step, start, end, and result in words (`how`).

    `tone` is token, credential, call, failed or refused. `lives_on` says that it ends after the picture does,
    `not_confirmed` that its end was requested and not confirmed.
    """

    step: int
    name: str
    system: str
    tone: str
    begins: datetime
    ends: datetime
    how: str
    lives_on: bool = False
    not_confirmed: bool = False

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
    endings = page.endings(now)
    if attempt.token_issued_at is not None and (token_end := endings.of_token(attempt)) is not None:
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
        yield _life(
            step=SIGN_IN,
            name="Run token",
            system="The vault",
            tone="token",
            begins=attempt.token_issued_at,
            end=token_end,
            until=until,
        )
    for credential in (each for each in page.credentials if each.attempt == attempt.number):
        kind, system = worded(KINDS, credential.kind), worded(SOURCES, credential.tool)
        end = endings.of_credential(credential)
        yield _life(
            step=ISSUE,
            name=kind,
            system=system,
            tone="credential",
            begins=credential.issued_at,
            end=end,
            until=until,
        )
        yield from (_call(call, credential) for call in page.calls_of(credential))
        yield from (
            _seen(each, system) for each in page.seen if each.credential_id == credential.credential_id
        )
    yield from (_denial(each) for each in page.denials if each.attempt == attempt.number)


def _life(
    *, step: int, name: str, system: str, tone: str, begins: datetime, end: Ending, until: datetime
) -> Row:
    """The line of a credential or token from its issue at `begins` to its end, or to `until` if that is earlier.

    One whose end is not confirmed may still be alive: it is drawn to the edge.
    """
    if end.state is EndState.NOT_CONFIRMED:
        return Row(
            step=step,
            name=name,
            system=system,
            tone=tone,
            begins=begins,
            ends=max(begins, until),
            how=end.words,
            not_confirmed=True,
        )
    return Row(
        step=step,
        name=name,
        system=system,
        tone=tone,
        begins=begins,
        ends=max(begins, min(end.at, until)),
        how=f"{end.words}, {lasting(end.at - begins)} after issue",
        lives_on=end.at > until,
    )


def _call(call: CallRow, credential: CredentialRow) -> Row:
    failed = call.error is not None or not 0 < call.status < _FAILED
    result = f"HTTP {call.status}" if call.status else "no answer"
    if credential.kind == "database-user" and call.status:
        result = "answered"
    return Row(
        step=CALL,
        name=call.operation,
        system=worded(SOURCES, credential.tool),
        tone="failed" if failed else "call",
        begins=call.started_at,
        ends=_end_of(call),
        how=f"{result}: {call.error}" if call.error else result,
    )


def _seen(each: SeenCall, system: str) -> Row:
    return Row(
        step=CALL,
        name=each.operation,
        system=system,
        tone="failed" if (each.status or 0) >= _FAILED else "call",
        begins=each.at,
        ends=each.at,
        how=f"in the system’s own log{f', HTTP {each.status}' if each.status else ''}",
    )


def _denial(denial: DenialRow) -> Row:
    return Row(
        step=POLICY,
        name="Refused by policy",
        system=worded(SOURCES, denial.tool),
        tone="refused",
        begins=denial.refused_at,
        ends=denial.refused_at,
        how=denial.reason,
    )


def _end_of(call: CallRow) -> datetime:
    return call.started_at + timedelta(milliseconds=call.latency_ms)
