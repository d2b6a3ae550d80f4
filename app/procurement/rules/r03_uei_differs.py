"""R03: the unique entity identifier of the contractor."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.procurement.action import Vendor
from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.contract_facts import ObligationLine
from app.procurement.facts import Fact
from app.procurement.finding import Authority, Finding, Severity, value_from, value_of_action
from app.procurement.names import normalised
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support import contract_history, file_documents
from app.procurement.rules.support.party_change import change_of_party
from app.procurement.rules.support.vendor_identity import identifier
from app.procurement.systems import Source

#: The day the nine-digit DUNS number gave way to the UEI.
_DUNS_RETIRED = date(2022, 4, 4)
_DUNS_LENGTH, _UEI_LENGTH, _WITH_SUFFIX = 9, 12, 16
#: A UEI has no letters O and I; who reads one has mistyped a digit.
_TYPING = str.maketrans("OI", "01")


@dataclass(frozen=True, slots=True)
class _Stated:
    """A UEI that a system has for the contract, and the day it is of."""

    where: str
    uei: str
    day: date | None
    evidence: EvidenceOf[Fact]


def uei_differs(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """R03: contract system, contract file or ledger have another UEI for the contract than the action.

    FAR 4.1102(c), 52.204-13(e); RFO 4.203-2(b), 4.305(b). The latest report, the documents of this action and its
    ledger lines count. A novation, a change of UEI or an administrative modification explains a difference; a change
    of UEI does not necessarily require a novation (RFO 4.305(b)).
    """
    others = list(_written_otherwise(case))
    if not others:
        return
    prime, change = case.action.prime, change_of_party(case)
    differing = [
        (statement, remark)
        for statement in others
        if not (change and change.settles(statement.day))
        and (remark := _difference(case, statement)) is not None
    ]
    if not differing:
        return
    lesser = change is not None or all(
        remark and (_is_joint_venture(prime.name) or not _named_as(case, statement))
        for statement, remark in differing
    )
    said = ", ".join(sorted({f"{statement.where} has {statement.uei}" for statement, _ in differing}))
    remarks = sorted({remark for _, remark in differing if remark})
    if change:
        remarks.append(change.because)
    yield rule.finding(
        severity=Severity.ADVISORY if lesser else rule.severities.of(case.action) or Severity.ADVISORY,
        subject=prime.uei,
        values=(
            value_of_action("UEI of the prime", f"{prime.uei} ({prime.name})"),
            *(
                value_from(statement.evidence, f"UEI in {statement.where}", statement.uei)
                for statement, _ in differing
            ),
        ),
        because=f"The action has the UEI {prime.uei} for {prime.name}; {said}."
        + "".join(f" {remark}" for remark in remarks),
    )


def _difference(case: CaseFile, statement: _Stated) -> str | None:
    """None if the UEI is the prime's, else a note on the difference, which may be empty."""
    wanted, found = identifier(case.action.prime.uei), identifier(statement.uei)
    if wanted is None or found is None or _is_written_otherwise(found, wanted, statement.day):
        return None
    if _is_duns(found):
        return f"{statement.uei} has the form of a DUNS number, which was retired on {_DUNS_RETIRED}."
    if found.translate(_TYPING) == wanted.translate(_TYPING):
        return f"{statement.uei} differs only by letters that look like digits."
    if vendor := _named_as(case, statement):
        return f"{statement.uei} belongs to {vendor.name}, which the action names as {vendor.role.value}."
    if _is_joint_venture(case.action.prime.name):
        return "The prime is a joint venture; the identifier may be that of a partner."
    return ""


def _named_as(case: CaseFile, statement: _Stated) -> Vendor | None:
    """The other vendor of the action that a UEI belongs to."""
    others = sorted(case.action.vendors, key=lambda vendor: (vendor.uei, vendor.role, vendor.name))
    return next((vendor for vendor in others if identifier(vendor.uei) == identifier(statement.uei)), None)


def _is_written_otherwise(found: str, wanted: str, day: date | None) -> bool:
    """The same UEI, alone or with a payment suffix, or the DUNS number that documents had before UEIs."""
    with_suffix = len(found) == _WITH_SUFFIX and found[:_UEI_LENGTH] == wanted
    return found == wanted or with_suffix or (_is_duns(found) and (day is None or day < _DUNS_RETIRED))


def _is_duns(found: str) -> bool:
    return len(found) == _DUNS_LENGTH and found.isdigit()


def _written_otherwise(case: CaseFile) -> Iterator[_Stated]:
    """The UEIs of the three systems, except those that equal the prime's."""
    wanted = case.action.prime.uei
    reports = contract_history.own_reports(case) or contract_history.reports(case)
    for report in reports[-1:]:
        if report.fact.uei and report.fact.uei != wanted:
            yield _Stated("the contract system", report.fact.uei, report.fact.signed, report)
    for item in file_documents.filed(case):
        paper = item.fact
        if paper.status != "final":
            continue
        for uei in sorted({paper.vendor_uei or wanted, paper.printed_uei or wanted} - {wanted}):
            if paper.doc_type in file_documents.INSTRUMENTS or not _is_named(case, uei):
                day = paper.co_signed or paper.effective or paper.filed
                yield _Stated(f"{paper.doc_type} {paper.document_id}", uei, day, item)
    for line in contract_history.own_lines(case) or _latest(contract_history.contract_lines(case)):
        if line.fact.vendor_uei != wanted:
            yield _Stated("the ledger", line.fact.vendor_uei, line.fact.posted, line)


def _is_named(case: CaseFile, uei: str) -> bool:
    return identifier(uei) in {identifier(vendor.uei) for vendor in case.action.vendors}


def _latest(lines: list[EvidenceOf[ObligationLine]]) -> list[EvidenceOf[ObligationLine]]:
    latest = max((line.fact.posted or date.min for line in lines), default=date.min)
    return [line for line in lines if (line.fact.posted or date.min) == latest]


def _is_joint_venture(name: str) -> bool:
    return not {"JV", "VENTURE", "VENTURERS"}.isdisjoint(normalised(name).split())


R03 = Rule(
    id="R03",
    title="UEI differs between systems",
    version=2,
    sources=(),
    helped_by=(Source.CONTRACTS, Source.DOCUMENTS, Source.LEDGER),
    severities=Severities.always(Severity.BLOCKING),
    authority=Authority(codified="FAR 4.1102(c), 52.204-13(e)", rfo="RFO 4.203-2(b), 4.305(b)"),
    comparison="UEI of the action against the latest report, the documents of the action and its ledger lines.",
    traps=(
        "A nine-digit DUNS number on a paper from before 4 April 2022 is no UEI.",
        "A four-character payment suffix behind the UEI changes nothing.",
        "A novation, a change of UEI or an administrative modification explains the difference.",
        "A change of UEI does not necessarily require a novation.",
        "The UEI of a partner of a joint venture is advisory.",
        "O for 0 and I for 1 are slips of typing and advisory.",
    ),
    recommended="Confirm who the party is; correct it by an administrative modification, or start a novation.",
    check=uei_differs,
)
