"""What a rule is: one check, how grave its findings are, and what officers read about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.procurement.action import ActionType, ProcurementAction
from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, ComparedValue, Finding, Match, Severity
from app.procurement.systems import Source


class FindingKind(StrEnum):
    """What the findings of a rule are.

    Sources state the same thing differently; two records are about the same party; something is not known; or something
    required is not so.
    """

    DIFFERENCE = "difference"
    MATCH = "match"
    GAP = "gap"
    CONDITION = "condition"


@dataclass(frozen=True, kw_only=True, slots=True)
class Severities:
    """The usual severity by action type; None where the rule does not look at that type at all."""

    new_award: Severity | None
    modification: Severity | None
    option: Severity | None

    @classmethod
    def always(cls, severity: Severity) -> "Severities":
        """The same severity for every action type."""
        return cls(new_award=severity, modification=severity, option=severity)

    def of(self, action: ProcurementAction) -> Severity | None:
        """The usual severity for this action."""
        return self.of_type(action.action_type)

    def of_type(self, kind: ActionType) -> Severity | None:
        """The usual severity for actions of this type."""
        if kind is ActionType.NEW_AWARD:
            return self.new_award
        return self.option if kind is ActionType.OPTION else self.modification


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One check: what it compares, which sources it needs, and the generator that makes it.

    It runs only when all of `sources` answered; `helped_by` are sources it can do without, at a loss. `traps` are the
    cases that look like a finding and are none, or a lesser one. `comparison` and `traps` are for an officer to read.

    `side` returns the side of the comparison that an amount with this label adds to, None for an amount that is not
    compared; without it no amounts are compared.
    """

    id: str
    title: str
    version: int
    sources: tuple[Source, ...]
    severities: Severities
    authority: Authority
    comparison: str
    traps: tuple[str, ...]
    recommended: str
    check: Callable[["Rule", CaseFile], Iterator[Finding]]
    helped_by: tuple[Source, ...] = ()
    kind: FindingKind = FindingKind.DIFFERENCE
    side: Callable[[str], str | None] | None = None

    def finding(
        self,
        *,
        severity: Severity,
        subject: str,
        values: tuple[ComparedValue, ...],
        because: str,
        match: Match | None = None,
        authority: Authority | None = None,
    ) -> Finding:
        """A finding of this rule; `authority` replaces that of the rule where more supports the finding."""
        return Finding(
            rule=self.id,
            version=self.version,
            title=self.title,
            severity=severity,
            subject=subject,
            values=values,
            because=because,
            authority=authority or self.authority,
            recommended=self.recommended,
            match=match,
        )
