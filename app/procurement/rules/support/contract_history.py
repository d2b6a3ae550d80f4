"""The contract's reports in the order of signature, and which facts belong to the contract."""

from datetime import date
from typing import TypeVar

from app.procurement.case_file import CaseFile, EvidenceOf, cached_per_case
from app.procurement.contract_facts import FiledDocument, ObligationLine, ReportedAction
from app.procurement.instrument_numbers import (
    AWARD,
    is_short,
    modification_label,
    plain_number,
    same_contract,
    same_modification,
    series,
)

Report = EvidenceOf[ReportedAction]
BookedLine = EvidenceOf[ObligationLine]
ContractFact = TypeVar("ContractFact", ReportedAction, FiledDocument, ObligationLine)


def of_contract(case: CaseFile, kind: type[ContractFact]) -> list[EvidenceOf[ContractFact]]:
    """The facts about this contract; an order number is unique only under its vehicle."""
    piid, vehicle = case.action.piid, case.action.referenced_idv
    found = [item for item in case.of(kind) if same_contract(item.fact.piid, piid)]
    return found if vehicle is None else [item for item in found if under(vehicle, item.fact)]


def under(vehicle: str, fact: ReportedAction | FiledDocument | ObligationLine) -> bool:
    """Whether a fact about an order is about one under this vehicle, as far as it names one."""
    named = getattr(fact, "referenced_idv", None)
    return named is None or same_contract(named, vehicle)


def of_action(case: CaseFile, items: list[EvidenceOf[ContractFact]]) -> list[EvidenceOf[ContractFact]]:
    """Those of the contract's facts that are about this very award or modification."""
    number = case.action.modification_number
    return [item for item in items if same_modification(item.fact.modification, number)]


def is_own(case: CaseFile, fact: ReportedAction | ObligationLine) -> bool:
    """Whether a fact of the contract is about this very award or modification."""
    return same_modification(fact.modification, case.action.modification_number)


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
    return [item for item in reports(case) if not is_own(case, item.fact)]


@cached_per_case
def award_report(case: CaseFile) -> Report | None:
    """The report of the award itself."""
    return next((item for item in reports(case) if same_modification(item.fact.modification, AWARD)), None)


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
    found = [item for item in case.of(ReportedAction) if same_contract(item.fact.piid, wanted)]
    return _by_age([item for item in found if item.fact.status == "final"])


@cached_per_case
def contract_lines(case: CaseFile) -> list[BookedLine]:
    """The ledger's lines for this contract.

    The ledger does not name vehicles. Many have an order 0001, so of such a number those lines are left out whose document
    is numbered after another contract.
    """
    lines, vehicle = of_contract(case, ObligationLine), case.action.referenced_idv
    if vehicle is None or not is_short(case.action.piid):
        return lines
    own = (plain_number(vehicle), plain_number(case.action.piid))
    return [line for line in lines if plain_number(line.fact.document_number).startswith(own)]


@cached_per_case
def own_lines(case: CaseFile) -> list[BookedLine]:
    """The ledger's lines for this very award or modification."""
    return of_action(case, contract_lines(case))


def _by_age(items: list[Report]) -> list[Report]:
    return sorted(items, key=_age) if len(items) > 1 else items


def _age(item: Report) -> tuple[bool, date, tuple[str, int, str], str]:
    """The award first; what has no date of signature ranks by number after what has one."""
    fact = item.fact
    number = modification_label(fact.modification)
    return number != AWARD, fact.signed or date.max, _in_order(number), item.record_key


def _in_order(number: str) -> tuple[str, int, str]:
    """By series and place in it: "10" comes after "9"."""
    letters, place = series(number) or ("", 0)
    return letters, place, number
