"""The content of the contract file of one action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.credentials.ending import Endings
from app.credentials.tables import (
    AttemptEndRow,
    AttemptRow,
    CallRow,
    CredentialRow,
    DenialRow,
    RunRow,
    StepRow,
)
from app.credentials.vault_tables import VaultEventRow
from app.reconciliation.verdict import Reconciliation
from app.review.flag_history import Event
from app.review.flag_lineage import Stretch
from app.review.queries.next_run import NextRun
from app.review.queries.plans import Plan, plans_of
from app.review.sign_off import SignOff
from app.store.tables import ActionRow, ComparedValueRow, EvidenceRow, FlagRow


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledValue:
    """A compared value and the fact behind it. `evidence` is None for a value of the action or the rules."""

    value: ComparedValueRow
    evidence: EvidenceRow | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledFlag:
    """A finding with its values and its history, each event with its stored digest, oldest first.

    `remembered` is the history of the earlier flag on the same fact that answers this one, empty without one. `earlier`
    are the flags before this one on its fact that have events, oldest first.
    """

    flag: FlagRow
    values: Sequence[FiledValue]
    history: Sequence[tuple[Event, str]]
    remembered: Sequence[tuple[Event, str]]
    earlier: Sequence[Stretch] = ()

    @property
    def own(self) -> Stretch:
        """The history with what it is checked against."""
        row = self.flag
        return Stretch(
            flag_id=row.flag_id,
            run_id=row.run_id,
            raised_at=row.raised_at,
            version=row.version,
            carried=0,
            events=self.history,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledRun:
    """A run with its full lineage; `ends` and `unrecorded` as in `app.review.queries.runs.RunPage`.

    `compared` is what vault, tools and records showed of it at the export; None if they were not compared.
    """

    run: RunRow
    attempts: Sequence[AttemptRow]
    ends: Sequence[AttemptEndRow]
    unrecorded: Sequence[VaultEventRow]
    steps: Sequence[StepRow]
    credentials: Sequence[CredentialRow]
    denials: Sequence[DenialRow]
    calls: Sequence[CallRow]
    compared: Reconciliation | None = None

    @property
    def plan(self) -> Plan | None:
        """The plan of the newest attempt, or None."""
        return next((plan for plan in plans_of(self.steps) if plan.attempt == self.run.attempt), None)

    def endings(self, now: datetime) -> Endings:
        """How its tokens and credentials ended by `now`."""
        return Endings.of(self.attempts, self.ends, now)

    def calls_of(self, credential: CredentialRow) -> list[CallRow]:
        """The calls made with one credential, in order."""
        return [call for call in self.calls if call.credential_id == credential.credential_id]


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionFile:
    """One action with its latest completed run and every earlier run whose flags officers dealt with, newest first.

    `flags` are those of the latest completed run, and the earlier ones that officers did more with than assign.
    `other_runs` are the newest of the action's other runs; `more_runs` is the number of those left out. `next` is the
    run of any action that started after the latest one. `kept` gives the size in bytes of each raw answer by the
    id of its call. `sign_off` is the answer at the export, without the export itself.
    """

    action: ActionRow
    sign_off: SignOff
    latest: UUID | None
    runs: Sequence[FiledRun]
    other_runs: Sequence[RunRow]
    more_runs: int
    next: NextRun | None
    flags: Sequence[FiledFlag]
    kept: Mapping[UUID, int]
