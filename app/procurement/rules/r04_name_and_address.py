"""R04: name, address and CAGE code of the contractor."""

from collections.abc import Iterable, Iterator

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.facts import Fact
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.names import (
    legal_form,
    names_on_one_line,
    same_but_for_article,
    same_but_for_form,
    same_name,
    same_tokens,
)
from app.procurement.places import is_abroad, same_place, written
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support import contract_history, file_documents
from app.procurement.rules.support.party_change import change_of_party
from app.procurement.rules.support.vendor_identity import identifier, rows_of
from app.procurement.systems import Source
from app.procurement.vendor_facts import Registration

Rows = list[EvidenceOf[Registration]]

_EQUAL, _ARTICLE, _FORM, _ORDER, _BESIDE, _OTHER = range(6)
_CHANGE_OF_ADDRESS = "W"
#: Where a text stands, the text, and its evidence.
_Printed = tuple[str, str, EvidenceOf[Fact]]


def name_address_or_cage_differs(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """R04: the instrument or the contract system has another name, address or CAGE code than SAM.gov.

    FAR 4.1102(c), 42.12, 4.18; RFO 4.203-2(b), 4.305, 42.9. The instrument takes the legal or doing-business-as name and
    the address of the registration. A name that differs only by its legal form, by THE or by the order of its words is
    advisory and shown: it can be another legal person. Address or CAGE alone is advisory; a CAGE code on a new defense
    award blocks. A modification that changes the address itself (reason W) is said to be one.
    """
    rows = [row for row in rows_of(case, case.action.prime.uei) if row.fact.registered]
    if not rows:
        return
    yield from _name(rule, case, rows)
    yield from _address(rule, case, rows)
    yield from _cage(rule, case, rows)


def _name(rule: Rule, case: CaseFile, rows: Rows) -> Iterator[Finding]:
    ours = [name for row in rows for name in (row.fact.legal_name, row.fact.dba_name) if name]
    printed: list[_Printed] = [
        (item.fact.doc_type, item.fact.printed_name, item)
        for item in file_documents.instruments(case)
        if item.fact.printed_name and item.fact.printed_name not in ours
    ]
    printed += [
        ("the contract system", report.fact.vendor_name, report)
        for report in _latest_report(case)
        if report.fact.vendor_name and report.fact.vendor_name not in ours and not _explained(case, report)
    ]
    graded = [(_grade(name, ours), where, name, item) for where, name, item in printed]
    differing = sorted(
        (grade for grade in graded if grade[0] > _EQUAL), key=lambda grade: (-grade[0], grade[1], grade[2])
    )
    if not differing:
        return
    change = change_of_party(case)
    worst, where, name, _ = differing[0]
    how = {
        _ARTICLE: "They differ only by THE.",
        _FORM: f"They differ only by the legal form ({legal_form(name) or 'none'} and"
        f" {legal_form(rows[0].fact.legal_name) or 'none'}), which can mean another legal person.",
        _ORDER: "They have the same words in another order.",
        _BESIDE: "One of the names on the line is not in SAM.gov.",
        _OTHER: "The names differ.",
    }[worst]
    lesser = worst < _OTHER or change is not None
    yield _finding(
        rule,
        case,
        "name",
        severity=Severity.ADVISORY if lesser else rule.severities.of(case.action) or Severity.ADVISORY,
        values=(
            *(
                value_from(row, "legal and doing-business-as name in SAM.gov", _names(row.fact))
                for row in rows
            ),
            *(value_from(item, f"name in {place}", text) for _, place, text, item in differing),
        ),
        because=f"{where} has the name {name}; SAM.gov has {_names(rows[0].fact)}. {how}"
        + (f" {change.because}" if change else ""),
    )


def _address(rule: Rule, case: CaseFile, rows: Rows) -> Iterator[Finding]:
    ours = [place for row in rows for place in (row.fact.address, row.fact.mailing_address) if place]
    differing = [
        (item, item.fact.printed_address)
        for item in file_documents.instruments(case)
        if item.fact.printed_address is not None
        and ours
        and not any(same_place(item.fact.printed_address, place) for place in ours)
    ]
    if differing:
        item, printed = differing[0]
        moved = case.action.is_modification and case.action.reason == _CHANGE_OF_ADDRESS
        yield _finding(
            rule,
            case,
            "address",
            severity=Severity.ADVISORY,
            values=(
                *(
                    value_from(row, "address in SAM.gov", written(row.fact.address))
                    for row in rows
                    if row.fact.address
                ),
                *(
                    value_from(document, f"address in {document.fact.doc_type}", written(place))
                    for document, place in differing
                ),
            ),
            because=f"{item.fact.doc_type} has the address {written(printed)}; SAM.gov has {written(ours[0])}."
            f"{' The action itself is a change of address, which the vendor enters in SAM.gov.' if moved else ''}",
        )


def _cage(rule: Rule, case: CaseFile, rows: Rows) -> Iterator[Finding]:
    action = case.action
    ours = {cage for row in rows if (cage := identifier(row.fact.cage))}
    if not ours:
        return
    printed: list[_Printed] = [
        (item.fact.doc_type, item.fact.printed_cage, item)
        for item in file_documents.instruments(case)
        if item.fact.printed_cage
    ]
    printed += [
        ("the contract system", report.fact.cage, report)
        for report in _latest_report(case)
        if report.fact.cage
    ]
    differing = [code for code in printed if identifier(code[1]) not in {None, *ours}]
    if differing:
        abroad = any(row.fact.address is not None and is_abroad(row.fact.address) for row in rows)
        blocks = action.is_new and action.defense and not abroad
        where, cage, _ = differing[0]
        yield _finding(
            rule,
            case,
            "cage",
            severity=Severity.BLOCKING if blocks else Severity.ADVISORY,
            values=(
                *(value_from(row, "CAGE in SAM.gov", row.fact.cage or "none") for row in rows),
                *(value_from(item, f"CAGE in {place}", text) for place, text, item in differing),
            ),
            because=f"{where} has the CAGE code {cage}; SAM.gov has {' and '.join(sorted(ours))}. A CAGE code belongs"
            f" to one location, and a firm can have several{'; firms abroad have NCAGE codes' if abroad else ''}.",
        )


def _finding(
    rule: Rule,
    case: CaseFile,
    what: str,
    *,
    severity: Severity,
    values: Iterable[ComparedValue],
    because: str,
) -> Finding:
    prime = case.action.prime
    return rule.finding(
        severity=severity,
        subject=f"{prime.uei}:{what}",
        values=(value_of_action("prime", f"{prime.name} ({prime.uei})"), *values),
        because=f"{prime.name} ({prime.uei}): {because}",
    )


def _latest_report(case: CaseFile) -> list[contract_history.Report]:
    return (contract_history.own_reports(case) or contract_history.reports(case))[-1:]


def _explained(case: CaseFile, report: contract_history.Report) -> bool:
    """The name in a report stays as it was on the day of the report, though it has changed since."""
    change = change_of_party(case)
    return change is not None and change.settles(report.fact.signed)


def _grade(printed: str, ours: Iterable[str]) -> int:
    """How far a line differs from our names. A legal name and its doing-business-as name may stand on it together."""
    whole = min(_difference(printed, our) for our in ours)
    each = [min(_difference(name, our) for our in ours) for name in names_on_one_line(printed)]
    return min(whole, max(each), _BESIDE if min(each) == _EQUAL else _OTHER)


def _difference(printed: str, ours: str) -> int:
    if same_name(printed, ours):
        return _EQUAL
    if same_but_for_article(printed, ours):
        return _ARTICLE
    if same_but_for_form(printed, ours):
        return _FORM
    return _ORDER if same_tokens(printed, ours) else _OTHER


def _names(registration: Registration) -> str:
    return " or ".join(filter(None, (registration.legal_name, registration.dba_name)))


R04 = Rule(
    id="R04",
    title="Name, address or CAGE differs",
    version=1,
    sources=(Source.SAM_GOV,),
    helped_by=(Source.CONTRACTS, Source.DOCUMENTS),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.ADVISORY, option=Severity.ADVISORY
    ),
    authority=Authority(codified="FAR 4.1102(c), 42.12, 4.18", rfo="RFO 4.203-2(b), 4.305, 42.9"),
    comparison="Name, address and CAGE code in SAM.gov against the instrument and the latest report.",
    traps=(
        "A legal form that differs or is missing can mean another legal person: it is shown, and advisory.",
        "The doing-business-as name of the registration may stand on the contract.",
        "The legal and the doing-business-as name may stand on one line.",
        "A name that differs only by THE, or by the order of its words, is advisory.",
        "A report keeps the name of its day; a later change of name explains it.",
        "A change of name by this action is advisory.",
        "A change of address by this action is advisory, and the finding says so.",
        "The name the entity validation service monitors is not compared.",
        "Postal abbreviations, suites, ZIP+4 and the mailing address are no difference.",
        "Countries, states and numbers of houses may stand there in words or as codes.",
        "A CAGE code belongs to a location or payment account: that of any row will do.",
        "Firms abroad have NCAGE codes; theirs never block.",
    ),
    recommended="Correct the block of the instrument, or process a change of name.",
    check=name_address_or_cage_differs,
)
