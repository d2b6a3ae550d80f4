"""The contract's reports in the order they were signed, and what belongs to the contract at all."""

import re
from collections.abc import Iterable
from datetime import date

from app.domain.casefile import CaseFile, EvidenceOf, once
from app.domain.facts import FiledDocument, ObligationLine, ReportedAction

Report = EvidenceOf[ReportedAction]

_SERIES = re.compile(r"([A-Z]*)0*(\d+)")


def is_contract(case: CaseFile, fact: ReportedAction | FiledDocument | ObligationLine) -> bool:
    """Whether a fact is about this contract: an order number is told apart by the vehicle it stands under."""
    action = case.action
    if fact.piid != action.piid:
        return False
    wanted = action.referenced_idv
    return wanted is None or getattr(fact, "referenced_idv", None) in {None, wanted}


def is_action(case: CaseFile, fact: ReportedAction | FiledDocument | ObligationLine) -> bool:
    """Whether a fact is about this very award or modification."""
    return is_contract(case, fact) and (fact.modification or "0") == case.action.modification_number


@once
def reports(case: CaseFile) -> list[Report]:
    """The final reports of this contract, the oldest first; drafts and deleted reports do not count."""
    return _by_age(item for item in case.of(ReportedAction) if is_contract(case, item.fact) and _final(item))


@once
def own_reports(case: CaseFile) -> list[Report]:
    """The final reports of this very award or modification."""
    return [item for item in reports(case) if is_action(case, item.fact)]


@once
def earlier_reports(case: CaseFile) -> list[Report]:
    """The final reports of the contract but for those of this action."""
    return [item for item in reports(case) if not is_action(case, item.fact)]


@once
def award_report(case: CaseFile) -> Report | None:
    """The report of the award itself."""
    return next((item for item in reports(case) if item.fact.modification == "0"), None)


@once
def coding_report(case: CaseFile) -> Report | None:
    """The report whose codes hold for this action: its own, else that of the award."""
    own = own_reports(case)
    return own[-1] if own else award_report(case)


@once
def vehicle_reports(case: CaseFile) -> list[Report]:
    """The final reports of the vehicle that the order is placed under, the oldest first."""
    wanted = case.action.referenced_idv
    return _by_age(item for item in case.of(ReportedAction) if wanted == item.fact.piid and _final(item))


@once
def contract_lines(case: CaseFile) -> list[EvidenceOf[ObligationLine]]:
    """The ledger's lines for this contract."""
    return [line for line in case.of(ObligationLine) if is_contract(case, line.fact)]


@once
def own_lines(case: CaseFile) -> list[EvidenceOf[ObligationLine]]:
    """The ledger's lines for this very award or modification."""
    return [line for line in contract_lines(case) if is_action(case, line.fact)]


def series(modification: str) -> tuple[str, int] | None:
    """The series a modification number belongs to and its place in it: ("P", 3); None for the award or other forms."""
    found = _SERIES.fullmatch(modification.strip().upper())
    return (found[1], int(found[2])) if found and found[1] else None


def _final(item: Report) -> bool:
    return item.fact.status == "final"


def _by_age(items: Iterable[Report]) -> list[Report]:
    return sorted(items, key=_age)


def _age(item: Report) -> tuple[bool, date, str, str]:
    """The award first; what has no date of signature ranks by number after what has one."""
    fact = item.fact
    return fact.modification != "0", fact.signed or date.max, fact.modification, item.record_key
