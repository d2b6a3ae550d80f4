"""The uses of one recorded credential: from where, until when and how often a tool saw it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.reconciliation.clocks import LEEWAY, Shift
from app.reconciliation.leftover_kinds import (
    CONTRADICTED,
    NEVER_SEEN,
    USED_ELSEWHERE,
    USED_LATE,
    USED_MORE,
    about,
)
from app.reconciliation.sides import Issued, KnownAttempt, Recorded, Used
from app.reconciliation.verdict import Leftover, Side
from app.reconciliation.worker_places import Origin, Places

#: How long a call may be under way when its run is stopped.
_UNDER_WAY = timedelta(seconds=25)
#: How often an attempt may have used a credential before its worker died: twenty pages, each asked for twice.
_MOST_UNRECORDED = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialUses:
    """A recorded credential, its attempt if that exists, and every use of it that a tool saw.

    `vault` and `tool`: how far their clocks may be off. `known`: what the places of all attempts show. `unrecorded`: how many uses its attempt may have left without a record.
    """

    of: Recorded
    attempt: KnownAttempt | None
    issued: Issued | None
    seen: Sequence[Used]
    vault: Shift
    tool: Shift
    known: Places
    unrecorded: int

    @property
    def home(self) -> str | None:
        """The address that its run logged in from."""
        return self.attempt.login_address if self.attempt else None

    @property
    def places(self) -> set[str]:
        """The addresses that it was used from."""
        return {used.remote_address for used in self.seen if used.remote_address}

    def origin(self, place: str) -> Origin:
        """Whether `place` is an address of its worker at its tool."""
        return self.known.origin(self.of.system, self.home, place)

    def leftovers(self, *, is_covered: bool) -> Iterator[Leftover]:
        """`is_covered`: the log of its tool is complete."""
        for used in self.seen:
            if used.system != self.of.system:
                what = f"a credential of {self.of.system} was tried at {used.system}"
                yield about(self.of, USED_ELSEWHERE, what, at=used.at, side=Side.TOOL)
            yield from self._contradicting(used)
            yield from self._late(used)
        yield from self._strange()
        if is_covered and self.attempt is not None and not self.attempt.is_open:
            yield from self._miscounted()

    def _contradicting(self, used: Used) -> Iterator[Leftover]:
        if self.of.accessor and used.subject and used.subject != self.of.accessor:
            what = f"{used.system} saw another accessor for a credential than is recorded"
            yield about(self.of, CONTRADICTED, what, at=used.at, side=Side.TOOL)
        if used.at < self.of.issued_at + self.tool.behind - LEEWAY:
            what = f"a credential of {self.of.system} was used before it was issued, by the record"
            yield about(self.of, CONTRADICTED, what, at=used.at, side=Side.TOOL)

    def _late(self, used: Used) -> Iterator[Leftover]:
        ends = (
            self.attempt.ended_at if self.attempt else None,
            self._ended_by_vault,
            self.of.expires_at,
        )
        ended = min(filter(None, ends))
        late = used.at - self.tool.ahead - ended
        if late <= LEEWAY:
            return
        stopped = self.attempt is not None and self.attempt.was_stopped and late <= _UNDER_WAY
        yield about(
            self.of,
            USED_LATE,
            f"a credential of {self.of.system} was used at {used.at:%Y-%m-%d %H:%M:%S} UTC, after its end at"
            f" {ended:%H:%M:%S}"
            + (f" (HTTP {used.status})" if used.status and not used.service_user else ""),
            at=used.at,
            side=Side.TOOL,
            explanation="its run was stopped while a call was under way" if stopped else None,
        )

    @property
    def _ended_by_vault(self) -> datetime | None:
        """The end that follows from the vault's log. That of a token is dated by the vault, others by the database."""
        if self.issued is None or self.issued.ended_at is None or self.of.is_leased:
            return self.issued.ended_at if self.issued else None
        return self.issued.ended_at - self.vault.behind

    def _strange(self) -> Iterator[Leftover]:
        # A worker has one address at a tool.
        if len(self.places) > 1 or any(self.origin(place) is Origin.ELSEWHERE for place in self.places):
            yield about(
                self.of,
                USED_ELSEWHERE,
                f"a credential of {self.of.system} was used from {', '.join(sorted(self.places))}; its run logged in"
                f" from {self.home or 'an unknown address'}",
                at=max(used.at for used in self.seen),
                side=Side.TOOL,
            )

    def _miscounted(self) -> Iterator[Leftover]:
        of, times = self.of, len(self.seen)
        most = 1 if of.service_user else of.calls
        if times > most:
            what = f"{of.system} saw a credential {times} times, its run recorded {most}"
            last = max(used.at for used in self.seen)
            why = "its attempt ended before its calls were recorded" if times <= self.unrecorded else None
            yield about(of, USED_MORE, what, at=last, side=Side.TOOL, explanation=why)
        least = min(1, of.answered) if of.service_user else of.answered
        answered = sum(used.is_answered for used in self.seen)
        if answered < least:
            what = f"answers of {of.system}: {of.answered} recorded by the run, {answered} in the log of the tool"
            yield about(of, NEVER_SEEN, what)


def unrecorded_uses(
    recorded: Sequence[Recorded], attempts: Mapping[tuple[UUID, int], KnownAttempt]
) -> dict[str, int]:
    """By request id, how many uses of a credential its attempt may have left without a record.

    An attempt records the calls of all its tools at once, at their end. Where it died before, another attempt of its run
    that finished shows how many calls there are to make, and each may have been tried twice. A login is made once.
    """
    with_calls = {(each.run_id, each.attempt) for each in recorded if each.calls}
    needed = {
        (each.run_id, each.system): each.calls
        for each in recorded
        if each.answered and (attempt := attempts.get((each.run_id, each.attempt))) and attempt.is_finished
    }
    left = dict.fromkeys((each.request_id for each in recorded), 0)
    for each in recorded:
        attempt = attempts.get((each.run_id, each.attempt))
        is_lost = attempt is not None and attempt.lost_its_worker
        if is_lost and not each.service_user and (each.run_id, each.attempt) not in with_calls:
            calls = needed.get((each.run_id, each.system))
            left[each.request_id] = _MOST_UNRECORDED if calls is None else 2 * calls
    return left
