"""What a comparison of the three sides ends in: what the vault issued, what tools saw, and what is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Verdict(StrEnum):
    """How a comparison ends, never more than its premises allow."""

    PASS = "pass"  # noqa: S105  # a word, not a password
    FAIL = "fail"
    NOT_ESTABLISHED = "not established"


class Side(StrEnum):
    """Who says that a credential exists or was used."""

    VAULT = "vault"
    TOOL = "tool"
    RECORD = "record"


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """Something on one side that another side lacks or contradicts.

    `kind` is that of its alarm; `explanation` says why it needs none, as when a worker was killed before it recorded.
    """

    kind: str
    detail: str
    side: Side
    at: datetime
    system: str | None = None
    run_id: UUID | None = None
    attempt: int | None = None
    credential_id: UUID | None = None
    explanation: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciliation:
    """The three sides of a stretch of time, or of one run.

    `issued`, `used` and `recorded` count credentials: those the vault issued, those that tools saw, those with a record.
    `missing` names each premise that is not proven, in plain words; with one, nothing passes.
    """

    since: datetime
    until: datetime
    issued: int
    used: int
    recorded: int
    leftovers: Sequence[Leftover]
    missing: Sequence[str]

    @property
    def unexplained(self) -> list[Leftover]:
        """The leftovers that are alarms."""
        return [leftover for leftover in self.leftovers if leftover.explanation is None]

    @property
    def verdict(self) -> Verdict:
        """FAIL with any unexplained leftover; PASS only if nothing is missing either."""
        if self.unexplained:
            return Verdict.FAIL
        return Verdict.NOT_ESTABLISHED if self.missing else Verdict.PASS

    @property
    def stated(self) -> str:
        """The verdict with its reason, such as "not established: the vault's log is not read"."""
        match self.verdict:
            case Verdict.FAIL:
                return f"{Verdict.FAIL}: {len(self.unexplained):,} left over without an explanation"
            case Verdict.NOT_ESTABLISHED:
                return f"{Verdict.NOT_ESTABLISHED}: {'; '.join(self.missing)}"
            case Verdict.PASS:
                return Verdict.PASS
