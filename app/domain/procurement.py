"""What is being bought, from whom: the action under triage."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor:
    """A firm named in the action. `uei` has 12 characters, `cage` 5 where known."""

    uei: str
    name: str
    role: VendorRole
    cage: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcurementAction:
    """A proposed action. `amount` is in U.S. dollars and negative for a de-obligation."""

    action_id: str
    action_type: ActionType
    piid: str
    modification: str | None
    amount: Decimal
    effective_date: date
    description: str
    vendors: tuple[Vendor, ...]

    @property
    def prime(self) -> Vendor:
        """The vendor the contract is with."""
        return next(vendor for vendor in self.vendors if vendor.role is VendorRole.PRIME)

    @property
    def parties(self) -> tuple[tuple[Vendor, ...], ...]:
        """The vendors by UEI, in a fixed order: a firm may be named in more than one role."""
        return tuple(
            tuple(sorted((v for v in self.vendors if v.uei == uei), key=lambda v: (v.role, v.name)))
            for uei in sorted({vendor.uei for vendor in self.vendors})
        )

    @property
    def modification_number(self) -> str:
        """As the contract system writes it: "0" for the award itself."""
        return self.modification or "0"
