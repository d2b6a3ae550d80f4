"""The facts of one run, where each came from, and what could not be asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar, cast
from uuid import UUID

from app.domain.facts import Fact
from app.domain.procurement import ProcurementAction


class Source(StrEnum):
    """The five systems."""

    SAM_GOV = "sam-gov"
    DEBARMENT = "debarment"
    CONTRACTS = "contracts"
    DOCUMENTS = "documents"
    LEDGER = "ledger"


Fact_co = TypeVar("Fact_co", bound=Fact, covariant=True)
Kind = TypeVar("Kind", bound=Fact)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One fact as a source stated it; `record_key` is the source's own, `pulled_at` is UTC."""

    evidence_id: UUID
    source: Source
    record_key: str
    fact: Fact
    pulled_at: datetime


class EvidenceOf(Protocol[Fact_co]):
    """Evidence whose fact is known to be of one kind."""

    @property
    def evidence_id(self) -> UUID: ...
    @property
    def source(self) -> Source: ...
    @property
    def record_key(self) -> str: ...
    @property
    def fact(self) -> Fact_co: ...
    @property
    def pulled_at(self) -> datetime: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A source that did not answer, and why."""

    source: Source
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseFile:
    """Everything the rules look at."""

    action: ProcurementAction
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def of(self, kind: type[Kind]) -> tuple[EvidenceOf[Kind], ...]:
        """The evidence whose fact is of this kind, by record key: answers come in any order."""
        found = (item for item in self.evidence if isinstance(item.fact, kind))
        ordered = sorted(found, key=lambda item: (item.record_key, repr(item.fact)))
        return tuple(cast("EvidenceOf[Kind]", item) for item in ordered)

    def answered(self, source: Source) -> bool:
        """Whether the source was asked with success; silence is never an answer."""
        return all(gap.source is not source for gap in self.gaps)
