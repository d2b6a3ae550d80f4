"""Judges what the vault did for runs: which identities and credentials nobody should have asked for.

A worker claims an attempt before it opens the wrapping token and logs in, and records its plan before it takes a
credential. So whatever is out of this order was not done by a worker that keeps to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.credentials.vault_answer import AnswerKind, Hidden, VaultEvent

#: How long after the end of an attempt its worker may still be at work: a call to the vault takes 5 s at most.
_LATE = timedelta(seconds=10)
#: Between two alarms about refused logins.
_APART = timedelta(minutes=1)
_MOST_ADDRESSES = 3
_HIDDEN = {
    Hidden.WRAPPED: "was answered in a wrapping token, so that the log hides it",
    Hidden.TOO_LONG: "was asked for in a line too long to be read",
}


@dataclass(slots=True)
class WatchedAttempt:
    """An attempt as the records have it, and what the log showed of it earlier.

    `planned_paths` issue the credentials of its plan; None before the plan is recorded. `ended_at` is UTC by the vault's
    clock, as the times of events are. `recorded` are the requests that its worker recorded, which it could only do before
    the end, whatever that clock says.
    """

    claimed: bool
    ended_at: datetime | None
    planned_paths: frozenset[str] | None
    recorded: frozenset[str] = frozenset()
    logins: int = 0
    issued_paths: set[str] = field(default_factory=set)

    def had_ended(self, event: VaultEvent) -> bool:
        """Whether the event came after the end. A wrapping token is opened before the login it is for."""
        known = self.recorded if event.kind is AnswerKind.UNWRAPPED else self.recorded & {event.request_id}
        return self.ended_at is not None and event.at > self.ended_at + _LATE and not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Irregularity:
    """What is wrong, for an alarm: `detail` is plain words, without secrets.

    `ends_attempt`: whether the attempt must end because of it. What the vault issued for an attempt that is not open
    is ended in any case.
    """

    kind: str
    detail: str
    run_id: UUID | None = None
    attempt: int | None = None
    ends_attempt: bool = False


#: By run and number.
Attempts = Mapping[tuple[UUID, int], WatchedAttempt]


def judge(events: Iterable[VaultEvent], attempts: Attempts) -> list[Irregularity]:
    """What is wrong about these events, in their order. `attempts` are as they were after the log was read.

    Counts what it sees in `attempts`.
    """
    return [irregularity for event in events for irregularity in _wrong(event, attempts)]


def _wrong(event: VaultEvent, attempts: Attempts) -> Iterable[Irregularity]:
    if event.kind not in (AnswerKind.UNWRAPPED, AnswerKind.LOGGED_IN, AnswerKind.ISSUED):
        return
    if event.run_id is None or event.attempt is None:
        yield _irregularity(
            event, "identity without a run", f"{_what(event)} by an identity that names no attempt"
        )
        return
    attempt = attempts.get((event.run_id, event.attempt))
    if attempt is None:
        yield _irregularity(
            event, "identity of an unknown attempt", f"{_what(event)} for an attempt that does not exist"
        )
        return
    if not attempt.claimed:
        yield _irregularity(
            event, "message stolen", f"{_what(event)} before a worker had claimed the attempt"
        )
    elif attempt.had_ended(event):
        yield _irregularity(
            event, "identity of an ended attempt", f"{_what(event)} after the attempt had ended"
        )
    if event.hidden is not None:
        yield _irregularity(
            event, "answer hidden from the log", f"{_what(event)}: it {_HIDDEN[event.hidden]}"
        )
    if event.kind is AnswerKind.LOGGED_IN:
        yield from _wrong_login(event, attempt)
    elif event.kind is AnswerKind.ISSUED:
        yield from _wrong_issue(event, attempt)


def _wrong_login(event: VaultEvent, attempt: WatchedAttempt) -> Iterable[Irregularity]:
    attempt.logins += 1
    if attempt.logins > 1:
        yield _irregularity(event, "second login", f"{_what(event)}, though the attempt had logged in before")


def _wrong_issue(event: VaultEvent, attempt: WatchedAttempt) -> Iterable[Irregularity]:
    if event.claimed_run_id is not None:
        detail = f"{_what(event)} with metadata that names another run"
        yield _irregularity(event, "credential in another's name", detail)
    if event.path in attempt.issued_paths:
        yield _irregularity(event, "more credentials than planned", f"{_what(event)} for the second time")
    elif attempt.planned_paths is None:
        yield _irregularity(
            event, "more credentials than planned", f"{_what(event)} before the plan was recorded"
        )
    elif event.path not in attempt.planned_paths:
        detail = f"{_what(event)}, which no step of the plan needs"
        yield _irregularity(event, "more credentials than planned", detail)
    attempt.issued_paths.add(event.path)


def _what(event: VaultEvent) -> str:
    address = event.remote_address or "an unknown address"
    match event.kind:
        case AnswerKind.UNWRAPPED:
            return f"a wrapping token was opened from {address}"
        case AnswerKind.LOGGED_IN:
            return f"a login from {address} (accessor {event.accessor})"
        case _:
            return f"a credential of {event.path} was issued to {address}"


def _irregularity(event: VaultEvent, kind: str, detail: str) -> Irregularity:
    return Irregularity(
        kind=kind, detail=detail, run_id=event.run_id, attempt=event.attempt, ends_attempt=True
    )


class RefusedLogins:
    """Counts logins that the vault refused, with an alarm a minute at most. Attempts to guess must not flood the alarms."""

    def __init__(self) -> None:
        self._count = 0
        self._addresses: dict[str, None] = {}
        self._since: datetime | None = None
        self._last: datetime | None = None

    def add(self, events: Iterable[VaultEvent]) -> Irregularity | None:
        """Count the refused logins among these events; an alarm for all since the last, if it is time for one."""
        refused = [event for event in events if event.kind is AnswerKind.LOGIN_REFUSED]
        for event in refused:
            self._count += 1
            self._since = self._since or event.at
            if event.remote_address and len(self._addresses) < _MOST_ADDRESSES:
                self._addresses[event.remote_address] = None
        if not refused or (self._last is not None and refused[-1].at < self._last + _APART):
            return None
        detail = (
            f"the vault refused {self._count} {'login' if self._count == 1 else 'logins'} since"
            f" {self._since:%Y-%m-%d %H:%M:%S} UTC, from {', '.join(self._addresses) or 'an unknown address'}"
        )
        self._last, self._since, self._count, self._addresses = refused[-1].at, None, 0, {}
        return Irregularity(kind="logins refused", detail=detail)
