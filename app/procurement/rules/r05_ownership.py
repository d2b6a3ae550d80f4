"""R05: changes of ownership."""

from collections.abc import Iterator

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.contract_facts import ReportedAction
from app.procurement.finding import Authority, Finding, Severity, value_from
from app.procurement.names import STRONG, similarity
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support import contract_history
from app.procurement.rules.support.vendor_identity import identifier, rows_of
from app.procurement.systems import Source
from app.procurement.vendor_facts import Owner, Registration


def owner_or_predecessor_differs(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """R05: SAM.gov has another owner of the prime than the contract was reported with, or that party as predecessor.

    FAR 42.1204, 52.204-17, 52.219-28; RFO 42.903, 19.301(a)(2). Always advisory: a stock purchase needs no novation
    (FAR 42.1204(b); RFO 42.903(b)). Only what both sides state is compared; owners are often not public.
    """
    report = contract_history.award_report(case) or next(iter(contract_history.reports(case)), None)
    if report is None:
        return
    prime = case.action.prime
    rows = rows_of(case, prime.uei)
    owned = [(row, owners) for row in rows if (owners := _owners(row.fact))]
    if (report.fact.parent_name or report.fact.parent_uei) and owned:
        parent = Owner(name=report.fact.parent_name or "", uei=report.fact.parent_uei)
        owners = [owner for _, firms in owned for owner in firms]
        if not any(_same(owner, parent) for owner in owners):
            yield rule.finding(
                severity=Severity.ADVISORY,
                subject=f"{prime.uei}:owner",
                values=(
                    value_from(report, "parent as reported at award", _written(parent)),
                    *(
                        value_from(row, "owners in SAM.gov", ", ".join(map(_written, firms)))
                        for row, firms in owned
                    ),
                ),
                because=f"The contract was reported with the parent {_written(parent)}; SAM.gov has"
                f" {', '.join(sorted({_written(owner) for owner in owners}))} as owner of {prime.name} ({prime.uei})."
                " A stock purchase needs no novation, and parents of groups move without any event at the firm.",
            )
    yield from _predecessor(rule, case, report, rows)


def _predecessor(
    rule: Rule, case: CaseFile, report: EvidenceOf[ReportedAction], rows: list[EvidenceOf[Registration]]
) -> Iterator[Finding]:
    predecessors = [(row, firm) for row in rows for firm in row.fact.predecessors]
    if not predecessors:
        return
    prime, fact = case.action.prime, report.fact
    holder = Owner(name=fact.vendor_name or "", uei=fact.uei, cage=fact.cage)
    if any(similarity(holder.name, row.fact.legal_name) == 1 for row in rows):
        return
    found = [(row, firm) for row, firm in predecessors if _same(firm, holder)]
    if found:
        named = found[0][1]
        yield rule.finding(
            severity=Severity.ADVISORY,
            subject=f"{prime.uei}:predecessor",
            values=(
                value_from(report, "contractor as reported at award", _written(holder)),
                *(value_from(row, "predecessor in SAM.gov", _written(firm)) for row, firm in found),
            ),
            because=f"The contract was awarded to {_written(holder)}; SAM.gov has {_written(named)} as predecessor of"
            f" {prime.name} ({prime.uei}). A change of owner alone needs no novation, a transfer of the contract does.",
        )


def _owners(row: Registration) -> list[Owner]:
    return [owner for owner in (row.immediate_owner, row.highest_owner) if owner is not None]


def _same(one: Owner, other: Owner) -> bool:
    """By identifier where both have one, else by name, whose spelling varies."""
    for a, b in ((one.uei, other.uei), (one.cage, other.cage)):
        if identifier(a) and identifier(b):
            return identifier(a) == identifier(b)
    return similarity(one.name, other.name) >= STRONG


def _written(owner: Owner) -> str:
    identifiers = ", ".join(filter(None, (owner.uei, owner.cage)))
    name = owner.name or "a party without a name"
    return f"{name} ({identifiers})" if identifiers else name


R05 = Rule(
    id="R05",
    title="Owner or predecessor changed",
    version=1,
    sources=(Source.SAM_GOV, Source.CONTRACTS),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(codified="FAR 42.1204, 52.204-17, 52.219-28", rfo="RFO 42.903, 19.301(a)(2)"),
    comparison="Owners and predecessors in SAM.gov against parent and contractor as reported at award.",
    traps=(
        "Owners are often not public: one that only one side states is no change.",
        "A stock purchase needs no novation.",
        "The name of a parent is spelled in several ways.",
        "Parents of groups move without any event: either owner, immediate or highest, will do.",
    ),
    recommended="Ask the contractor; consider conflicts of interest, and a new size representation within 30 days.",
    check=owner_or_predecessor_differs,
)
