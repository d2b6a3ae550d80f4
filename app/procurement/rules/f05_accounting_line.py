"""F05: instrument, ledger and contract system have the same accounting data."""

from collections.abc import Iterator
from itertools import groupby

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.contract_facts import AccountingLine, FiledDocument, Tas
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support.appropriations import uniform
from app.procurement.rules.support.contract_history import BookedLine, own_lines, own_reports
from app.procurement.rules.support.file_documents import instruments
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import Source

#: Reasons for modification by which the vendor's identifier or name changes: novation, change of UEI or name.
VENDOR_CHANGES = frozenset({"J", "V"})
UEI_LENGTH = 12
Printed = tuple[EvidenceOf[FiledDocument], AccountingLine]


def lines_mismatch(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """F05: instrument, ledger and contract system name different accounting data, or the ledger another vendor.

    31 U.S.C. 1301(a); FAR 4.803, 32.702; RFO 4.101, 32.702. Blocking where agency or main account differ, for then the
    money is another purpose's. Lines are compared within one modification, for each may use the same ACRNs anew.
    """
    lines = own_lines(case)
    printed = [(document, line) for document in instruments(case) for line in document.fact.accounting]
    if lines:
        yield from _instrument(rule, case, printed, lines)
    yield from _report(rule, case, printed, lines)
    yield from _vendor(rule, case, lines)


def _acrn(acrn: str | None) -> str:
    return (acrn or "").strip().upper()


def _instrument(
    rule: Rule, case: CaseFile, printed: list[Printed], lines: list[BookedLine]
) -> Iterator[Finding]:
    if all(_is_booked(line, lines) for _, line in printed):
        return
    ordered = sorted(printed, key=lambda line: _acrn(line[1].acrn))
    for acrn, same in groupby(ordered, key=lambda line: _acrn(line[1].acrn)):
        group = list(same)
        booked = _under(acrn, lines)
        wanted, held = {uniform(line.tas) for _, line in group}, _symbols(booked)
        codes, booked_codes = {_code(line.object_class) for _, line in group} - {""}, _codes(booked)
        accounts = {tas.federal_account for tas in wanted}, {tas.federal_account for tas in held}
        if booked and (not held or wanted <= held) and (not booked_codes or codes <= booked_codes):
            continue
        blocking = bool(held) and not accounts[0] <= accounts[1]
        name = f"ACRN {acrn}" if acrn else "the line without ACRN"
        there = _written(held, booked_codes) if booked else "no line of that ACRN"
        yield rule.finding(
            severity=Severity.BLOCKING if blocking else Severity.ADVISORY,
            subject=f"{case.action.piid}:{acrn or 'no ACRN'}",
            values=(
                *(value_from(document, f"{name} as printed", _line(line)) for document, line in group),
                *(_booked(line) for line in booked or lines),
            ),
            because=f"The instrument prints {_written(wanted, codes)} for {name}; the ledger holds {there}.",
        )


def _under(acrn: str, lines: list[BookedLine]) -> list[BookedLine]:
    """The ledger's lines to compare with a printed one; all of them if it has no ACRN."""
    return [line for line in lines if acrn in {"", _acrn(line.fact.acrn)} or not line.fact.acrn]


def _is_booked(line: AccountingLine, lines: list[BookedLine]) -> bool:
    """Whether the ledger has a printed line's symbol and object class, as far as it states them."""
    booked, code = _under(_acrn(line.acrn), lines), _code(line.object_class)
    symbols = [uniform(item.fact.tas) for item in booked if item.fact.tas]
    codes = _codes(booked)
    known_symbol = not symbols or uniform(line.tas) in symbols
    return bool(booked) and known_symbol and (not code or not codes or code in codes)


def _report(rule: Rule, case: CaseFile, printed: list[Printed], lines: list[BookedLine]) -> Iterator[Finding]:
    own = [report for report in own_reports(case) if report.fact.tas]
    if not own or own[-1].fact.tas is None:
        return
    held = _symbols(lines) | {uniform(line.tas) for _, line in printed}
    # Reports carry no years of availability.
    tas = uniform(own[-1].fact.tas)
    if not held or any(
        (tas.federal_account, tas.sub) == (symbol.federal_account, symbol.sub) for symbol in held
    ):
        return
    same_account = tas.federal_account in {symbol.federal_account for symbol in held}
    others = listed(sorted(map(str, held)), last="and")
    yield rule.finding(
        severity=Severity.ADVISORY if same_account else Severity.BLOCKING,
        subject=f"{case.action.piid}:report",
        values=(
            value_from(own[-1], "account reported", f"{tas.federal_account}-{tas.sub}"),
            *(value_from(document, "account as printed", _line(line)) for document, line in printed),
            *map(_booked, lines),
        ),
        because=f"The contract system reports account {tas.federal_account}-{tas.sub}; ledger and instrument name"
        f" {others}.",
    )


def _vendor(rule: Rule, case: CaseFile, lines: list[BookedLine]) -> Iterator[Finding]:
    action = case.action
    prime = action.prime
    # The ledger may add the four characters that tell a firm's accounts for payment apart.
    others = [line for line in lines if line.fact.vendor_uei != prime.uei]
    others = [line for line in others if _uei(line.fact.vendor_uei) not in {"", _uei(prime.uei)}]
    if not others or action.reason in VENDOR_CHANGES:
        return
    named = listed(sorted({_uei(line.fact.vendor_uei) for line in others}), last="and")
    yield rule.finding(
        severity=Severity.ADVISORY,
        subject=f"{action.piid}:vendor",
        values=(
            value_of_action("vendor of the action", f"{prime.name} ({prime.uei})"),
            *(value_from(line, _label(line), line.fact.vendor_uei) for line in others),
        ),
        because=f"The ledger books {action.piid} to {named}; the action names {prime.name} ({prime.uei}).",
    )


def _uei(uei: str) -> str:
    return uei.strip().upper()[:UEI_LENGTH]


def _symbols(lines: list[BookedLine]) -> set[Tas]:
    return {uniform(line.fact.tas) for line in lines if line.fact.tas}


def _code(object_class: str | None) -> str:
    """Object class 25.2, 252 and 2520 are one."""
    return (object_class or "").replace(".", "").strip().rstrip("0")


def _codes(lines: list[BookedLine]) -> set[str]:
    return {_code(line.fact.object_class) for line in lines} - {""}


def _written(symbols: set[Tas], codes: set[str]) -> str:
    classes = f", object class {listed(sorted(codes), last='and')}" if codes else ""
    return (listed(sorted(map(str, symbols)), last="and") if symbols else "no symbol") + classes


def _line(line: AccountingLine) -> str:
    return _written({uniform(line.tas)}, {_code(line.object_class)} - {""})


def _label(line: BookedLine) -> str:
    return f"ledger line {line.fact.acrn or line.fact.document_number}"


def _booked(line: BookedLine) -> ComparedValue:
    return value_from(line, _label(line), _written(_symbols([line]), _codes([line])))


F05 = Rule(
    id="F05",
    title="Accounting line mismatch",
    version=1,
    sources=(Source.LEDGER,),
    helped_by=(Source.CONTRACTS, Source.DOCUMENTS),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(
        codified="FAR 4.803, 32.702; 31 U.S.C. 1301(a)", rfo="RFO 4.101, 32.702; 31 U.S.C. 1301(a)"
    ),
    comparison="Treasury account, object class and vendor on the instrument, in the ledger and in the contract report;"
    " blocking where agency and main account differ.",
    traps=(
        "Leading zeros do not count.",
        "A missing sub-account is sub-account 000.",
        "A transfer to the agency itself is no transfer.",
        "Each modification may use the same ACRNs anew: only lines of this one are compared.",
        "Contract reports carry no years: only account and sub-account are compared.",
        "Object class 25.2 and 252 are the same.",
        "The ledger may append four characters to a UEI.",
        "A novation or change of name explains another vendor in the ledger.",
    ),
    recommended="Correct the accounting data by an administrative modification.",
    check=lines_mismatch,
)
