"""Rules about the contract file."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.casefile import CaseFile, EvidenceOf, Source
from app.domain.discrepancy import Authority, Discrepancy, Rule, Severities, Severity, proposed, stated
from app.domain.facts import FiledDocument
from app.domain.procurement import ActionType, ProcurementAction
from app.domain.rules.wording import listed, money
from app.domain.thresholds import SIMPLIFIED_ACQUISITION, in_force

AWARD_INSTRUMENTS = ("SF-1449", "SF-26", "SF-33", "OF-347")
CHANGE_INSTRUMENTS = ("SF-30",)


@dataclass(frozen=True, slots=True)
class _Requirement:
    """A document that must be on file; `code` is its type, or "instrument" where several types would do."""

    code: str
    types: tuple[str, ...]
    severity: Severity
    why: str

    @property
    def name(self) -> str:
        return self.code if self.types == (self.code,) else f"{self.code} ({listed(self.types, last='or')})"

    @property
    def condition(self) -> str:
        return "final and signed" if self.code == "instrument" else "final"

    def met_by(self, document: FiledDocument) -> bool:
        signed = self.code != "instrument" or document.co_signed is not None
        return document.status == "final" and signed


def instruments(case: CaseFile) -> list[EvidenceOf[FiledDocument]]:
    """The final award instruments (or modifications) filed for this action, signed or not."""
    types = _instrument_types(case.action)
    return [item for item in _filed(case) if item.fact.doc_type in types and item.fact.status == "final"]


def required_absent(rule: Rule, case: CaseFile) -> Iterator[Discrepancy]:
    """D01: a document this action requires is not in the file in final form.

    FAR 4.803, 9.105-2(b), 17.207(c), (f), 32.702, 43.105(a); RFO 4.101, 4.203-2(a)(1), 17.204-1(b), 43.205(a). A draft
    does not count, and neither does an instrument the contracting officer has not signed, nor what is filed under
    another contract or modification.
    """
    for need in _requirements(case.action):
        filed = [item for item in _filed(case) if item.fact.doc_type in need.types]
        if any(need.met_by(item.fact) for item in filed):
            continue
        states = "; ".join(f"{item.fact.doc_type} {_state(item.fact)}" for item in filed)
        found = f"The file holds {states}" if filed else f"The file holds no {need.name}"
        yield rule.found(
            severity=need.severity,
            subject=f"{case.action.piid}:{need.code}",
            values=(
                proposed("required", f"{need.name}, {need.condition}"),
                *(stated(item, f"{item.fact.doc_type} on file", _state(item.fact)) for item in filed),
            ),
            because=f"{found}; {need.why}.",
        )


def _filed(case: CaseFile) -> list[EvidenceOf[FiledDocument]]:
    action = case.action
    return [
        item
        for item in case.of(FiledDocument)
        if (item.fact.piid, item.fact.modification or "0") == (action.piid, action.modification_number)
    ]


def _state(document: FiledDocument) -> str:
    signed = f"signed {document.co_signed}" if document.co_signed else "not signed by the contracting officer"
    return f"{document.status}, {signed}"


def _instrument_types(action: ProcurementAction) -> tuple[str, ...]:
    return AWARD_INSTRUMENTS if action.action_type is ActionType.NEW_AWARD else CHANGE_INSTRUMENTS


def _requirements(action: ProcurementAction) -> Iterator[_Requirement]:
    new, option = action.action_type is ActionType.NEW_AWARD, action.action_type is ActionType.OPTION
    amount, threshold = money(action.amount), in_force(SIMPLIFIED_ACQUISITION, action.threshold_date)
    yield _Requirement(
        "instrument",
        _instrument_types(action),
        Severity.BLOCKING,
        "the action needs an instrument signed by the contracting officer",
    )
    if action.amount > 0:
        why = f"the action obligates {amount}, for which funds must be certified"
        yield _Requirement("AVFUNDS", ("AVFUNDS",), Severity.BLOCKING, why)
    if option:
        why = "an option is exercised on written findings"
        yield _Requirement("OPT_DF", ("OPT_DF",), Severity.BLOCKING, why)
    if new and action.amount > threshold:
        why = (
            f"an award of {amount}, above {money(threshold)}, needs a written determination of responsibility"
        )
        yield _Requirement("RESP", ("RESP",), Severity.BLOCKING, why)
    if new or option:
        why = "the date of the SAM.gov check belongs in the file"
        yield _Requirement("SAMCHK", ("SAMCHK",), Severity.ADVISORY, why)


D01 = Rule(
    id="D01",
    title="Required document absent",
    version=1,
    sources=(Source.DOCUMENTS,),
    severities=Severities(
        new_award=Severity.BLOCKING, modification=Severity.BLOCKING, option=Severity.BLOCKING
    ),
    authority=Authority(
        codified="FAR 4.803, 9.105-2(b), 17.207(c), (f), 32.702, 43.105(a)",
        rfo="RFO 4.101, 4.203-2(a)(1), 17.204-1(b), 43.205(a)",
    ),
    comparison="Documents on file against what the action requires.",
    traps=("A draft or unsigned instrument does not count.",),
    recommended="File the document, or a cross-reference to where it is.",
    check=required_absent,
)
