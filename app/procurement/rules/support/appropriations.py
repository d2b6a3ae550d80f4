"""The appropriations an action is charged to, as each source names them, in one notation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.procurement.case_file import CaseFile, EvidenceOf, cached_per_case
from app.procurement.contract_facts import Commitment, FiledDocument, ObligationLine, Tas
from app.procurement.finding import ComparedValue, value_from
from app.procurement.rules.support.contract_history import own_lines
from app.procurement.rules.support.file_documents import instruments

#: Agency, main account and sub-account as they are written in full.
_FULL = re.compile(r"\w{3}-\w{4}-\w{3}")


# Not frozen, which is quicker to make: every case has several.
@dataclass(slots=True)
class Charge:
    """An appropriation the action is charged to, its state in the ledger, and the evidence."""

    tas: Tas | None
    fund_type: str | None
    fund_status: str | None
    evidence: EvidenceOf[Commitment] | EvidenceOf[FiledDocument] | EvidenceOf[ObligationLine]
    #: What of the evidence is charged to it.
    part: str

    @property
    def value(self) -> ComparedValue:
        """As it is set beside other values."""
        stated = [str(self.tas) if self.tas else None, self.fund_type, self.fund_status]
        written = ", ".join(part for part in stated if part) or "not stated"
        return value_from(self.evidence, f"appropriation {self.part}", written)

    @property
    def name(self) -> str:
        """The symbol, or the kind of fund where the symbol is not stated."""
        return str(self.tas) if self.tas else f"{self.fund_type or 'a'} fund, symbol not stated"


def uniform(tas: Tas) -> Tas:
    """A symbol with its leading zeros, sub-account 000 for none, and no transfer to the agency itself."""
    if tas.allocation_transfer is None and _FULL.fullmatch(f"{tas.agency}-{tas.main}-{tas.sub}"):
        return tas
    agency = tas.agency.strip().zfill(3)
    transfer = (tas.allocation_transfer or "").strip()
    return replace(
        tas,
        agency=agency,
        main=tas.main.strip().zfill(4),
        sub=(tas.sub or "").strip().zfill(3),
        allocation_transfer=None if not transfer or transfer.zfill(3) == agency else transfer.zfill(3),
    )


@cached_per_case
def charges(case: CaseFile) -> tuple[Charge, ...]:
    """What commitments, ledger lines and instruments of this action are charged to."""
    return tuple(_charges(case))


def _charges(case: CaseFile) -> Iterator[Charge]:
    for request in case.of(Commitment):
        if request.fact.tas and request.fact.status != "withdrawn":
            part = f"of commitment {request.fact.pr_number}"
            yield Charge(uniform(request.fact.tas), None, None, request, part)
    for line in own_lines(case):
        fact = line.fact
        part = f"of ledger line {fact.acrn or fact.document_number}"
        yield Charge(uniform(fact.tas) if fact.tas else None, fact.fund_type, fact.fund_status, line, part)
    for document in instruments(case):
        for printed in document.fact.accounting:
            acrn = f", ACRN {printed.acrn}" if printed.acrn else ""
            part = f"printed on {document.fact.doc_type}{acrn}"
            yield Charge(uniform(printed.tas), None, None, document, part)
