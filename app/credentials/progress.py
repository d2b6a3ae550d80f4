"""The progress of a set of runs, and the credentials they were issued. Read only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.connections.database import Sessions
from app.credentials.lineage import CredentialKind
from app.credentials.tables import (
    WAITS_BECAUSE,
    AttemptEndRow,
    AttemptRow,
    CredentialRow,
    RunRow,
    RunState,
    table_of,
)

RUN, ATTEMPT, CREDENTIAL = table_of(RunRow), table_of(AttemptRow), table_of(CredentialRow)
ATTEMPT_END = table_of(AttemptEndRow)
ENDED = (RunState.COMPLETED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class RecordedCredential:
    """One credential of a run as recorded, with the times at which its attempt started and ended.

    An attempt that was to be stopped ended with the request to stop it. `revoked_at` is when the end of the credential
    was confirmed.
    """

    run_id: UUID
    tool: str
    kind: CredentialKind
    request_id: str
    fingerprint: str
    accessor: str | None
    lease_id: str | None
    expires_at: datetime
    revoked_at: datetime | None
    run_started_at: datetime
    run_ended_at: datetime | None

    @property
    def seconds_to_death(self) -> float | None:
        """From the start of the run until the confirmed end of the credential; of a signed token, until it expires.

        None for a leased credential whose end is not confirmed, whatever its TTL.
        """
        died_at = self.revoked_at if self.kind.revocable else self.expires_at
        return None if died_at is None else (died_at - self.run_started_at).total_seconds()

    @property
    def seconds_to_confirmation(self) -> float | None:
        """From the end of the run until the confirmed end of a leased credential; None while there is none."""
        if not self.kind.revocable or self.revoked_at is None or self.run_ended_at is None:
            return None
        return (self.revoked_at - self.run_ended_at).total_seconds()


@dataclass(frozen=True, slots=True)
class UnconfirmedEnd:
    """An ended attempt whose credentials are not confirmed dead; `problem` is None before the sweeper reported one."""

    run_id: UUID
    number: int
    problem: str | None


class Progress:
    """Queries about a set of runs, given by their ids."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def states(self, run_ids: Sequence[UUID]) -> Counter[str]:
        """Number of runs in each state."""
        with self._sessions() as db:
            rows = db.execute(
                select(RUN.c.state, func.count()).where(RUN.c.run_id.in_(run_ids)).group_by(RUN.c.state)
            )
            return Counter({state: number for state, number in rows})  # noqa: C416  # dict() takes it for a mapping

    def ended(self, run_ids: Sequence[UUID]) -> int:
        """How many of the runs have come to an end, whatever it is."""
        return sum(number for state, number in self.states(run_ids).items() if state in ENDED)

    def waiting_reasons(self, run_ids: Sequence[UUID]) -> list[str]:
        """Why runs of the set wait, each reason once."""
        with self._sessions() as db:
            reasons = select(WAITS_BECAUSE).where(
                RUN.c.run_id.in_(run_ids), RUN.c.state == RunState.REQUESTED, WAITS_BECAUSE.is_not(None)
            )
            return sorted(set(db.scalars(reasons.distinct())))

    def unconfirmed(self, run_ids: Sequence[UUID]) -> list[UnconfirmedEnd]:
        """The ended attempts of these runs whose end the vault has not confirmed."""
        ended = (ATTEMPT_END.c.run_id == ATTEMPT.c.run_id) & (ATTEMPT_END.c.number == ATTEMPT.c.number)
        with self._sessions() as db:
            rows = db.execute(
                select(ATTEMPT.c.run_id, ATTEMPT.c.number, ATTEMPT_END.c.problem)
                .outerjoin(ATTEMPT_END, ended)
                .where(
                    ATTEMPT.c.run_id.in_(run_ids),
                    ATTEMPT.c.ended_at.is_not(None),
                    ATTEMPT.c.revoked_at.is_(None),
                )
                .order_by(ATTEMPT.c.ended_at)
            )
            return [UnconfirmedEnd(*row) for row in rows]

    def credentials(self, run_ids: Sequence[UUID]) -> list[RecordedCredential]:
        """Every credential recorded for these runs, of all their attempts."""
        with self._sessions() as db:
            rows = db.execute(
                select(
                    CREDENTIAL.c.run_id,
                    CREDENTIAL.c.tool,
                    CREDENTIAL.c.kind,
                    CREDENTIAL.c.request_id,
                    CREDENTIAL.c.fingerprint,
                    CREDENTIAL.c.accessor,
                    CREDENTIAL.c.lease_id,
                    CREDENTIAL.c.expires_at,
                    CREDENTIAL.c.revoked_at,
                    func.coalesce(ATTEMPT.c.claimed_at, ATTEMPT.c.dispatched_at),
                    # Without a request to stop, least() takes the other one.
                    func.least(RUN.c.stop_requested_at, ATTEMPT.c.ended_at),
                )
                .join(RUN, RUN.c.run_id == CREDENTIAL.c.run_id)
                .join(
                    ATTEMPT,
                    (ATTEMPT.c.run_id == CREDENTIAL.c.run_id) & (ATTEMPT.c.number == CREDENTIAL.c.attempt),
                )
                .where(CREDENTIAL.c.run_id.in_(run_ids))
            ).all()
        return [
            RecordedCredential(run_id, tool, CredentialKind(kind), *rest)
            for run_id, tool, kind, *rest in rows
        ]
