"""D03: insurance, bonds, clearances and the officer's representative last as long as the work."""

from collections.abc import Iterator
from datetime import date

from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.contract_history import coding_report, reports
from app.procurement.rules.support.file_documents import Filed, on_file_here_or_above
from app.procurement.systems import Source

_NAMES = {
    "COI": "certificate of insurance",
    "BOND": "bond",
    "COR": "letter of the contracting officer's representative",
    "CLEARANCE": "facility clearance",
}
_FIRM_FIXED_PRICE = "J"


def expired(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """D03: an assurance on file ends before the work does, or a contract that needs a representative names none.

    FAR 28.306, 28.307, 52.228-5, 1.602-2(d); RFO 28.306, 28.307, 1.404. The newest counts: certificates are renewed in
    the course of a contract, so that one still valid today is advisory. Blocking where insurance for work on a
    Government installation has run out, and for work not at a firm fixed price without a representative.

    Insurance that covers today's work and ends before the last of it does not block, not even on an installation:
    policies run for a year and are renewed, and a longer one could not be had. Once it has run out, nobody may work
    there uninsured (52.228-5).
    """
    action, day = case.action, case.day
    for doc_type, name in _NAMES.items():
        held = on_file_here_or_above(case, doc_type)
        if not held and doc_type != "COR":
            continue
        dated = [(item.fact.expires, item) for item in held if item.fact.expires is not None]
        over = dated and max(expires for expires, _ in dated) < day
        if doc_type == "COR" and (not held or over) and _needs_representative(case):
            yield _without_representative(rule, case, held)
            continue
        # One without an expiration date among them, such as a renewal sent by e-mail, leaves nothing to compare.
        if not dated or len(dated) < len(held):
            continue
        end = _last_day(case)
        expires, item = max(dated, key=lambda pair: (pair[0], pair[1].record_key))
        if expires >= (end or day):
            continue
        grave = doc_type == "COI" and action.on_installation and expires < day
        until = f"the work runs until {end}" if end else f"the triage is of {day}"
        renewal = "" if expires < day else " It is valid today; renewals come in the course of a contract."
        yield rule.finding(
            severity=Severity.BLOCKING if grave else Severity.ADVISORY,
            subject=f"{action.piid}:{doc_type}",
            values=(
                value_from(item, f"{doc_type} expires", expires.isoformat()),
                value_of_action("needed until", (end or day).isoformat()),
            ),
            because=f"The newest {name} ({doc_type}) expires on {expires}; {until}.{renewal}",
        )


def _last_day(case: CaseFile) -> date | None:
    """The end of the work: as the action has it, else as reported."""
    completions = [item.fact.current_completion for item in reports(case) if item.fact.current_completion]
    return case.action.period_end or (completions[-1] if completions else None)


def _needs_representative(case: CaseFile) -> bool:
    pricing = _pricing(case)
    return pricing is not None and pricing != _FIRM_FIXED_PRICE


def _pricing(case: CaseFile) -> str | None:
    report = coding_report(case)
    return case.action.pricing or (report.fact.pricing if report else None)


def _without_representative(rule: Rule, case: CaseFile, held: list[Filed]) -> Finding:
    on_file = "; ".join(f"{item.fact.doc_type} until {item.fact.expires}" for item in held) or "none"
    return rule.finding(
        severity=Severity.BLOCKING if case.action.adds_work else Severity.ADVISORY,
        subject=f"{case.action.piid}:COR",
        values=(
            value_of_action("type of pricing", f"{_pricing(case)}, not firm fixed price"),
            *(value_from(item, "COR expires", str(item.fact.expires)) for item in held),
            *(
                []
                if held
                else [ComparedValue(source=Source.DOCUMENTS.value, label="COR on file", value="none")]
            ),
        ),
        because=f"The contract is not at a firm fixed price ({_pricing(case)}) and needs a contracting officer's"
        f" representative; letter in force on file: {on_file if not held else f'none ({on_file})'}.",
    )


D03 = Rule(
    id="D03",
    title="Dated assurance expired",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.DOCUMENTS,),
    helped_by=(Source.CONTRACTS,),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(codified="FAR 28.306, 28.307, 52.228-5, 1.602-2(d)", rfo="RFO 28.306, 28.307, 1.404"),
    comparison="Expiration of insurance, bonds, clearances and the representative's letter against the end of the work.",
    traps=(
        "Work at a firm fixed price may have no representative.",
        "The newest certificate counts; one renewed by e-mail counts as what it covers.",
        "Renewals come in the course of a contract: one that is valid today is advisory.",
        "A document that covers the representative's duties, such as the officer's own, counts.",
        "Without a pricing type nothing is said about the representative.",
    ),
    recommended="Obtain the renewal.",
    check=expired,
)
