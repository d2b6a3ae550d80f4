"""Which checks do not apply to an action, and why: decided from the action alone, before any system is queried."""

from app.procurement.action import ActionType, ProcurementAction
from app.procurement.rule import Rule
from app.procurement.rules.support.value_text import money
from app.procurement.thresholds import SIMPLIFIED_ACQUISITION, in_force

#: Checks of money that is about to be obligated.
OF_NEW_MONEY = frozenset({"F01", "F03", "F04"})
_NAMES = {
    ActionType.NEW_AWARD: "a new award",
    ActionType.MODIFICATION: "a modification",
    ActionType.OPTION: "the exercise of an option",
}


def does_not_apply(rule: Rule, action: ProcurementAction) -> str | None:
    """Why this rule has nothing to say about this action; None where it applies."""
    if rule.severities.of(action) is None:
        return f"it is {_NAMES[action.action_type]}"
    if rule.id in OF_NEW_MONEY and action.amount <= 0:
        return "the action adds no money"
    if rule.id == "F04" and action.psc and not action.psc.strip()[:1].isalpha():
        return f"it buys supplies (product code {action.psc.strip()})"
    limit = in_force(SIMPLIFIED_ACQUISITION, action.threshold_date)
    if rule.id == "E06" and action.value <= limit:
        return f"its value is not above {money(limit)}"
    return None
