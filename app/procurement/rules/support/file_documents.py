"""The documents in the contract file: for this action, for the contract, under its vehicle."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from app.procurement.action import ProcurementAction
from app.procurement.case_file import CaseFile, EvidenceOf, cached_per_case
from app.procurement.contract_facts import FiledDocument
from app.procurement.instrument_numbers import same_contract
from app.procurement.names import normalised
from app.procurement.rules.support.contract_history import of_action, of_contract

Filed = EvidenceOf[FiledDocument]

AWARD_INSTRUMENTS = ("SF-1449", "SF-26", "SF-33", "OF-347")
CHANGE_INSTRUMENTS = ("SF-30",)
INSTRUMENTS = (*AWARD_INSTRUMENTS, *CHANGE_INSTRUMENTS)


#: Words of the offices that people who sign hold, and words that stand with these.
_OFFICES = frozenset({
    "AGENT", "CHIEF", "CONTRACTING", "CONTRACTOR", "CONTRACTORS", "DIRECTOR", "MANAGER", "MANAGING", "MEMBER", "OFFICER", "OFFEROR",
    "OFFICIAL", "OWNER", "PARTNER", "PRESIDENT", "PRINCIPAL", "REPRESENTATIVE", "SECRETARY", "SIGNATORY", "SIGNER",
    "SPECIALIST", "TREASURER",
})  # fmt: skip
_BESIDE = frozenset({
    "ADMINISTRATIVE", "AND", "AUTHORIZED", "CONTRACT", "CONTRACTS", "EXECUTIVE", "FINANCIAL", "GENERAL", "OF", "OPERATING",
    "OPERATIONS", "S", "SENIOR", "THE", "VICE",
})  # fmt: skip
#: Such as those of the chief financial and operating officers.
_SHORT_OFFICE = re.compile(r"C[A-Z]{1,2}O")
_BEFORE_TITLE = re.compile(r",\s|\s[-–—]\s")  # a dash is what people type there


def persons_of(document: FiledDocument) -> list[str]:
    """The persons who signed, each once, without a title. A signature by office alone names no person."""
    names = (_BEFORE_TITLE.split(text.strip()) for text in sorted(set(document.signatories)))
    persons = (", ".join(part for part in parts if not _is_office(part)) for parts in names)
    return [person for person in dict.fromkeys(persons) if person]


def _is_office(text: str) -> bool:
    words = {word for word in normalised(text).split() if not _SHORT_OFFICE.fullmatch(word)}
    return words <= _BESIDE | _OFFICES and (not words or not words.isdisjoint(_OFFICES))


def instrument_types(action: ProcurementAction) -> tuple[str, ...]:
    """The forms that put this action into effect."""
    return AWARD_INSTRUMENTS if action.is_new else CHANGE_INSTRUMENTS


@cached_per_case
def _of_contract(case: CaseFile) -> list[Filed]:
    return of_contract(case, FiledDocument)


@cached_per_case
def filed(case: CaseFile) -> list[Filed]:
    """Everything filed for this very award or modification, of whatever status."""
    return of_action(case, _of_contract(case))


@cached_per_case
def final(case: CaseFile) -> list[Filed]:
    """What is final in the whole file of the contract, its other modifications included."""
    return [item for item in _of_contract(case) if item.fact.status == "final"]


@cached_per_case
def final_of_vehicle(case: CaseFile) -> list[Filed]:
    """What is final in the file of the vehicle that the order is placed under."""
    wanted = case.action.referenced_idv
    found = case.of(FiledDocument) if wanted is not None else ()
    return [item for item in found if same_contract(item.fact.piid, wanted) and item.fact.status == "final"]


@cached_per_case
def _final_by_type(case: CaseFile) -> dict[str, list[Filed]]:
    """A document stands under its type and under those whose content it holds or points to."""
    types: defaultdict[str, list[Filed]] = defaultdict(list)
    for item in final(case):
        for doc_type in {item.fact.doc_type, *item.fact.covers}:
            types[doc_type].append(item)
    return types


def on_file(case: CaseFile, doc_type: str) -> list[Filed]:
    """What is final in the file of the contract and of this type, or holds its content, or points to it."""
    return _final_by_type(case).get(doc_type, [])


def on_file_here_or_above(case: CaseFile, doc_type: str) -> list[Filed]:
    """Likewise, for an order with what is in the file of its vehicle."""
    own = on_file(case, doc_type)
    return own + holding(final_of_vehicle(case), doc_type) if case.action.is_order else own


@cached_per_case
def instruments(case: CaseFile) -> list[Filed]:
    """The final award instruments (or modifications) filed for this action, signed or not."""
    types = instrument_types(case.action)
    return [item for item in filed(case) if item.fact.doc_type in types and item.fact.status == "final"]


@cached_per_case
def signed_on(case: CaseFile) -> date | None:
    """The day the contracting officer signed the instrument of this action, the first where there are several."""
    return min((item.fact.co_signed for item in instruments(case) if item.fact.co_signed), default=None)


def holding(items: Iterable[Filed], doc_type: str) -> list[Filed]:
    """Those documents that are of this type, hold its content as a combined memo does, or point to it."""
    return [item for item in items if doc_type == item.fact.doc_type or doc_type in item.fact.covers]
