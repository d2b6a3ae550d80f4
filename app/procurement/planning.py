"""From an action to the questions it needs answered."""

from collections.abc import Mapping
from dataclasses import replace

from app.credentials.plan import PlannedStep
from app.procurement.action import ProcurementAction
from app.procurement.rules import CHECKS
from app.procurement.rules.support.applicability import does_not_apply
from app.procurement.rules.support.value_text import listed, money
from app.procurement.systems import SYSTEMS, System

#: The instrument by the ninth character of its PIID (FAR 4.1603(a)(3)).
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

    All start at once, with what the action itself states (UEI, CAGE, PIID). A second round of questions waits for the
    systems that bring the names to search for, and the checks wait for the systems they compare.
    """
    steps = [_step(action, number, system) for number, system in enumerate(SYSTEMS, start=1)]
    needed = {step.tool: step.number for step in steps if step.needed}
    return tuple(
        replace(step, after=tuple(needed[tool] for tool in system.after if tool in needed))
        for step, system in zip(steps, SYSTEMS, strict=True)
    )


def _step(action: ProcurementAction, number: int, system: System) -> PlannedStep:
    source = system.source
    concerned = [rule for rule in CHECKS if source in {*rule.sources, *rule.helped_by}]
    why_not = {rule.id: does_not_apply(rule, action) for rule in concerned}
    due = [rule for rule in concerned if why_not[rule.id] is None]
    apart = [
        f"Not applicable: {listed(_off(why_not, cause), last='and')}, because {cause}."
        for cause in sorted({why for why in why_not.values() if why})
    ]
    return PlannedStep(
        number=number,
        tool=system.name,
        question=_filled_in(system.question, action),
        reason=" ".join([_filled_in(_purpose(action, system), action), *(apart if due else ())]),
        rules=tuple(rule.id for rule in due if source in rule.sources),
        helps=tuple(rule.id for rule in due if source not in rule.sources),
        why_not=None if due else " ".join(["No check that applies uses this system.", *apart]),
    )


def _off(why_not: Mapping[str, str | None], cause: str) -> list[str]:
    return [rule for rule, why in why_not.items() if why == cause]


def _filled_in(text: str, action: ProcurementAction) -> str:
    """A question or purpose of a system's record, with each placeholder replaced by words for this action."""
    count = len({vendor.uei for vendor in action.vendors})
    vendors = "the vendor" if count == 1 else f"the {count} vendors"
    return text.format(
        action=_which(action),
        option_terms=", and on what terms may the option be exercised" if action.is_option else "",
        day=action.effective_date,
        each_vendor=vendors if count == 1 else f"each of {vendors}",
        any_vendor=vendors if count == 1 else f"any of {vendors}",
    )


def _purpose(action: ProcurementAction, system: System) -> str:
    if action.amount <= 0 and system.purpose_without_money:
        return system.purpose_without_money
    return system.purpose


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
