"""The appropriations an action is charged to, by everyone who names them, written one way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from app.domain.casefile import CaseFile, EvidenceOf, once
from app.domain.discrepancy import ComparedValue, stated
from app.domain.facts import Commitment, FiledDocument, ObligationLine, Tas
from app.domain.rules.filed import instruments
from app.domain.rules.history import is_action


@dataclass(frozen=True, slots=True)
class Charge:
    """An appropriation the action is charged to, what the ledger knows about it, and who says so."""

    tas: Tas | None
    fund_type: str | None
    fund_status: str | None
    value: ComparedValue

    @property
    def name(self) -> str:
        """The symbol, or the kind of fund where the symbol is not stated."""
        return str(self.tas) if self.tas else f"{self.fund_type or 'a'} fund, symbol not stated"


@lru_cache(maxsize=256)
def uniform(tas: Tas) -> Tas:
    """A symbol with its leading zeros, sub-account 000 for none, and no transfer to the agency itself."""
    agency = tas.agency.strip().zfill(3)
    transfer = (tas.allocation_transfer or "").strip()
    return replace(
        tas,
        agency=agency,
        main=tas.main.strip().zfill(4),
        sub=(tas.sub or "").strip().zfill(3),
        allocation_transfer=None if not transfer or transfer.zfill(3) == agency else transfer.zfill(3),
    )


@once
def own_lines(case: CaseFile) -> list[EvidenceOf[ObligationLine]]:
    """The ledger's lines for this very action."""
    return [line for line in case.of(ObligationLine) if is_action(case, line.fact)]


@once
def charges(case: CaseFile) -> tuple[Charge, ...]:
    """What commitments, ledger lines and instruments of this action are charged to."""
    return tuple(_charges(case))


def _charges(case: CaseFile) -> Iterator[Charge]:
    for request in case.of(Commitment):
        if request.fact.tas and request.fact.status != "withdrawn":
            tas = uniform(request.fact.tas)
            label = f"appropriation of commitment {request.fact.pr_number}"
            yield Charge(tas, None, None, stated(request, label, str(tas)))
    for line in own_lines(case):
        yield _of_line(line)
    for document in instruments(case):
        yield from _of_document(document)


def _of_line(line: EvidenceOf[ObligationLine]) -> Charge:
    fact = line.fact
    tas = uniform(fact.tas) if fact.tas else None
    known = [str(tas) if tas else None, fact.fund_type, fact.fund_status]
    value = ", ".join(part for part in known if part) or "not stated"
    label = f"appropriation of ledger line {fact.acrn or fact.document_number}"
    return Charge(tas, fact.fund_type, fact.fund_status, stated(line, label, value))


def _of_document(document: EvidenceOf[FiledDocument]) -> Iterator[Charge]:
    for printed in document.fact.accounting:
        tas = uniform(printed.tas)
        label = f"appropriation printed on {document.fact.doc_type}"
        label += f", ACRN {printed.acrn}" if printed.acrn else ""
        yield Charge(tas, None, None, stated(document, label, str(tas)))
