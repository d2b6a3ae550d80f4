"""How grave it is that a vendor is not registered: by the FAR in force, an agency's supplement, and what exempts the vendor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.procurement.action import ProcurementAction, VendorRole
from app.procurement.case_file import CaseFile
from app.procurement.finding import Authority, Severity
from app.procurement.rule import Rule
from app.procurement.rules.support.agency_supplements import supplement_to
from app.procurement.rules.support.exemption import exception_to_registration
from app.procurement.rules.support.vendor_identity import Party

#: Since then FAR 52.204-7 asks for a registration at the offer and at award, and no longer for one without a break in between.
BREAKS_ALLOWED_SINCE = date(2024, 11, 12)


@dataclass(frozen=True, slots=True)
class Duty:
    """The severity of a missing registration, its authority, and sentences that explain them."""

    severity: Severity
    authority: Authority
    remarks: tuple[str, ...]


def duty_of(rule: Rule, case: CaseFile, party: Party, *, exempt: bool = False) -> Duty:
    """What a rule on registration says about one vendor. A vendor that is `exempt` by its name makes it advisory."""
    action = case.action
    exception = exception_to_registration(case)
    supplement = supplement_to(rule.id, action) if is_prime(party) else None
    not_again = action.is_order and "52.204-13" in action.clauses and rule.id == "R01"
    remarks = [exception, supplement.because if supplement else None]
    if not_again and supplement is None:
        remarks.append(
            "Under the codified FAR an order whose contract has 52.204-13 needs no new verification."
        )
    if exception or exempt or (not_again and not action.overhauled_far and supplement is None):
        severity = Severity.ADVISORY
    elif supplement is not None:
        severity = Severity.BLOCKING
    else:
        severity = rule.severities.of(action) or Severity.ADVISORY
    authority = supplement.on_top_of(rule.authority) if supplement else rule.authority
    return Duty(severity, authority, tuple(filter(None, remarks)))


def is_prime(party: Party) -> bool:
    """Whether the contract is with this vendor."""
    return any(vendor.role is VendorRole.PRIME for vendor in party)


def break_since_offer(
    action: ProcurementAction, party: Party, activations: Sequence[date | None]
) -> str | None:
    """Why active registrations, by their days of activation, do not show one without a break, where the solicitation asked for that."""
    solicited, known = action.solicitation_date, [day for day in activations if day is not None]
    if not action.is_new or action.is_order or not is_prime(party) or solicited is None:
        return None
    if solicited >= BREAKS_ALLOWED_SINCE or len(known) < len(activations) or not known:
        return None
    activated = min(known)
    if activated <= solicited or activated > action.effective_date:
        return None
    return (
        f"active since {activated}, which is after the solicitation of {solicited}: FAR 52.204-7 as it stood before"
        f" {BREAKS_ALLOWED_SINCE} asks for a registration without a break from offer to award, so look up its history"
    )
