"""What a rule finds, in words an officer can act on. The tool advises; the officer decides."""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.procurement.case_file import EvidenceOf
from app.procurement.facts import Fact
from app.procurement.systems import Source

#: The rule whose findings are checks that were not performed.
NOT_PERFORMED = "S01"


class Severity(StrEnum):
    """Blocking: not to be signed before it is resolved or a determination is on file. Advisory: to be reviewed."""

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
class Authority:
    """Where a rule comes from, in both versions of the FAR in force: codified, and the 2025 overhaul (RFO)."""

    codified: str
    rfo: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """How sure a match by name is: `score` from 0 to 1, and what was compared."""

    score: float
    compared: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding. `subject` is what it is about: a UEI, a PIID, a document of a PIID, a source, or a rule."""

    rule: str
    version: int
    title: str
    severity: Severity
    subject: str
    values: tuple[ComparedValue, ...]
    because: str
    authority: Authority
    recommended: str
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class Defect:
    """One of several defects that a finding names together; not `certain` where there may be an innocent explanation."""

    words: str
    values: tuple[ComparedValue, ...]
    certain: bool = True


def value_from(evidence: EvidenceOf[Fact], label: str, value: str) -> ComparedValue:
    """A value with the evidence it comes from."""
    return ComparedValue(
        source=evidence.source.value,
        label=label,
        value=value,
        evidence_id=evidence.evidence_id,
        record_key=evidence.record_key,
    )


def value_of_action(label: str, value: str) -> ComparedValue:
    """A value the action itself states."""
    return ComparedValue(source="action", label=label, value=value)


def no_value(source: Source, label: str) -> ComparedValue:
    """What a source that answered does not have: the empty side of a comparison."""
    return ComparedValue(source=source.value, label=label, value="none")


def fact_key(found: Finding) -> str:
    """SHA-256 (hex) of the fact a finding states: rule, subject and the values compared, whatever run found it."""
    values = sorted((value.source, value.label, value.value) for value in found.values)
    parts = json.dumps([found.rule, found.subject, values], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(parts.encode()).hexdigest()
