"""The progress of a set of runs, and the credentials they were issued. Read only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.connections.database import Sessions
from app.credentials.lineage import CredentialKind
from app.credentials.tables import AttemptRow, CredentialRow, RunRow, RunState, table_of

RUN, ATTEMPT, CREDENTIAL = table_of(RunRow), table_of(AttemptRow), table_of(CredentialRow)
ENDED = (RunState.COMPLETED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class RecordedCredential:
    """One credential of a run as recorded, with the time its run started."""

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

    @property
    def seconds_to_death(self) -> float:
        """From the start of the run until the credential was revoked or, if it was not, until it expires."""
        return ((self.revoked_at or self.expires_at) - self.run_started_at).total_seconds()


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
            reasons = select(RUN.c.waiting_reason).where(
                RUN.c.run_id.in_(run_ids),
                RUN.c.state == RunState.REQUESTED,
                RUN.c.waiting_reason.is_not(None),
            )
            return sorted(set(db.scalars(reasons)))

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
                )
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
