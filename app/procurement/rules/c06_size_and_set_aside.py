"""C06: a set-aside goes to a firm that SAM.gov shows as small, or as certified, for it."""

from collections.abc import Iterator

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.contract_facts import ReportedAction
from app.procurement.finding import Authority, Finding, Severity, value_from, value_of_action
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.contract_history import award_report, reports
from app.procurement.rules.support.file_documents import on_file
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import Source
from app.procurement.vendor_facts import Registration

#: Certifications by SBA that a set-aside asks for, by the code SAM.gov lists them under.
_CERTIFICATIONS = {
    "8A": frozenset({"A6", "JT"}),
    "8AN": frozenset({"A6", "JT"}),
    "HZC": frozenset({"XX"}),
    "HZS": frozenset({"XX"}),
}
_NO_SET_ASIDE = frozenset({"NONE", ""})
#: Novation, and rerepresentation with or without a merger.
_REREPRESENTED = frozenset({"J", "P", "R"})


def conflict(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """C06: the action is set aside, and SAM.gov does not show the prime as small for its NAICS code, or certified.

    FAR 19.301-2, 52.219-28; RFO 19.301; 13 CFR parts 121, 126 to 128. Size is fixed when the offer is made: what
    changed later is for goaling, and advisory. A NAICS code that SAM.gov does not list says nothing.
    """
    action, award = case.action, award_report(case)
    set_aside = _code(action.set_aside, award, "set_aside")
    if set_aside in _NO_SET_ASIDE or (not action.is_new and on_file(case, "REREP")):
        return
    rows = _rows(case)
    naics = _code(action.naics, award, "naics")
    words, shown = [], []
    if naics and _not_small(rows, naics):
        words.append(f"SAM.gov lists it as not small for NAICS {naics}")
        shown += [value_from(row, f"small for NAICS {naics}", "no") for row in rows]
    for ended in _ended(case, rows, set_aside):
        words.append(f"its certification {ended[1]} ended on {ended[2]}")
        shown.append(value_from(ended[0], f"certification {ended[1]} ends", ended[2]))
    if not words:
        return
    fixed = "" if action.is_new and not action.is_order else " Size is fixed as of the offer."
    renewed = (
        " This modification calls for a rerepresentation of size." if action.reason in _REREPRESENTED else ""
    )
    yield rule.finding(
        severity=Severity.ADVISORY if fixed else Severity.BLOCKING,
        subject=action.piid,
        values=(value_of_action(f"set-aside, NAICS {naics or 'not stated'}", set_aside), *shown),
        because=f"{action.piid} is set aside ({set_aside}) for {action.prime.name};"
        f" {listed(words, last='and')}.{fixed}{renewed}",
    )


def _rows(case: CaseFile) -> list[EvidenceOf[Registration]]:
    uei = case.action.prime.uei.upper()
    return [row for row in case.of(Registration) if row.fact.uei.strip().upper() == uei]


def _code(proposed_code: str | None, award: EvidenceOf[ReportedAction] | None, name: str) -> str:
    reported = getattr(award.fact, name) if award else None
    return (proposed_code or reported or "").strip().upper()


def _not_small(rows: list[EvidenceOf[Registration]], naics: str) -> bool:
    """Listed as not small, and by no row as small."""
    return any(naics in row.fact.not_small_for for row in rows) and not any(
        naics in row.fact.small_for for row in rows
    )


def _ended(
    case: CaseFile, rows: list[EvidenceOf[Registration]], set_aside: str
) -> Iterator[tuple[EvidenceOf[Registration], str, str]]:
    """The certification the set-aside asks for, when it ended before the action; one not listed may be pending."""
    wanted = _CERTIFICATIONS.get(set_aside, frozenset())
    held = [
        (row, certification)
        for row in rows
        for certification in row.fact.certifications
        if certification.code in wanted
    ]
    day = case.action.effective_date
    if held and all(certification.ends is not None and certification.ends < day for _, certification in held):
        row, last = max(held, key=lambda pair: (str(pair[1].ends), pair[1].code))
        yield row, last.code, str(last.ends)


def size_of(case: CaseFile) -> str | None:
    """S or O as the contract system has it, else as SAM.gov lists the prime for the NAICS code; None if unknown."""
    sizes = [item.fact.size for item in reports(case) if item.fact.size]
    if sizes:
        return sizes[-1]
    naics = _code(case.action.naics, award_report(case), "naics")
    rows = _rows(case)
    if any(naics in row.fact.small_for for row in rows):
        return "S"
    return "O" if _not_small(rows, naics) else None


C06 = Rule(
    id="C06",
    title="Size or set-aside conflict",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.SAM_GOV,),
    helped_by=(Source.CONTRACTS, Source.DOCUMENTS),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.ADVISORY
    ),
    authority=Authority(
        codified="FAR 19.301-2, 52.219-28; 13 CFR parts 121, 126 to 128",
        rfo="RFO 19.301; 13 CFR parts 121, 126 to 128",
    ),
    comparison="Set-aside and NAICS code of the action against size and certifications in SAM.gov.",
    traps=(
        "Size is fixed at the offer: after award, and for orders, a change is advisory.",
        "Later growth changes how the award counts for goals, not its terms.",
        "A rerepresentation on file settles the matter after award.",
        "A NAICS code of another vintage that SAM.gov does not list says nothing.",
        "A certification that is not listed may be pending.",
        "Of several rows or certifications the best one counts.",
    ),
    recommended="Ask for a rerepresentation; update the contract action report within 30 days.",
    check=conflict,
)
