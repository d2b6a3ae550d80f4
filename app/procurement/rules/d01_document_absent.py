"""D01: the contract file holds what the action requires."""

from collections.abc import Iterator

from app.procurement.case_file import CaseFile
from app.procurement.contract_facts import FiledDocument
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.names import same_name
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.contract_history import earlier_reports
from app.procurement.rules.support.file_documents import Filed, filed, final_of_vehicle
from app.procurement.rules.support.required_documents import Requirement, requirements
from app.procurement.systems import Source


def required_absent(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """D01: a document this action requires is not in the file in final form.

    FAR 4.803, 9.105-2(b), 17.207(c), (f), 32.702, 43.105(a); RFO 4.101, 4.203-2(a)(1), 17.204-1(b), 43.205(a). A draft
    does not count, and neither does an instrument the contracting officer has not signed, nor what is filed under
    another contract or modification. A combined memo or a cross-reference counts for what it covers. A change of UEI
    under the same name needs no agreement (RFO 4.305(b)).
    """
    for need in requirements(case.action):
        if need.code == "NOV" and _keeps_its_name(case):
            continue
        there = _there(case, need)
        if any(need.met_by(item.fact) for item in there):
            continue
        states = "; ".join(f"{item.fact.doc_type} {_state(item.fact)}" for item in there)
        found = f"The file holds {states}" if there else f"The file holds no {need.name}"
        yield rule.finding(
            severity=need.severity,
            subject=f"{case.action.piid}:{need.code}",
            values=(
                value_of_action("required", f"{need.name}, {need.condition}"),
                *(value_from(item, f"{item.fact.doc_type} on file", _state(item.fact)) for item in there),
                *(
                    []
                    if there
                    else [ComparedValue(source=Source.DOCUMENTS.value, label="on file", value="none")]
                ),
            ),
            because=f"{found}; {need.why} ({need.duty}).",
        )


def _keeps_its_name(case: CaseFile) -> bool:
    """Whether a change of UEI or name (reason V) is one of the UEI: the contract was reported under this name before."""
    names = [item.fact.vendor_name for item in earlier_reports(case) if item.fact.vendor_name]
    return case.action.reason == "V" and bool(names) and same_name(names[-1], case.action.prime.name)


def _there(case: CaseFile, need: Requirement) -> list[Filed]:
    """What could meet a requirement. The file of the vehicle can, where the requirement says so."""
    there = filed(case)
    if need.from_vehicle and case.action.is_order:
        there = [*there, *final_of_vehicle(case)]
    return [item for item in there if need.concerns(item.fact)]


def _state(document: FiledDocument) -> str:
    signed = f"signed {document.co_signed}" if document.co_signed else "not signed by the contracting officer"
    return f"{document.status}, {signed}"


D01 = Rule(
    id="D01",
    title="Required document absent",
    kind=FindingKind.CONDITION,
    version=3,
    sources=(Source.DOCUMENTS,),
    helped_by=(Source.CONTRACTS,),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(
        codified="FAR 4.803, 9.105-2(b), 17.207(c), (f), 32.702, 43.105(a)",
        rfo="RFO 4.101, 4.203-2(a)(1), 17.204-1(b), 43.205(a)",
    ),
    comparison="Documents on file against what the action requires by its type, value and codes.",
    traps=(
        "A draft or unsigned instrument does not count.",
        "A cross-reference to another place counts as the document.",
        "A combined memo counts for everything it covers.",
        "The threshold of the day of the solicitation counts, else that of the action.",
        "What is filed only as appropriate is advisory.",
        "A clause that makes the action subject to funds makes their certification advisory.",
        "An order can rely on documents in the file of its vehicle.",
        "A change of UEI under the same name rests on no agreement.",
    ),
    recommended="File the document, or a cross-reference to where it is.",
    check=required_absent,
)
