"""The procurement action under triage: what is bought, and from whom."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property


class ActionType(StrEnum):
    """What kind of step in a contract's life the action is."""

    NEW_AWARD = "new_award"
    MODIFICATION = "modification"
    OPTION = "option"


class VendorRole(StrEnum):
    """A vendor's part in the action."""

    PRIME = "prime"
    SUBCONTRACTOR = "subcontractor"
    OWNER = "owner"


class Payment(StrEnum):
    """How the vendor is to be paid."""

    EFT = "eft"
    PURCHASE_CARD = "purchase_card"


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor:
    """A firm named in the action. `uei` has 12 characters, `cage` 5 where known."""

    uei: str
    name: str
    role: VendorRole
    cage: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionExercise:
    """How an option is exercised: its number, its price in dollars, and when notices were given to the vendor."""

    number: int
    price: Decimal | None = None
    notice_date: date | None = None
    preliminary_notice_date: date | None = None
    quantity: Decimal | None = None
    #: The clause it rests on: "52.217-8" extends services by up to six months.
    clause: str | None = None


# Without slots: cached properties are kept beside the fields.
@dataclass(frozen=True, kw_only=True)
class ProcurementAction:
    """A proposed action. `amount` is in U.S. dollars and negative for a de-obligation.

    Fields after `vendors` may be unknown; a rule that needs one that is missing finds nothing. Codes are
    those of the contract action report (FPDS): `reason` of a modification (A, B, C, G, J, M …), `pricing` (J firm
    fixed price …), `competition` (A full and open, C not competed …), `set_aside` (NONE, SBA, 8A …).
    """

    action_id: str
    action_type: ActionType
    piid: str
    modification: str | None
    amount: Decimal
    effective_date: date
    description: str
    vendors: tuple[Vendor, ...]
    #: The indefinite-delivery vehicle an order is placed under; None for a contract that stands alone.
    referenced_idv: str | None = None
    reason: str | None = None
    solicitation_date: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    #: Value with all options once this action takes effect, in dollars.
    total_value: Decimal | None = None
    naics: str | None = None
    psc: str | None = None
    pricing: str | None = None
    competition: str | None = None
    set_aside: str | None = None
    payment: Payment = Payment.EFT
    option: OptionExercise | None = None
    #: Clauses of the contract that matter to a check, such as "52.232-18".
    clauses: frozenset[str] = frozenset()
    defense: bool = False
    construction: bool = False
    on_installation: bool = False
    performed_abroad: bool = False
    #: A modification only the Government signs.
    unilateral: bool = False
    #: Unusual and compelling urgency: its report is due later.
    urgent: bool = False
    #: Services whose benefit comes month by month; False for one end product, such as a study.
    severable: bool | None = None
    #: The terminated contract this one takes the place of.
    replaces: str | None = None
    #: Exception to registration the officer relies on (FAR 4.1102(a)), in words; None where there is none.
    registration_exception: str | None = None
    #: Whether the agency works under the 2025 overhaul of the FAR (RFO) and not the codified text.
    overhauled_far: bool = True

    @cached_property
    def prime(self) -> Vendor:
        """The vendor the contract is with."""
        return next(vendor for vendor in self.vendors if vendor.role is VendorRole.PRIME)

    @cached_property
    def parties(self) -> tuple[tuple[Vendor, ...], ...]:
        """The vendors by UEI, in a fixed order: a firm may be named in more than one role."""
        named: dict[str, list[Vendor]] = {}
        for vendor in self.vendors:
            named.setdefault(vendor.uei, []).append(vendor)
        return tuple(
            (same[0],) if len(same) == 1 else tuple(sorted(same, key=lambda v: (v.role, v.name)))
            for _, same in sorted(named.items())
        )

    @cached_property
    def modification_number(self) -> str:
        """As the contract system writes it: "0" for the award itself."""
        return self.modification or "0"

    @property
    def is_new(self) -> bool:
        """A new award or order."""
        return self.action_type is ActionType.NEW_AWARD

    @property
    def is_modification(self) -> bool:
        """A modification that exercises no option."""
        return self.action_type is ActionType.MODIFICATION

    @property
    def is_option(self) -> bool:
        """The exercise of an option."""
        return self.action_type is ActionType.OPTION

    @property
    def is_order(self) -> bool:
        """Placed under a vehicle."""
        return self.referenced_idv is not None

    @property
    def adds_work(self) -> bool:
        """Whether the Government takes on new work or money by it: everything but an administrative change."""
        return not self.is_modification or self.amount > 0

    @cached_property
    def value(self) -> Decimal:
        """The value that thresholds apply to: the value with all options where it is known, at least the amount."""
        return max(self.total_value or self.amount, self.amount)

    @cached_property
    def threshold_date(self) -> date:
        """The day whose thresholds apply: of the solicitation where there was one, else of the action."""
        return self.solicitation_date or self.effective_date
