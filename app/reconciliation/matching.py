"""Compares the three sides of credentials: what the vault issued, what tools saw, and what is recorded. Pure.

Nothing that a worker says explains a leftover. Only the state of an attempt does, which the database and the sweeper
enforce: a worker that was lost could not record what it had.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.reconciliation.sides import Issued, KnownAttempt, Recorded, Used
from app.reconciliation.verdict import Leftover, Side

#: How far the clocks of vault, tools and database may differ before an alarm says so, with what a line takes.
LEEWAY = timedelta(seconds=6)
#: How long a call may be under way when its run is stopped.
_UNDER_WAY = timedelta(seconds=25)
#: By how much the recorded end of a credential may follow the vault's.
_END_LEEWAY = timedelta(seconds=120)

ISSUED_ONLY = "credential not recorded"
RECORDED_ONLY = "record without a credential"
CONTRADICTED = "record contradicts the vault"
USED_ONLY = "use of an unknown credential"
USED_LATE = "use after the end"
USED_ELSEWHERE = "use from elsewhere"
USED_MORE = "use not recorded"
NEVER_SEEN = "recorded call never seen"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """The rows of a stretch of time, or of a run. `attempts` has every attempt that a row names and that exists."""

    issued: Sequence[Issued] = ()
    recorded: Sequence[Recorded] = ()
    used: Sequence[Used] = ()
    attempts: Sequence[KnownAttempt] = ()
    #: Systems whose logs have been read for all of this time: what they do not show did not happen.
    covered: frozenset[str] = frozenset()


def leftovers(sides: Sides) -> list[Leftover]:
    """Everything on one side that another lacks or contradicts, in order of time."""
    found = [*_Matching(sides).leftovers()]
    return sorted(found, key=lambda leftover: leftover.at)


@dataclass(slots=True)
class _Uses:
    """The uses of one recorded credential."""

    of: Recorded
    seen: list[Used] = field(default_factory=list)


class _Matching:
    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._attempts = {(each.run_id, each.number): each for each in sides.attempts}
        self._recorded = {each.request_id: each for each in sides.recorded}
        self._issued = {each.request_id: each for each in sides.issued}
        self._by_accessor = {each.accessor: each for each in sides.issued if each.accessor}
        self._by_user = {each.service_user: each for each in sides.issued if each.service_user}
        self._by_fingerprint = {each.fingerprint: each for each in sides.recorded}
        self._user_recorded = {each.service_user: each for each in sides.recorded if each.service_user}

    def leftovers(self) -> Iterator[Leftover]:
        for issued in self._sides.issued:
            yield from self._of_issued(issued)
        for recorded in self._sides.recorded:
            yield from self._of_recorded(recorded)
        uses: dict[str, _Uses] = {each.request_id: _Uses(each) for each in self._sides.recorded}
        for used in self._sides.used:
            recorded_use = self._record_of(used)
            if recorded_use is None:
                yield from self._of_unknown(used)
            else:
                uses[recorded_use.request_id].seen.append(used)
        near = {each.of.system for each in uses.values() if self._home(each.of) in _places(each.seen)}
        for each in uses.values():
            yield from self._of_uses(each, is_near=each.of.system in near)

    def _of_issued(self, issued: Issued) -> Iterator[Leftover]:
        if issued.request_id in self._recorded:
            return
        attempt = self._attempt_of(issued)
        if attempt is not None and attempt.is_open:
            return  # it records what it has obtained when it has everything
        lost = "its worker was lost before it recorded it" if attempt and attempt.lost_its_worker else None
        what = f"the vault issued a credential of {issued.path} (request {issued.request_id}); no record names it"
        yield Leftover(
            kind=ISSUED_ONLY,
            detail=what,
            side=Side.VAULT,
            at=issued.at,
            system=issued.system,
            run_id=issued.run_id,
            attempt=issued.attempt,
            explanation=lost,
        )

    def _attempt_of(self, issued: Issued) -> KnownAttempt | None:
        if issued.run_id is None or issued.attempt is None:
            return None
        return self._attempts.get((issued.run_id, issued.attempt))

    def _of_recorded(self, recorded: Recorded) -> Iterator[Leftover]:
        issued = self._issued.get(recorded.request_id)
        if issued is None:
            yield self._about(
                recorded,
                RECORDED_ONLY,
                f"a credential of {recorded.system} is recorded under request {recorded.request_id}, which the vault"
                " never answered",
            )
            return
        wrong = [name for name, ours, theirs in _compared(recorded, issued) if ours != theirs]
        if _is_end_rewritten(recorded, issued):
            wrong.append("end")
        if wrong:
            yield self._about(
                recorded,
                CONTRADICTED,
                f"the record of a credential of {recorded.system} (request {recorded.request_id}) differs from the"
                f" vault's in {', '.join(wrong)}",
            )

    def _record_of(self, used: Used) -> Recorded | None:
        if used.service_user:
            return self._user_recorded.get(used.service_user)
        return self._by_fingerprint.get(used.fingerprint or "")

    def _of_unknown(self, used: Used) -> Iterator[Leftover]:
        """A use without a record. Without any credential it is nobody's."""
        if used.fingerprint is None and used.service_user is None:
            return
        issued = self._by_user.get(used.service_user or "") or self._by_accessor.get(used.subject or "")
        whose = f"user {used.service_user}" if used.service_user else f"a credential ({used.fingerprint})"
        how = "was refused" if used.is_refused else "was used"
        yield Leftover(
            kind=USED_ONLY,
            detail=f"{whose} {how} at {used.system} from {used.remote_address or 'an unknown address'};"
            " no record names it",
            side=Side.TOOL,
            at=used.at,
            system=used.system,
            run_id=issued.run_id if issued else None,
            attempt=issued.attempt if issued else None,
        )

    def _home(self, recorded: Recorded) -> str | None:
        attempt = self._attempts.get((recorded.run_id, recorded.attempt))
        return attempt.login_address if attempt else None

    def _of_uses(self, uses: _Uses, *, is_near: bool) -> Iterator[Leftover]:
        """`is_near`: the tool sees workers under the addresses that the vault sees."""
        recorded, seen = uses.of, uses.seen
        attempt = self._attempts.get((recorded.run_id, recorded.attempt))
        for used in seen:
            if used.system != recorded.system:
                yield self._about(
                    recorded,
                    USED_ELSEWHERE,
                    f"a credential of {recorded.system} was tried at {used.system}",
                    at=used.at,
                    side=Side.TOOL,
                )
            yield from self._of_late(recorded, attempt, used)
        yield from self._of_addresses(recorded, seen, is_near=is_near)
        yield from self._of_counts(recorded, attempt, seen)

    def _of_late(self, recorded: Recorded, attempt: KnownAttempt | None, used: Used) -> Iterator[Leftover]:
        ended = min(filter(None, (attempt.ended_at if attempt else None, recorded.expires_at)))
        late = used.at - ended
        if late <= LEEWAY:
            return
        stopped = attempt is not None and attempt.was_stopped and late <= _UNDER_WAY
        yield self._about(
            recorded,
            USED_LATE,
            f"a credential of {recorded.system} was used at {used.at:%Y-%m-%d %H:%M:%S} UTC, after its end at"
            f" {ended:%H:%M:%S}" + (f" (HTTP {used.status})" if used.status else ""),
            at=used.at,
            side=Side.TOOL,
            explanation="its run was stopped while a call was under way" if stopped else None,
        )

    def _of_addresses(self, recorded: Recorded, seen: Sequence[Used], *, is_near: bool) -> Iterator[Leftover]:
        places, home = _places(seen), self._home(recorded)
        # A tool on another network sees a worker under another address than the vault does, but always under the same.
        if len(places) > 1 or (is_near and places and places != {home}):
            yield self._about(
                recorded,
                USED_ELSEWHERE,
                f"a credential of {recorded.system} was used from {', '.join(sorted(places))}; its run logged in from"
                f" {home or 'an unknown address'}",
                at=max(used.at for used in seen),
                side=Side.TOOL,
            )

    def _of_counts(
        self, recorded: Recorded, attempt: KnownAttempt | None, seen: Sequence[Used]
    ) -> Iterator[Leftover]:
        """Only a finished attempt has recorded all its calls."""
        if attempt is None or not attempt.is_finished or recorded.system not in self._sides.covered:
            return
        most = 1 if recorded.service_user else recorded.calls
        if len(seen) > most:
            yield self._about(
                recorded,
                USED_MORE,
                f"{recorded.system} saw a credential {len(seen)} times, its run recorded {most}",
                at=max(used.at for used in seen),
                side=Side.TOOL,
            )
        least = min(1, recorded.answered) if recorded.service_user else recorded.answered
        if len(seen) < least:
            yield self._about(
                recorded,
                NEVER_SEEN,
                f"a run recorded {recorded.answered} answers of {recorded.system}, which saw its credential"
                f" {len(seen)} times",
            )

    @staticmethod
    def _about(
        recorded: Recorded,
        kind: str,
        detail: str,
        *,
        at: datetime | None = None,
        side: Side = Side.RECORD,
        explanation: str | None = None,
    ) -> Leftover:
        return Leftover(
            kind=kind,
            detail=detail,
            side=side,
            at=at or recorded.issued_at,
            system=recorded.system,
            run_id=recorded.run_id,
            attempt=recorded.attempt,
            explanation=explanation,
        )


def _places(seen: Iterable[Used]) -> set[str]:
    return {used.remote_address for used in seen if used.remote_address}


def _compared(recorded: Recorded, issued: Issued) -> Iterable[tuple[str, object, object]]:
    yield "run", (recorded.run_id, recorded.attempt), (issued.run_id, issued.attempt)
    yield "system", recorded.system, issued.system
    yield "accessor", recorded.accessor, issued.accessor
    yield "lease", recorded.lease_id, issued.lease_id
    yield "user", recorded.service_user, issued.service_user


def _is_end_rewritten(recorded: Recorded, issued: Issued) -> bool:
    """The end of a leased credential is confirmed in one transaction with the vault's record of it."""
    if recorded.revoked_at is None or not recorded.is_leased:
        return False
    return issued.ended_at is not None and abs(recorded.revoked_at - issued.ended_at) > _END_LEEWAY


def runs_of(found: Iterable[Leftover]) -> dict[UUID, list[Leftover]]:
    """Leftovers by run."""
    by_run: dict[UUID, list[Leftover]] = defaultdict(list)
    for leftover in found:
        if leftover.run_id is not None:
            by_run[leftover.run_id].append(leftover)
    return by_run
