"""The contract's reports in the order of signature, and which facts belong to the contract."""

import re
from datetime import date
from typing import TypeVar

from app.procurement.case_file import CaseFile, EvidenceOf, cached_per_case
from app.procurement.contract_facts import FiledDocument, ObligationLine, ReportedAction

Report = EvidenceOf[ReportedAction]
BookedLine = EvidenceOf[ObligationLine]
ContractFact = TypeVar("ContractFact", ReportedAction, FiledDocument, ObligationLine)

_SERIES = re.compile(r"([A-Z]*)0*(\d+)")


def of_contract(case: CaseFile, kind: type[ContractFact]) -> list[EvidenceOf[ContractFact]]:
    """The facts about this contract; an order number is unique only under its vehicle."""
    piid, vehicle = case.action.piid, case.action.referenced_idv
    found = [item for item in case.of(kind) if item.fact.piid == piid]
    if vehicle is None:
        return found
    return [item for item in found if getattr(item.fact, "referenced_idv", None) in {None, vehicle}]


def of_action(case: CaseFile, items: list[EvidenceOf[ContractFact]]) -> list[EvidenceOf[ContractFact]]:
    """Those of the contract's facts that are about this very award or modification."""
    number = case.action.modification_number
    return [item for item in items if (item.fact.modification or "0") == number]


def is_own(case: CaseFile, fact: ReportedAction | ObligationLine) -> bool:
    """Whether a fact of the contract is about this very award or modification."""
    return (fact.modification or "0") == case.action.modification_number


@cached_per_case
def reports(case: CaseFile) -> list[Report]:
    """The final reports of this contract, the oldest first; drafts and deleted reports do not count."""
    return _by_age([item for item in of_contract(case, ReportedAction) if item.fact.status == "final"])


@cached_per_case
def own_reports(case: CaseFile) -> list[Report]:
    """The final reports of this very award or modification."""
    return of_action(case, reports(case))


@cached_per_case
def earlier_reports(case: CaseFile) -> list[Report]:
    """The final reports of the contract but for those of this action."""
    number = case.action.modification_number
    return [item for item in reports(case) if (item.fact.modification or "0") != number]


@cached_per_case
def award_report(case: CaseFile) -> Report | None:
    """The report of the award itself."""
    return next((item for item in reports(case) if item.fact.modification == "0"), None)


@cached_per_case
def coding_report(case: CaseFile) -> Report | None:
    """The report whose codes hold for this action: its own, else that of the award."""
    own = own_reports(case)
    return own[-1] if own else award_report(case)


@cached_per_case
def vehicle_reports(case: CaseFile) -> list[Report]:
    """The final reports of the vehicle that the order is placed under, the oldest first."""
    wanted = case.action.referenced_idv
    if wanted is None:
        return []
    found = [item for item in case.of(ReportedAction) if item.fact.piid == wanted]
    return _by_age([item for item in found if item.fact.status == "final"])


@cached_per_case
def contract_lines(case: CaseFile) -> list[BookedLine]:
    """The ledger's lines for this contract."""
    return of_contract(case, ObligationLine)


@cached_per_case
def own_lines(case: CaseFile) -> list[BookedLine]:
    """The ledger's lines for this very award or modification."""
    return of_action(case, contract_lines(case))


def series(modification: str) -> tuple[str, int] | None:
    """The series a modification number belongs to and its place in it: ("P", 3); None for the award or other forms."""
    found = _SERIES.fullmatch(modification.strip().upper())
    return (found[1], int(found[2])) if found and found[1] else None


def _by_age(items: list[Report]) -> list[Report]:
    return sorted(items, key=_age) if len(items) > 1 else items


def _age(item: Report) -> tuple[bool, date, str, str]:
    """The award first; what has no date of signature ranks by number after what has one."""
    fact = item.fact
    return fact.modification != "0", fact.signed or date.max, fact.modification, item.record_key
