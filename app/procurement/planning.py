"""From an action to the questions it needs answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.procurement.action import ProcurementAction
from app.procurement.case_file import Source
from app.procurement.rules import CHECKS
from app.procurement.rules.support.applicability import does_not_apply
from app.procurement.rules.support.value_text import listed, money

#: What the ninth character of a PIID says the instrument is (FAR 4.1603(a)(3)).
_INSTRUMENTS = {
    "A": "blanket purchase agreement",
    "D": "indefinite-delivery contract",
    "F": "order",
    "G": "basic ordering agreement",
    "L": "lease",
    "P": "purchase order",
    "V": "purchase order",
}
_INSTRUMENT_AT = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """One system to ask, what, and why.

    `rules` are the checks that apply to the action and cannot be made without the system's answer, `helps` those it
    is of use to. `after` are the numbers of the steps whose answers the question needs: steps with the same `after`
    may run at once. `why_not` says why a step is not needed: it is not asked and gets no credential.
    """

    number: int
    source: Source
    question: str
    reason: str
    rules: tuple[str, ...]
    helps: tuple[str, ...] = ()
    after: tuple[int, ...] = ()
    why_not: str | None = None

    @property
    def needed(self) -> bool:
        """Whether the system is asked."""
        return self.why_not is None


def goal(action: ProcurementAction) -> str:
    """What a run is for: the action, its instrument, its value and its vendors, in a sentence."""
    count = len({vendor.uei for vendor in action.vendors})
    value = f", value with options {money(action.value)}" if action.value != action.amount else ""
    return (
        f"Find where the systems differ before {_which(action, _instrument(action))} is signed:"
        f" {money(action.amount)}{value}, {'1 vendor' if count == 1 else f'{count} vendors'}."
    )


def plan(action: ProcurementAction) -> tuple[PlannedStep, ...]:
    """The steps for this action, one for each system.

    Each question is put in terms that the action itself states (UEI, CAGE, names, PIID), so none waits for another
    and all may run at once. Only the checks wait: each for the systems it compares.
    """
    return tuple(_step(action, number, source) for number, source in enumerate(Source, start=1))


def _step(action: ProcurementAction, number: int, source: Source) -> PlannedStep:
    concerned = [rule for rule in CHECKS if source in {*rule.sources, *rule.helped_by}]
    why_not = {rule.id: does_not_apply(rule, action) for rule in concerned}
    due = [rule for rule in concerned if why_not[rule.id] is None]
    apart = [
        f"Not applicable: {listed(_off(why_not, cause), last='and')}, because {cause}."
        for cause in sorted({why for why in why_not.values() if why})
    ]
    return PlannedStep(
        number=number,
        source=source,
        question=_question(action, source),
        reason=" ".join([_purpose(action, source), *(apart if due else ())]),
        rules=tuple(rule.id for rule in due if source in rule.sources),
        helps=tuple(rule.id for rule in due if source not in rule.sources),
        why_not=None if due else " ".join(["No check that applies uses this system.", *apart]),
    )


def _off(why_not: Mapping[str, str | None], cause: str) -> list[str]:
    return [rule for rule, why in why_not.items() if why == cause]


def _question(action: ProcurementAction, source: Source) -> str:
    count, day = len({vendor.uei for vendor in action.vendors}), action.effective_date
    vendors = "the vendor" if count == 1 else f"the {count} vendors"
    each, whom = (vendors, vendors) if count == 1 else (f"each of {vendors}", f"any of {vendors}")
    which = _which(action)
    return {
        Source.SAM_GOV: f"Is {each} registered on {day}, and under which name, address and size?",
        Source.DEBARMENT: f"Is {whom} excluded on {day}, by identifier or by name?",
        Source.CONTRACTS: f"What was reported for {which}?",
        Source.DOCUMENTS: f"What is filed for {which}{_terms(action)}?",
        Source.LEDGER: f"What was committed and obligated for {which}?",
    }[source]


def _instrument(action: ProcurementAction) -> str:
    if action.is_order:
        return "order "
    return _INSTRUMENTS.get(action.piid[_INSTRUMENT_AT : _INSTRUMENT_AT + 1], "contract") + " "


def _which(action: ProcurementAction, instrument: str = "") -> str:
    """The action in words; `instrument` is put before the PIID, with a space at its end."""
    vehicle = f", placed under {action.referenced_idv}" if action.referenced_idv else ""
    if action.is_new:
        return f"the award of {instrument}{action.piid}{vehicle}"
    number = f" {action.option.number} by modification" if action.option else ""
    return f"{action.action_type.value}{number} {action.modification_number} of {instrument}{action.piid}{vehicle}"


def _terms(action: ProcurementAction) -> str:
    return ", and on what terms may the option be exercised" if action.is_option else ""


def _purpose(action: ProcurementAction, source: Source) -> str:
    return {
        Source.SAM_GOV: "A vendor must be registered under the name and identifiers the action uses.",
        Source.DEBARMENT: "Excluded parties may not receive new work.",
        Source.CONTRACTS: "The contract must be open and have room for this action, and reports must agree.",
        Source.DOCUMENTS: "The contract file must hold what this action requires, signed and in agreement.",
        Source.LEDGER: (
            "Funds must be certified, available for this need and booked as the instrument says."
            if action.amount > 0
            # A zero-dollar modification is still asked about: something booked on it would be a discrepancy.
            else "What is booked must agree with an action that adds no money."
        ),
    }[source]
