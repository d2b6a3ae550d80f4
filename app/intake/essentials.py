"""The fields of every submitted action: id, type, contract, amount, effective date and vendors."""

import json
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.intake.notation import ActionId, Cage, Day, Modification, Money, Piid, Submitted, Uei
from app.procurement.action import Vendor, VendorRole


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
