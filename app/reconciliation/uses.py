"""The uses of one recorded credential: from where, until when and how often a tool saw it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.reconciliation.leftover_kinds import (
    CONTRADICTED,
    NEVER_SEEN,
    USED_ELSEWHERE,
    USED_LATE,
    USED_MORE,
    about,
)
from app.reconciliation.places import Origin, Places
from app.reconciliation.sides import Issued, KnownAttempt, Recorded, Used
from app.reconciliation.verdict import Leftover, Side

#: How far the clocks of vault, tools and database may differ before an alarm says so, with what a line takes.
LEEWAY = timedelta(seconds=6)
#: How long a call may be under way when its run is stopped.
_UNDER_WAY = timedelta(seconds=25)


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialUses:
    """A recorded credential, its attempt if that exists, and every use of it that a tool saw.

    `known`: what the places of all attempts show.
    """

    of: Recorded
    attempt: KnownAttempt | None
    issued: Issued | None
    seen: Sequence[Used]
    known: Places

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
            # Only a finished attempt has recorded all its calls.
            why = None if self.attempt.is_finished else "its attempt ended before its calls were recorded"
            yield from self._miscounted(why)

    def _contradicting(self, used: Used) -> Iterator[Leftover]:
        if self.of.accessor and used.subject and used.subject != self.of.accessor:
            what = f"{used.system} saw another accessor for a credential than is recorded"
            yield about(self.of, CONTRADICTED, what, at=used.at, side=Side.TOOL)
        if used.at < self.of.issued_at - LEEWAY:
            what = f"a credential of {self.of.system} was used before it was issued, by the record"
            yield about(self.of, CONTRADICTED, what, at=used.at, side=Side.TOOL)

    def _late(self, used: Used) -> Iterator[Leftover]:
        ends = (
            self.attempt.ended_at if self.attempt else None,
            self.issued.ended_at if self.issued else None,
            self.of.expires_at,
        )
        ended = min(filter(None, ends))
        late = used.at - ended
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

    def _miscounted(self, why: str | None) -> Iterator[Leftover]:
        of, times = self.of, len(self.seen)
        most = 1 if of.service_user else of.calls
        if times > most:
            what = f"{of.system} saw a credential {times} times, its run recorded {most}"
            last = max(used.at for used in self.seen)
            yield about(of, USED_MORE, what, at=last, side=Side.TOOL, explanation=why)
        least = min(1, of.answered) if of.service_user else of.answered
        answered = sum(used.is_answered for used in self.seen)
        if answered < least:
            what = (
                f"a run recorded {of.answered} answers of {of.system}, which gave its credential {answered}"
            )
            yield about(of, NEVER_SEEN, what)
