"""When a vendor need not be registered in SAM.gov."""

from datetime import timedelta

from app.procurement.action import Payment, ProcurementAction
from app.procurement.case_file import CaseFile
from app.procurement.contract_facts import ReportedAction
from app.procurement.instrument_numbers import AWARD, same_contract, same_modification
from app.procurement.names import normalised
from app.procurement.thresholds import MICRO_PURCHASE, in_force

#: Time to register after an award made under urgency (FAR 4.1102; RFO 4.203-1(b)).
_AFTER_URGENCY = timedelta(days=30)
_URGENCY = ("URGEN", "UNUSUAL", "COMPELLING")
#: Names of identifiers that stand for many vendors (FAR 4.605(c); RFO 4.301(e)), as normalised.
_GENERIC = (
    "MISCELLANEOUS FOREIGN",
    "FOREIGN AWARDEES",
    "DOMESTIC AWARDEES",
    "FOREIGN CONTRACTORS UNDISCLOSED",
)


def card_micro_purchase(action: ProcurementAction) -> bool:
    """A purchase up to the micro-purchase threshold that is made and paid by card needs no registration."""
    by_card = action.is_new and action.payment is Payment.PURCHASE_CARD
    return by_card and action.amount <= in_force(MICRO_PURCHASE, action.threshold_date)


def exception_to_registration(case: CaseFile) -> str | None:
    """The exception the officer relies on or the contract was reported with, as a sentence; None if there is none."""
    action = case.action
    reported = [item.fact for item in case.of(ReportedAction) if same_contract(item.fact.piid, action.piid)]
    recorded = sorted(item.registration_exception for item in reported if item.registration_exception)
    urgent = "unusual and compelling urgency" if action.urgent else None
    exception = action.registration_exception or next(iter(recorded), urgent)
    if exception is None:
        return None
    sentence = f"An exception to registration is recorded: {exception}."
    if not any(word in exception.upper() for word in _URGENCY):
        return sentence
    awarded = min(
        (item.signed for item in reported if item.signed and same_modification(item.modification, AWARD)),
        default=None,
    )
    if action.is_new or awarded is None:
        return f"{sentence} Registration is due within 30 days of award."
    due = awarded + _AFTER_URGENCY
    return f"{sentence} Registration is due by {due}." if action.effective_date <= due else None


def stands_for_many(name: str) -> bool:
    """Whether a name is that of a generic entity identifier and not of one firm."""
    return normalised(name).startswith(_GENERIC)
