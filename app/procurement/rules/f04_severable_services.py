"""F04: services are paid from one year's funds for a year at most."""

from collections.abc import Iterator

from app.procurement.action import ProcurementAction
from app.procurement.case_file import CaseFile
from app.procurement.federal_time import a_year_after
from app.procurement.finding import Authority, Finding, Severity, value_of_action
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.appropriations import Charge, charges
from app.procurement.rules.support.file_documents import instruments
from app.procurement.systems import Source

#: Construction and architect-engineer services: one end product, unless the action says otherwise.
ONE_END_PRODUCT = ("C", "Y")
#: Research, special studies, repair or alteration of buildings: often one end product.
OFTEN_ONE_END_PRODUCT = ("A", "B", "Z2")
#: Clauses that leave part of the period to funds of another year, or to funds allotted later.
FUNDED_IN_PARTS = ("52.232-18", "52.232-19", "52.232-22", "252.232-7007")


def longer_than_a_year(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """F04: severable services run for more than a year and are charged to annual funds.

    FAR 32.703-3(b); RFO 32.703-3(b); 41 U.S.C. 3902; 10 U.S.C. 3133. They may begin in one fiscal year and end in the
    next, if the period is a year at most.
    """
    action = case.action
    start, end = action.period_start, action.period_end
    if action.amount <= 0 or start is None or end is None:
        return
    limit, code = a_year_after(start), _service(case)
    if end < limit or code is None or _one_end_product(action, code):
        return
    annual = [charge for charge in charges(case) if _is_annual(charge)]
    if not annual:
        return
    doubts = tuple(_doubts(action, code)) + (("The last day may be meant as not included.",) * (end == limit))
    names = ", ".join(sorted({charge.name for charge in annual}))
    longer = (
        f"Services ({code}) run from {start} to {end}, longer than a year, and are charged to annual funds"
    )
    yield rule.finding(
        severity=Severity.ADVISORY if doubts or action.is_modification else Severity.BLOCKING,
        subject=action.piid,
        values=(
            value_of_action("period of performance", f"{start} to {end}"),
            value_of_action("product or service code", code),
            *(charge.value for charge in annual),
        ),
        because=" ".join((f"{longer}: {names}.", *doubts)),
    )


def _service(case: CaseFile) -> str | None:
    """The code of the service; codes of products are numbers."""
    filed = (item.fact.psc for item in instruments(case) if item.fact.psc)
    code = (case.action.psc or next(filed, "")).strip().upper()
    return code if code[:1].isalpha() else None


def _one_end_product(action: ProcurementAction, code: str) -> bool:
    if action.severable is not None:
        return not action.severable
    return action.construction or code.startswith(ONE_END_PRODUCT)


def _is_annual(charge: Charge) -> bool:
    if charge.tas is None:
        return charge.fund_type == "annual"
    return charge.tas.available_to is not None and charge.tas.available_from == charge.tas.available_to


def _doubts(action: ProcurementAction, code: str) -> Iterator[str]:
    if action.severable is None and code.startswith(OFTEN_ONE_END_PRODUCT):
        yield f"Services of code {code} are often one end product, which this limit does not concern."
    clauses = [clause for clause in FUNDED_IN_PARTS if clause in action.clauses]
    if clauses:
        yield f"Clause {clauses[0]} may leave the later part to other funds."


F04 = Rule(
    id="F04",
    title="Severable services longer than a year on annual funds",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.LEDGER,),
    helped_by=(Source.DOCUMENTS,),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.BLOCKING
    ),
    authority=Authority(
        codified="FAR 32.703-3(b); 41 U.S.C. 3902; 10 U.S.C. 3133",
        rfo="RFO 32.703-3(b); 41 U.S.C. 3902; 10 U.S.C. 3133",
    ),
    comparison="Period of performance of services against one year, where annual funds pay for them.",
    traps=(
        "Non-severable services with one end product, construction and architect-engineer services: no finding.",
        "Research, studies and building repair are often one end product: advisory.",
        "Clause 52.232-19 leaves the part after the fiscal year to other funds: advisory.",
        "Incremental funding (52.232-22, 252.232-7007) covers the period in parts: advisory.",
        "A year with a 29 February is still a year.",
        "A period that ends on its own anniversary may be a year, if that day is not included: advisory.",
        "Multi-year and no-year funds are not bound by this.",
    ),
    recommended="Split the period, or fund the later part from the year it falls in.",
    check=longer_than_a_year,
)
