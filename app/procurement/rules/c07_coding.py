"""C07: instrument, justification and report classify the action alike."""

from collections.abc import Iterator, Sequence

from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.rule import Rule, Severities
from app.procurement.rules.support.competition import needs_justification
from app.procurement.rules.support.contract_history import Report, coding_report
from app.procurement.rules.support.file_documents import Filed, final, instruments, on_file
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import Source

_CODES = {
    "naics": "NAICS code",
    "psc": "product or service code",
    "pricing": "type of pricing",
    "competition": "extent of competition",
}


def codes_differ(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """C07: a code is not the same in instrument, justification and report, or no authority stands behind one source.

    FAR 6.303; RFO 6.104. Advisory, but blocking for a new award without competition for which neither a justification
    nor another authority is on file. Orders take their codes from the vehicle.
    """
    action = case.action
    report = coding_report(case)
    documents = [
        *instruments(case),
        *(item for item in on_file(case, "JA") if item.fact.doc_type == "JA"),
    ]
    facts = [action, *(item.fact for item in documents), *((report.fact,) if report else ())]
    words, values = [], []
    for code, name in _CODES.items():
        if action.is_order and code == "competition":
            continue
        if _differs(facts, code):
            found = list(_stated(case, documents, report, code, name))
            words.append(f"{name}: " + ", ".join(f"{value.source} {value.value}" for value in found))
            values += found
    unjustified = action.is_new and _unjustified(case, report)
    if not words and not unjustified:
        return
    sentences = []
    if words:
        sentences.append(f"The codes of {action.piid} differ in {listed(words, last='and in')}.")
    if unjustified:
        codes = [action.competition or (report.fact.competition if report else None), action.set_aside]
        coded = "/".join(code for code in codes if code) or "without competition"
        sentences.append(
            f"{action.piid} is coded {coded}, not competed; neither a justification nor an authority is on file."
        )
        values += [
            value_of_action("competition", coded),
            ComparedValue(source=Source.DOCUMENTS.value, label="JA or authority on file", value="none"),
        ]
    yield rule.finding(
        severity=Severity.BLOCKING if unjustified else Severity.ADVISORY,
        subject=action.piid,
        values=tuple(values),
        because=" ".join(sentences),
    )


def _differs(facts: Sequence[object], code: str) -> bool:
    """Whether the sources that state a code state different ones."""
    written: set[str | None] = {getattr(fact, code) for fact in facts}
    return len(written) > 1 and len({code.strip().upper() for code in written if code}) > 1


def _stated(
    case: CaseFile, documents: list[Filed], report: Report | None, code: str, name: str
) -> Iterator[ComparedValue]:
    """The code of each source that states one."""
    planned = getattr(case.action, code)
    if planned:
        yield value_of_action(name, planned)
    for item in documents:
        written = getattr(item.fact, code)
        if written:
            yield value_from(item, f"{name} in {item.fact.doc_type}", written)
    reported = getattr(report.fact, code) if report else None
    if report and reported:
        yield value_from(report, f"{name} reported", reported)


def _unjustified(case: CaseFile, report: Report | None) -> bool:
    reported = (report.fact.competition, report.fact.set_aside) if report else (None, None)
    if not needs_justification(case.action, *reported):
        return False
    return not on_file(case, "JA") and not any(item.fact.authority for item in final(case))


C07 = Rule(
    id="C07",
    title="Coding differs",
    version=1,
    sources=(Source.CONTRACTS, Source.DOCUMENTS),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(codified="FAR 6.303", rfo="RFO 6.104"),
    comparison="NAICS, product or service code, pricing and competition in action, instrument, justification, report.",
    traps=(
        "An order takes its competition from the vehicle and needs no justification of its own.",
        "Up to the simplified acquisition threshold the file is documented otherwise.",
        "An 8(a) award to a sole source needs its own justification only above a higher threshold.",
        "An authority cited in another document, or a combined memo, counts.",
        "A code that a source leaves out is no difference.",
    ),
    recommended="Correct the code, or file the justification.",
    check=codes_differ,
)
