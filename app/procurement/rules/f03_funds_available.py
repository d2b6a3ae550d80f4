"""F03: the appropriations an action is charged to are available for its purchase on its day."""

from collections import defaultdict
from collections.abc import Iterator

from app.procurement.action import ProcurementAction
from app.procurement.case_file import CaseFile
from app.procurement.federal_time import fiscal_year
from app.procurement.finding import Authority, Finding, Severity, value_of_action
from app.procurement.instrument_numbers import same_modification
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.appropriations import Charge, charges
from app.procurement.rules.support.file_documents import on_file
from app.procurement.systems import Source

#: Reasons for modification that take on something new: additional work, the exercise of an option.
NEW_WORK = frozenset({"A", "G"})
_ADJUSTMENT = (
    " A price adjustment within the scope of the contract may be charged to the year the work was ordered in."
)


def not_available(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """F03: a new obligation is charged to an appropriation that is not available on the day of the action.

    31 U.S.C. 1502, 1552-1553; FAR 32.703-3; RFO 32.703-3. Exercising an option is a new obligation. What stays within
    scope relates back to the original year, so it is advisory; cancelled funds pay for nothing.
    """
    action = case.action
    if action.amount <= 0:
        return
    year = fiscal_year(action.effective_date)
    if all(_is_open(charge, action, year) for charge in charges(case)):
        return
    groups: defaultdict[str, list[Charge]] = defaultdict(list)
    for charge in charges(case):
        groups[charge.name].append(charge)
    for name, group in sorted(groups.items()):
        cancelled = any(charge.fund_status == "cancelled" for charge in group)
        problem = "is cancelled in the ledger" if cancelled else _problem(group, action, year)
        if problem is None:
            continue
        relates_back = "" if cancelled or problem.startswith("opens") else _relation(case)
        yield rule.finding(
            severity=Severity.ADVISORY if relates_back else Severity.BLOCKING,
            subject=f"{action.piid}:{name}",
            values=(
                value_of_action("day of the action", f"{action.effective_date}, fiscal year {year}"),
                *(charge.value for charge in group),
            ),
            because=f"The action takes effect on {action.effective_date}, in fiscal year {year}; appropriation"
            f" {name} {problem}.{relates_back}",
        )


def _is_open(charge: Charge, action: ProcurementAction, year: int) -> bool:
    return charge.fund_status != "cancelled" and _problem([charge], action, year) is None


def _problem(group: list[Charge], action: ProcurementAction, year: int) -> str | None:
    """Why this appropriation is not open; where its years are not stated, its status in the ledger."""
    tas = group[0].tas
    if tas is None:
        expired = any(charge.fund_status == "expired" and charge.fund_type != "no-year" for charge in group)
        return "is expired in the ledger" if expired else None
    if tas.available_to is not None and tas.available_to < year:
        return f"was open for new obligations through fiscal year {tas.available_to}"
    if (tas.available_from or year) > year and "52.232-18" not in action.clauses:
        return f"opens for obligations with fiscal year {tas.available_from}"
    return None


def _relation(case: CaseFile) -> str:
    """Why an older year may be the right one, or nothing where the action is a new obligation."""
    action = case.action
    if action.replaces is not None:
        return (
            f" A replacement of the terminated contract {action.replaces} may be charged to the year of"
            " that contract."
        )
    if not action.is_modification or action.reason in NEW_WORK or _justified(case):
        return ""
    return _ADJUSTMENT


def _justified(case: CaseFile) -> bool:
    """A justification filed for this modification says that its scope is new."""
    own = case.action.modification_number
    return any(same_modification(item.fact.modification, own) for item in on_file(case, "JA"))


F03 = Rule(
    id="F03",
    title="Fund not available for this need",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.LEDGER,),
    helped_by=(Source.DOCUMENTS,),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(
        codified="FAR 32.703-3; 31 U.S.C. 1502, 1552-1553", rfo="RFO 32.703-3; 31 U.S.C. 1502, 1552-1553"
    ),
    comparison="Years an appropriation is open, and its status in the ledger, against the fiscal year of the action.",
    traps=(
        "A price adjustment within scope relates back to the original year: advisory.",
        "A change with a justification on file is new scope: blocking.",
        "No-year funds (X) never expire; cancelled funds pay for nothing.",
        "The exercise of an option is a new obligation.",
        "Multi-year funds are open in every year they name.",
        "30 September, Eastern time, belongs to the year that ends.",
        "A replacement contract may use the funds of the terminated one: advisory.",
        "Next year's funds with clause 52.232-18 are no finding.",
        "A de-obligation is no new obligation.",
    ),
    recommended="Ask for a fiscal law review before signature.",
    check=not_available,
)
