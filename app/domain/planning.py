"""From an action to the questions it needs answered."""

from dataclasses import dataclass

from app.domain.casefile import Source
from app.domain.discrepancy import Rule
from app.domain.procurement import ProcurementAction
from app.domain.rules import CHECKS
from app.domain.rules.applicability import does_not_apply
from app.domain.rules.wording import listed


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """One system to ask, what, and why.

    `rules` are the checks that apply to the action and compare what the system says. `after` are the numbers of the
    steps whose answers the question needs: steps with the same `after` may run at once. A step that is not `needed`
    is not asked and gets no credential.
    """

    number: int
    source: Source
    question: str
    reason: str
    rules: tuple[str, ...]
    after: tuple[int, ...] = ()
    needed: bool = True


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
    reasons = [_purpose(action, source) if due else "Not asked: no check that applies needs this system."]
    reasons.extend(_checks(due, source))
    for cause in sorted({why for why in why_not.values() if why}):
        off = [rule for rule, why in why_not.items() if why == cause]
        reasons.append(f"Not applicable: {listed(off, last='and')}, because {cause}.")
    return PlannedStep(
        number=number,
        source=source,
        question=_question(action, source),
        reason=" ".join(reasons),
        rules=tuple(rule.id for rule in due),
        needed=bool(due),
    )


def _checks(due: list[Rule], source: Source) -> list[str]:
    need = [rule.id for rule in due if source in rule.sources]
    use = [rule.id for rule in due if source not in rule.sources]
    sentences = [f"Needed by {listed(need, last='and')}."] if need else []
    return [*sentences, f"Of use to {listed(use, last='and')}."] if use else sentences


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


def _which(action: ProcurementAction) -> str:
    vehicle = f", placed under {action.referenced_idv}" if action.referenced_idv else ""
    if action.is_new:
        return f"the award of {action.piid}{vehicle}"
    number = f" {action.option.number} by modification" if action.option else ""
    return f"{action.action_type.value}{number} {action.modification_number} of {action.piid}{vehicle}"


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
