"""Whether an action was competed, and whether that needs a written justification."""

from app.procurement.action import ProcurementAction
from app.procurement.thresholds import EIGHT_A_JUSTIFICATION, SIMPLIFIED_ACQUISITION, in_force

#: Not competed, also under simplified procedures.
_NOT_COMPETED = frozenset({"C", "G"})
_SOLE_SOURCE = frozenset({"8AN", "HZS", "SDVOSBS", "WOSBSS", "EDWOSBSS"})


def not_competed(
    action: ProcurementAction, competition: str | None = None, set_aside: str | None = None
) -> bool:
    """Whether the codes say that only one source was solicited; codes of the report stand in for missing ones."""
    competition, set_aside = action.competition or competition, action.set_aside or set_aside
    return competition in _NOT_COMPETED or set_aside in _SOLE_SOURCE


def needs_justification(
    action: ProcurementAction, competition: str | None = None, set_aside: str | None = None
) -> bool:
    """Whether a justification under FAR 6.303 (RFO 6.104) is due.

    Not for orders, which follow their vehicle; not up to the simplified acquisition threshold, where the file is
    documented otherwise; and for 8(a) sole-source awards only above a higher threshold.
    """
    if action.is_order or not not_competed(action, competition, set_aside):
        return False
    eight_a = (action.set_aside or set_aside) == "8AN"
    threshold = EIGHT_A_JUSTIFICATION if eight_a else SIMPLIFIED_ACQUISITION
    return action.value > in_force(threshold, action.threshold_date)
