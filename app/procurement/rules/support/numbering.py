"""Which reports and documents belong to a contract under all the PIIDs it has had, and how modifications are numbered."""

from functools import lru_cache

from app.procurement.case_file import CaseFile, cached_per_case
from app.procurement.contract_facts import FiledDocument, ReportedAction
from app.procurement.rules.support.contract_history import Report, series
from app.procurement.rules.support.file_documents import Filed

_WIDTH = 6
#: What is longer than this is no modification number, and is worked out anew.
_LONGEST = 16


def rows_of(case: CaseFile) -> list[Report]:
    """All reports of the contract, of whatever status and under any PIID it has had."""
    everything = case.of(ReportedAction)
    piids = piids_of(case)
    idv = case.action.referenced_idv
    return [
        item
        for item in everything
        if item.fact.piid in piids and (idv is None or item.fact.referenced_idv in {None, idv})
    ]


@cached_per_case
def piids_of(case: CaseFile) -> set[str]:
    """Every PIID the contract has had: a change of PIID names the old one."""
    changes = {(item.fact.piid, item.fact.old_piid) for item in case.of(ReportedAction) if item.fact.old_piid}
    piids = {case.action.piid}
    for _ in changes:
        for new, old in changes:
            if piids & {new, old}:
                piids |= {new, old or new}
    return piids


def documents_of(case: CaseFile) -> list[Filed]:
    """All documents of the contract, likewise."""
    piids = piids_of(case)
    return [item for item in case.of(FiledDocument) if item.fact.piid in piids]


def label_of(modification: str | None) -> str:
    """One way of writing a number: "p1" and "P00001" are the same."""
    text = modification or "0"
    return _label(text) if len(text) <= _LONGEST else _label.__wrapped__(text)


# The same numbers come back with each rule and each run; texts of any length are not kept.
@lru_cache(maxsize=1024)
def _label(text: str) -> str:
    place = series(text)
    return number_of(*place) if place else text.strip().upper()


def number_of(letters: str, place: int) -> str:
    """The number at this place of a series, in six characters."""
    return f"{letters}{place:0{max(_WIDTH - len(letters), 1)}d}"
