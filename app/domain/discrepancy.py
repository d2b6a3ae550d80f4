"""What a rule finds, in words an officer can act on. The tool advises; the officer decides."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.domain.casefile import CaseFile, EvidenceOf, Source
from app.domain.facts import Fact


class Severity(StrEnum):
    """Blocking: not to be signed before it is resolved or a determination is on file. Advisory: to be looked at."""

    BLOCKING = "blocking"
    ADVISORY = "advisory"


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedValue:
    """One of the values set side by side. `evidence_id` is None for what the action itself says."""

    source: str
    label: str
    value: str
    evidence_id: UUID | None = None
    record_key: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Discrepancy:
    """One finding. `subject` is what it is about: a UEI, a PIID, a document of a PIID, or a source."""

    rule: str
    version: int
    title: str
    severity: Severity
    subject: str
    values: tuple[ComparedValue, ...]
    because: str
    authority: str
    recommended: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One check: which sources it needs, and the generator that makes it."""

    id: str
    title: str
    version: int
    sources: tuple[Source, ...]
    authority: str
    recommended: str
    check: Callable[["Rule", CaseFile], Iterator[Discrepancy]]

    def found(
        self, *, severity: Severity, subject: str, values: tuple[ComparedValue, ...], because: str
    ) -> Discrepancy:
        """A finding of this rule."""
        return Discrepancy(
            rule=self.id,
            version=self.version,
            title=self.title,
            severity=severity,
            subject=subject,
            values=values,
            because=because,
            authority=self.authority,
            recommended=self.recommended,
        )


def stated(evidence: EvidenceOf[Fact], label: str, value: str) -> ComparedValue:
    """A value with the evidence it comes from."""
    return ComparedValue(
        source=evidence.source.value,
        label=label,
        value=value,
        evidence_id=evidence.evidence_id,
        record_key=evidence.record_key,
    )


def proposed(label: str, value: str) -> ComparedValue:
    """A value the action itself states."""
    return ComparedValue(source="action", label=label, value=value)
