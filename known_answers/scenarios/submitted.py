"""The action of a scenario, as it is submitted for triage."""

from typing import Literal, Self

from pydantic import Field, model_validator

from known_answers.scenarios.formats import Cage, Code, Day, Money, Piid, Quantity, Supplement, Uei
from known_answers.scenarios.shape import Shape


class Vendor(Shape):
    """A firm named in the action."""

    uei: Uei
    name: str = Field(min_length=1, max_length=300)
    role: Literal["prime", "subcontractor", "owner"]
    cage: Cage | None = None


class OptionExercise(Shape):
    """Which option, at what price, and when the vendor was told."""

    number: int = Field(ge=1)
    price: Money | None = None
    notice_date: Day | None = None
    preliminary_notice_date: Day | None = None
    quantity: Quantity | None = None
    clause: str | None = None


class Action(Shape):
    """The action as it is submitted for triage; what comes after the vendors may be left out."""

    action_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    action_type: Literal["new_award", "modification", "option"]
    piid: Piid
    modification: Supplement | None
    amount: Money
    effective_date: Day
    description: str
    vendors: list[Vendor] = Field(min_length=1)
    referenced_idv: Piid | None = None
    reason: Code | None = None
    solicitation_date: Day | None = None
    period_start: Day | None = None
    period_end: Day | None = None
    total_value: Money | None = None
    naics: Code | None = None
    psc: Code | None = None
    pricing: Code | None = None
    competition: Code | None = None
    set_aside: Code | None = None
    payment: Literal["eft", "purchase_card"] = "eft"
    option: OptionExercise | None = None
    clauses: list[str] = Field(default_factory=list)
    defense: bool = False
    construction: bool = False
    on_installation: bool = False
    performed_abroad: bool = False
    unilateral: bool = False
    urgent: bool = False
    severable: bool | None = None
    replaces: Piid | None = None
    registration_exception: str | None = Field(default=None, min_length=1)
    overhauled_far: bool = True

    @property
    def modification_number(self) -> str:
        """As the contract system writes it."""
        return self.modification or "0"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(vendor.role == "prime" for vendor in self.vendors) != 1:
            raise ValueError("vendors: exactly one must be the prime")
        if (self.modification is None) != (self.action_type == "new_award"):
            raise ValueError(f"modification: {self.modification!r} does not fit {self.action_type}")
        return self
