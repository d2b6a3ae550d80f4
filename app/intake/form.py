"""The schema of a submitted action."""

import json
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.intake.notation import (
    ActionId,
    Cage,
    Clause,
    Competition,
    Day,
    Modification,
    Money,
    Naics,
    Piid,
    Pricing,
    Psc,
    Quantity,
    Reason,
    SetAside,
    Submitted,
    Uei,
    Worth,
)
from app.procurement.action import (
    ActionType,
    OptionExercise,
    Payment,
    ProcurementAction,
    Vendor,
    VendorRole,
)
from app.procurement.instrument_numbers import same_contract


def conflict(problem: str) -> PydanticCustomError:
    """A conflict between fields. The text names their values."""
    return PydanticCustomError("conflict", "{problem}", {"problem": problem})


class SubmittedVendor(Submitted):
    """A firm named in the action."""

    uei: Uei
    name: str = Field(min_length=1, max_length=300)
    role: Literal["prime", "subcontractor", "owner"]
    cage: Cage | None = None

    def to_domain(self) -> Vendor:
        """The vendor as a domain object."""
        return Vendor(uei=self.uei, name=self.name, role=VendorRole(self.role), cage=self.cage)


class Essentials(Submitted):
    """The common fields. Each is checked against those before it, so that all problems are reported at once."""

    action_id: ActionId
    action_type: Literal["new_award", "modification", "option"]
    piid: Piid
    modification: Modification | None = Field(default=None, validate_default=True)
    amount: Money
    effective_date: Day
    description: str = Field(default="", max_length=4000)
    vendors: list[SubmittedVendor] = Field(min_length=1, max_length=50)

    @field_validator("modification")
    @classmethod
    def _fits_the_type(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("action_type")
        if kind is not None and (value is None) != (kind == "new_award"):
            raise conflict(
                f"{json.dumps(value)} does not fit the action type {kind!r}"
                " (a new award has none, all others have one)"
            )
        return value

    @field_validator("vendors")
    @classmethod
    def _one_prime_and_each_once(cls, value: list[SubmittedVendor]) -> list[SubmittedVendor]:
        problems = []
        primes = sum(vendor.role == "prime" for vendor in value)
        if primes != 1:
            problems.append(f"exactly one must be the prime, {primes} are")
        named = [(vendor.uei, vendor.role) for vendor in value]
        problems += [
            f"{uei!r} is named twice as {role}"
            for uei, role in dict.fromkeys(named)
            if named.count((uei, role)) > 1
        ]
        if problems:
            raise conflict("; ".join(problems))
        return value


class SubmittedOption(Submitted):
    """The exercise of an option."""

    number: int = Field(ge=1, le=99, strict=True)
    price: Worth | None = None
    notice_date: Day | None = None
    preliminary_notice_date: Day | None = None
    quantity: Quantity | None = None
    clause: Clause | None = None

    def to_domain(self) -> OptionExercise:
        """The option exercise as a domain object."""
        return OptionExercise(**dict(self))


class SubmittedAction(Essentials):
    """One submitted action. The fields declared here are optional; unknown fields are refused."""

    referenced_idv: Piid | None = None
    reason: Reason | None = None
    solicitation_date: Day | None = None
    period_start: Day | None = None
    period_end: Day | None = None
    total_value: Worth | None = None
    naics: Naics | None = None
    psc: Psc | None = None
    pricing: Pricing | None = None
    competition: Competition | None = None
    set_aside: SetAside | None = None
    payment: Literal["eft", "purchase_card"] = "eft"
    option: SubmittedOption | None = None
    clauses: list[Clause] = Field(default_factory=list, max_length=200)
    defense: bool = Field(default=False, strict=True)
    construction: bool = Field(default=False, strict=True)
    on_installation: bool = Field(default=False, strict=True)
    performed_abroad: bool = Field(default=False, strict=True)
    unilateral: bool = Field(default=False, strict=True)
    urgent: bool = Field(default=False, strict=True)
    severable: bool | None = Field(default=None, strict=True)
    replaces: Piid | None = None
    registration_exception: str | None = Field(default=None, min_length=1, max_length=300)
    overhauled_far: bool = Field(default=True, strict=True)

    @field_validator("referenced_idv", "replaces")
    @classmethod
    def _another_contract(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and same_contract(value, info.data.get("piid")):
            raise conflict(f"{value!r} is the PIID of the action itself")
        return value

    @field_validator("reason")
    @classmethod
    def _of_a_modification(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("action_type") == "new_award":
            raise conflict(f"{value!r} is a reason for a modification; a new award has none")
        return value

    @field_validator("period_end")
    @classmethod
    def _not_before_its_start(cls, value: Day | None, info: ValidationInfo) -> Day | None:
        start = info.data.get("period_start")
        if value is not None and start is not None and value < start:
            raise conflict(f"'{value}' is before the period starts ('{start}')")
        return value

    @field_validator("option")
    @classmethod
    def _of_an_option(cls, value: SubmittedOption | None, info: ValidationInfo) -> SubmittedOption | None:
        kind = info.data.get("action_type")
        if value is not None and kind not in (None, "option"):
            raise conflict(f"option {value.number} does not fit the action type {kind!r}")
        return value

    def to_domain(self) -> ProcurementAction:
        """The action as a domain object."""
        terms = dict(self)
        terms.update(
            action_type=ActionType(self.action_type),
            vendors=tuple(vendor.to_domain() for vendor in self.vendors),
            payment=Payment(self.payment),
            option=self.option.to_domain() if self.option else None,
            clauses=frozenset(self.clauses),
        )
        return ProcurementAction(**terms)
