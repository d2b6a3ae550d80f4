"""From an action to the questions it needs answered."""

from dataclasses import dataclass

from app.domain.casefile import Source
from app.domain.procurement import ActionType, ProcurementAction


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """One system to ask, what, and why. All steps may run at once."""

    number: int
    source: Source
    question: str
    reason: str


def plan(action: ProcurementAction) -> tuple[PlannedStep, ...]:
    """The steps for this action, one for each system."""
    vendors = "the vendor" if len(action.vendors) == 1 else f"any of the {len(action.vendors)} vendors"
    registered = vendors.replace("any", "each")
    which = f"{action.action_type.value} {action.modification_number} of {action.piid}"
    if action.action_type is ActionType.NEW_AWARD:
        which = f"the award of {action.piid}"
    questions = {
        Source.SAM_GOV: (
            f"Is {registered} registered on {action.effective_date}?",
            "An action needs vendors with an active registration (R01).",
        ),
        Source.DEBARMENT: (
            f"Is {vendors} excluded on {action.effective_date}?",
            "Excluded parties may not receive new work (E01).",
        ),
        Source.CONTRACTS: (f"What was reported for {which}?", "Reported and filed amounts must agree (C02)."),
        Source.DOCUMENTS: (
            f"What is filed for {which}?",
            "The contract file must hold what this action requires (D01), and its amount (C02).",
        ),
        Source.LEDGER: (
            f"What was committed and obligated for {which}?",
            "Funds must be certified before signature (F01), and obligations must agree (C02).",
        ),
    }
    return tuple(
        PlannedStep(number=number, source=source, question=question, reason=reason)
        for number, (source, (question, reason)) in enumerate(questions.items(), start=1)
    )
