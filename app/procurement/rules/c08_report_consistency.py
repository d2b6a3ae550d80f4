"""C08: the report of the action does not contradict itself, or the registration of the vendor."""

from collections.abc import Iterator

from app.procurement.case_file import CaseFile
from app.procurement.facts import Address
from app.procurement.finding import Authority, Defect, Finding, Severity, value_from
from app.procurement.instrument_numbers import AWARD, same_modification
from app.procurement.places import is_abroad, written
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.contract_history import Report, own_reports
from app.procurement.rules.support.value_text import listed
from app.procurement.rules.support.vendor_identity import rows_of
from app.procurement.systems import Source

#: Additional work under a new agreement, exercise of an option: other changes may well be made after the work is done.
_NEW_WORK = frozenset({"A", "G"})
_SMALL = "S"


def contradictions(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """C08: the report has the work end before the signature, or codes a foreign firm as small.

    FAR 4.604(b)(1), (c); 13 CFR 121.105(a); RFO 4.301. Both are usual errors of coding, and always advisory. Vehicles have
    no completion date of their own.
    """
    found = [
        defect
        for report in own_reports(case)[-1:]
        for defect in (*_ends_early(case, report), *_abroad(case, report))
    ]
    if found:
        yield rule.finding(
            severity=Severity.ADVISORY,
            subject=case.action.piid,
            values=tuple(value for defect in found for value in defect.values),
            because=f"The report of {case.action.piid} modification {case.action.modification_number}"
            f" {listed([defect.words for defect in found], last='and')}.",
        )


def _ends_early(case: CaseFile, report: Report) -> Iterator[Defect]:
    fact = report.fact
    end = fact.current_completion or fact.ultimate_completion
    new_work = same_modification(fact.modification, AWARD) or fact.reason in _NEW_WORK
    if fact.signed is None or end is None or not new_work or fact.is_vehicle or case.action.urgent:
        return
    if end < fact.signed:
        yield Defect(
            f"has the work end on {end}, before the signature on {fact.signed}",
            (
                value_from(report, "signed, as reported", str(fact.signed)),
                value_from(report, "completion, as reported", str(end)),
            ),
        )


def _abroad(case: CaseFile, report: Report) -> Iterator[Defect]:
    fact, prime = report.fact, case.action.prime
    located = fact.vendor_country or "abroad"
    small = (fact.size or "").strip().upper() == _SMALL
    if not small or not (fact.foreign_owned_and_located or is_abroad(Address(country=fact.vendor_country))):
        return
    places = [(row, row.fact.address) for row in rows_of(case, prime.uei) if row.fact.address is not None]
    if places and not all(is_abroad(place) for _, place in places):
        return
    yield Defect(
        f"codes {prime.name} as small, and as a firm of another country ({located})",
        (
            value_from(report, "size, as reported", "small"),
            value_from(report, "country, as reported", located),
            *(value_from(row, "address in SAM.gov", written(place)) for row, place in places),
        ),
    )


C08 = Rule(
    id="C08",
    title="Report contradicts itself or the registration",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.CONTRACTS,),
    helped_by=(Source.SAM_GOV,),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(
        codified="FAR 4.604(b)(1), (c); 13 CFR 121.105(a)", rfo="RFO 4.301(f); 13 CFR 121.105(a)"
    ),
    comparison="Signature and completion dates of the action's own report; its size against its country.",
    traps=(
        "Close-outs, settlements and changes of price may be signed after the work is done.",
        "Under urgency work may be done before the papers are signed.",
        "A vehicle has no completion date of its own.",
        "Puerto Rico and other outlying areas are not another country.",
        "A firm with an address in the United States can be small, wherever its owners are.",
    ),
    recommended="Correct the contract action report.",
    check=contradictions,
)
