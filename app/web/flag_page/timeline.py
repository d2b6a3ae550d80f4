"""Everything that led to one flag, in order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.credentials.ending import Endings, EndState
from app.credentials.tables import AttemptRow, CallRow, CredentialRow
from app.procurement.labels import KINDS, SOURCES, lasting, worded
from app.review.queries import FlagPage, RunPage


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """One event; `step` is its number among the seven steps, 0 if it belongs to none."""

    at: datetime
    what: str
    step: int


def timeline(
    page: FlagPage, run: RunPage, credentials: Sequence[CredentialRow], now: datetime
) -> list[Happened]:
    """The events from the request of the run to the end of these credentials; future ones are left out."""
    found = [
        Happened(at=page.run.requested_at, what=f"The run was requested by {page.run.requested_by}.", step=1),
        Happened(at=page.flag.raised_at, what="The rules compared the values and raised this flag.", step=0),
    ]
    endings = run.endings(now)
    if page.attempt is not None:
        found += _identity(page.attempt, endings)
    for credential in credentials:
        found += _life(credential, run.calls_of(credential), endings)
    found += [
        Happened(
            at=each.refused_at,
            what=f"{worded(SOURCES, each.tool)}: the vault refused {each.vault_path}.",
            step=3,
        )
        for each in run.denials
        if each.attempt == page.flag.attempt
    ]
    return sorted((each for each in found if each.at <= now), key=lambda each: (each.at, each.step))


def _identity(attempt: AttemptRow, endings: Endings) -> Iterator[Happened]:
    if attempt.claimed_at:
        by = f" by worker {attempt.worker}" if attempt.worker else ""
        yield Happened(at=attempt.claimed_at, what=f"Attempt {attempt.number} was started{by}.", step=1)
    if attempt.token_issued_at:
        entity = f" as entity {attempt.entity_id}" if attempt.entity_id else ""
        yield Happened(at=attempt.token_issued_at, what=f"The run logged in to the vault{entity}.", step=2)
    end = endings.of_token(attempt)
    if end is not None and end.state is EndState.NOT_CONFIRMED:
        yield Happened(at=end.at, what=f"The run’s token: {end.words}.", step=6)
    elif end is not None and end.state is EndState.REVOKED:
        yield Happened(at=end.at, what=f"The run’s token was {end.words}.", step=6)


def _life(credential: CredentialRow, calls: Sequence[CallRow], endings: Endings) -> Iterator[Happened]:
    system = worded(SOURCES, credential.tool)
    kind = worded(KINDS, credential.kind)
    ttl = lasting(credential.expires_at - credential.issued_at)
    yield Happened(
        at=credential.issued_at,
        what=f"{system}: policy {credential.policy} allowed {credential.vault_path}.",
        step=3,
    )
    yield Happened(
        at=credential.issued_at,
        what=f"{system}: {kind} issued for {credential.scope}, good for {ttl}.",
        step=4,
    )
    for call in calls:
        yield Happened(at=call.started_at, what=f"{system}: called, {call.operation}.", step=5)
        came = f"answered with status {call.status}" if call.status else "no answer"
        yield Happened(
            at=call.started_at + timedelta(milliseconds=call.latency_ms),
            what=f"{system}: {came}, {call.answer_bytes:,} bytes.",
            step=5,
        )
    end = endings.of_credential(credential)
    comma = "," if end.state is EndState.NOT_CONFIRMED else ""
    yield Happened(at=end.at, what=f"{system}: {kind}{comma} {end.words}.", step=6)
