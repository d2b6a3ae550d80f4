"""What the contract file must hold, by action: the matrix behind D01.

A row blocks only where a specific duty stands behind it; the general list (FAR 4.803; RFO 4.101) is "as appropriate".
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.procurement.action import ProcurementAction
from app.procurement.contract_facts import FiledDocument
from app.procurement.finding import Severity
from app.procurement.rules.support.competition import needs_justification, not_competed
from app.procurement.rules.support.file_documents import instrument_types
from app.procurement.rules.support.value_text import listed, money
from app.procurement.thresholds import SIMPLIFIED_ACQUISITION, in_force

#: Clauses that make an award subject to funds which are not yet there.
FUNDS_LATER = frozenset({"52.232-18", "52.232-19"})
_NEGOTIATED = frozenset({"A", "B", "D", "H", "L"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """A document that must be on file; `code` is its type, or "instrument" where several types would do.

    `from_vehicle` says that the file of the vehicle may hold it for its orders.
    """

    code: str
    severity: Severity
    why: str
    duty: str
    types: tuple[str, ...] = ()
    from_vehicle: bool = False

    @property
    def name(self) -> str:
        """As a sentence names it."""
        return f"{self.code} ({listed(self.types, last='or')})" if self.types else self.code

    @property
    def condition(self) -> str:
        """In what state it counts."""
        return "final and signed" if self.types else "final"

    def concerns(self, document: FiledDocument) -> bool:
        """Whether a document is of this kind, or covers it: an instrument is never covered by something else."""
        if self.types:
            return document.doc_type in self.types
        return document.doc_type == self.code or self.code in document.covers

    def met_by(self, document: FiledDocument) -> bool:
        """Whether it is there in the state that counts."""
        return document.status == "final" and (not self.types or document.co_signed is not None)


def requirements(action: ProcurementAction) -> Iterator[Requirement]:
    """Everything this action needs on file, in the order of a contract file."""
    yield Requirement(
        "instrument",
        Severity.BLOCKING,
        "the action needs an instrument signed by the contracting officer",
        "FAR 4.101, 43.102; RFO 4.206, 43.202",
        types=instrument_types(action),
    )
    yield from _funds(action)
    if action.is_option:
        yield Requirement(
            "OPT_DF",
            Severity.BLOCKING,
            "an option is exercised on written findings",
            "FAR 17.207(c), (f); RFO 17.204-1(b)",
        )
    yield from _award(action)
    yield from _price(action)
    if not action.is_modification:
        yield Requirement(
            "SAMCHK",
            Severity.ADVISORY,
            "the date of the SAM.gov check belongs in the file",
            "FAR 4.803; RFO 4.203-2(a)(1)",
        )
    yield from _change(action)
    if action.on_installation and "52.228-5" in action.clauses and not action.is_modification:
        yield Requirement(
            "COI",
            Severity.ADVISORY,
            "work on a Government installation is to be insured (52.228-5)",
            "FAR 28.306, 28.307, 52.228-5; RFO 28.306, 28.307",
            from_vehicle=True,
        )


def _funds(action: ProcurementAction) -> Iterator[Requirement]:
    if action.amount <= 0:
        return
    later = sorted(FUNDS_LATER & action.clauses)
    subject = f", though {listed(later, last='and')} makes the action subject to funds" if later else ""
    yield Requirement(
        "AVFUNDS",
        Severity.ADVISORY if later else Severity.BLOCKING,
        f"the action obligates {money(action.amount)}, for which funds must be certified{subject}",
        "FAR 32.702, 43.105(a); RFO 32.702, 43.205(a)",
    )


def _award(action: ProcurementAction) -> Iterator[Requirement]:
    threshold = in_force(SIMPLIFIED_ACQUISITION, action.threshold_date)
    if not action.is_new or action.value <= threshold:
        return
    above = f"an award of {money(action.value)}, above {money(threshold)},"
    yield Requirement(
        "RESP",
        Severity.ADVISORY if action.is_order else Severity.BLOCKING,
        f"{above} needs a written determination of responsibility",
        "FAR 9.104-6(d), 9.105-2(b); RFO 9.104-6(d), 9.105-2(b)",
        from_vehicle=True,
    )
    if needs_justification(action):
        yield Requirement(
            "JA",
            Severity.BLOCKING,
            f"{above} without competition needs a written justification",
            "FAR 6.303, 6.304; RFO 6.104",
        )
    if action.construction and not action.is_order:
        yield Requirement(
            "BOND",
            Severity.ADVISORY,
            f"{above} for construction is to be bonded",
            "FAR 28.102-1; RFO 28.102-1",
        )


def _price(action: ProcurementAction) -> Iterator[Requirement]:
    """A memo of the negotiation: of an award without competition, or of a change agreed with the contractor."""
    threshold = in_force(SIMPLIFIED_ACQUISITION, action.threshold_date)
    agreed = action.is_modification and action.reason in _NEGOTIATED and not action.unilateral
    if action.amount > threshold and (agreed or (action.is_new and not_competed(action))):
        yield Requirement(
            "PNM",
            Severity.ADVISORY,
            f"a negotiated price of {money(action.amount)} is to be explained in a memorandum",
            "FAR 15.406-3; RFO 15.408-2",
        )


def _change(action: ProcurementAction) -> Iterator[Requirement]:
    if not action.is_modification:
        return
    if action.reason in {"J", "V"}:
        yield Requirement(
            "NOV",
            Severity.ADVISORY,
            "a novation or a change of name rests on an agreement",
            "FAR 42.1204, 42.1205; RFO 42.903",
        )
    if action.reason in {"P", "R"}:
        yield Requirement(
            "REREP",
            Severity.ADVISORY,
            "a rerepresentation of size belongs in the file",
            "FAR 19.301-2, 52.219-28; RFO 19.301",
        )
