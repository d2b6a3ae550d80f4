"""What lies in the contract file: for this action, for the contract, under its vehicle."""

from collections.abc import Iterable
from datetime import date

from app.domain.casefile import CaseFile, EvidenceOf, once
from app.domain.facts import FiledDocument
from app.domain.procurement import ProcurementAction
from app.domain.rules.history import is_action, is_contract

Filed = EvidenceOf[FiledDocument]

AWARD_INSTRUMENTS = ("SF-1449", "SF-26", "SF-33", "OF-347")
CHANGE_INSTRUMENTS = ("SF-30",)
INSTRUMENTS = (*AWARD_INSTRUMENTS, *CHANGE_INSTRUMENTS)


def instrument_types(action: ProcurementAction) -> tuple[str, ...]:
    """The forms that put this action into effect."""
    return AWARD_INSTRUMENTS if action.is_new else CHANGE_INSTRUMENTS


@once
def filed(case: CaseFile) -> list[Filed]:
    """Everything filed for this very award or modification, of whatever status."""
    return [item for item in case.of(FiledDocument) if is_action(case, item.fact)]


@once
def final(case: CaseFile) -> list[Filed]:
    """What is final in the whole file of the contract, its other modifications included."""
    return [item for item in case.of(FiledDocument) if is_contract(case, item.fact) and _final(item)]


@once
def final_of_vehicle(case: CaseFile) -> list[Filed]:
    """What is final in the file of the vehicle that the order is placed under."""
    wanted = case.action.referenced_idv
    return [item for item in case.of(FiledDocument) if item.fact.piid == wanted and _final(item)]


@once
def instruments(case: CaseFile) -> list[Filed]:
    """The final award instruments (or modifications) filed for this action, signed or not."""
    types = instrument_types(case.action)
    return [item for item in filed(case) if item.fact.doc_type in types and _final(item)]


@once
def signed_on(case: CaseFile) -> date | None:
    """The day the contracting officer signed the instrument of this action, the first where there are several."""
    return min((item.fact.co_signed for item in instruments(case) if item.fact.co_signed), default=None)


def holding(items: Iterable[Filed], doc_type: str) -> list[Filed]:
    """Those documents that are of this type, hold its content as a combined memo does, or point to it."""
    return [item for item in items if doc_type == item.fact.doc_type or doc_type in item.fact.covers]


def _final(item: Filed) -> bool:
    return item.fact.status == "final"
