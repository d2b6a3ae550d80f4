"""Compares the three sides of credentials: what the vault issued, what tools saw, and what is recorded. Pure.

Little explains a leftover: an attempt that ended without a result may have obtained one credential for each system that
it could not record. A use of that is an alarm all the same.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from app.reconciliation.clocks import LEEWAY
from app.reconciliation.credential_end import is_open, is_rewritten
from app.reconciliation.joined_uses import joined, vault_shift
from app.reconciliation.leftover_kinds import (
    CONTRADICTED,
    END_OPEN,
    ISSUED_ONLY,
    RECORDED_ONLY,
    about,
)
from app.reconciliation.sides import Issued, KnownAttempt, Recorded, Sides, Used
from app.reconciliation.unknown_use import of_unknown
from app.reconciliation.verdict import Leftover, Side


def leftovers(sides: Sides) -> list[Leftover]:
    """Everything on one side that another lacks or contradicts, in order of time."""
    found = [*_Comparison(sides).leftovers()]
    return sorted(found, key=lambda leftover: leftover.at)


class _Comparison:
    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._attempts = {(each.run_id, each.number): each for each in sides.attempts}
        self._recorded = {each.request_id: each for each in sides.recorded}
        self._issued = {each.request_id: each for each in sides.issued}
        self._alike = Counter((each.run_id, each.attempt, each.path) for each in sides.issued)
        self._by_accessor = {each.accessor: each for each in sides.issued if each.accessor}
        self._by_user = {each.service_user: each for each in sides.issued if each.service_user}

    def leftovers(self) -> Iterator[Leftover]:
        for issued in self._sides.issued:
            yield from self._of_issued(issued)
        for recorded in self._sides.recorded:
            yield from self._of_recorded(recorded)
        uses, unknown = joined(self._sides)
        for used in unknown:
            yield from of_unknown(used, self._issue_of(used))
        for each in uses:
            is_covered = each.of.system in self._sides.covered and self._is_complete(each.attempt)
            yield from each.leftovers(is_covered=is_covered)

    def _of_issued(self, issued: Issued) -> Iterator[Leftover]:
        if issued.request_id in self._recorded:
            return
        attempt = self._attempt_of(issued)
        if attempt is not None and attempt.is_open:
            return  # it records what it has obtained when it has everything
        lost = (
            "its attempt ended before it was recorded" if attempt and self._is_lost(issued, attempt) else None
        )
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

    def _is_complete(self, attempt: KnownAttempt | None) -> bool:
        until = self._sides.until
        return until is None or (
            attempt is not None and attempt.ended_at is not None and attempt.ended_at <= until
        )

    def _is_lost(self, issued: Issued, attempt: KnownAttempt) -> bool:
        """Whether the end of the attempt explains that nothing was recorded: of one credential for each system."""
        if not attempt.lost_its_worker or attempt.ended_at is None:
            return False
        if issued.at > attempt.ended_at + vault_shift(self._sides, attempt).ahead + LEEWAY:
            return False
        return self._alike[issued.run_id, issued.attempt, issued.path] == 1

    def _attempt_of(self, issued: Issued) -> KnownAttempt | None:
        if issued.run_id is None or issued.attempt is None:
            return None
        return self._attempts.get((issued.run_id, issued.attempt))

    def _of_recorded(self, recorded: Recorded) -> Iterator[Leftover]:
        issued = self._issued.get(recorded.request_id)
        if issued is None:
            yield about(
                recorded,
                RECORDED_ONLY,
                f"a credential of {recorded.system} is recorded under request {recorded.request_id}, which the vault"
                " never answered",
            )
            return
        attempt = self._attempts.get((recorded.run_id, recorded.attempt))
        if attempt and is_open(recorded, issued, attempt, self._sides.until):
            yield about(recorded, END_OPEN, f"a credential of {recorded.system} is not confirmed to be dead")
        wrong = [name for name, ours, theirs in _compared(recorded, issued) if ours != theirs]
        if is_rewritten(recorded, issued, self._sides.until):
            wrong.append("end")
        if not vault_shift(self._sides, attempt).fits(issued.at - recorded.issued_at):
            wrong.append("time")
        if attempt is None:
            wrong.append("attempt, which does not exist")
        if wrong:
            yield about(
                recorded,
                CONTRADICTED,
                f"the record of a credential of {recorded.system} (request {recorded.request_id}) differs from the"
                f" vault's in {', '.join(wrong)}",
            )

    def _issue_of(self, used: Used) -> Issued | None:
        return self._by_user.get(used.service_user or "") or self._by_accessor.get(used.subject or "")


def _compared(recorded: Recorded, issued: Issued) -> Iterable[tuple[str, object, object]]:
    yield "run", (recorded.run_id, recorded.attempt), (issued.run_id, issued.attempt)
    yield "system", recorded.system, issued.system
    yield "accessor", recorded.accessor, issued.accessor
    yield "lease", recorded.lease_id, issued.lease_id
    yield "user", recorded.service_user, issued.service_user
