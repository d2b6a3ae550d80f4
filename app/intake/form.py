"""What a submitted action must look like."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.domain.procurement import ActionType, ProcurementAction, Vendor, VendorRole


def _matching(pattern: str, meaning: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"is not {meaning}")
        return value

    return AfterValidator(check)


def _money(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,13}(\.[0-9]{1,2})?", value):
        raise ValueError('is not an amount (a string such as "250000.00": at most 13 digits and 2 decimals)')
    return Decimal(value).quantize(Decimal("0.01"))


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    except ValueError:  # such as 30 February
        pass
    raise ValueError('is not a date (a string such as "2026-09-14")')


Uei = Annotated[
    str,
    _matching(
        r"(?!.*[0-9]{9})[A-HJ-NP-Z1-9][A-HJ-NP-Z0-9]{11}",
        "a UEI (12 letters or digits, no I or O, not starting with 0, no 9 digits in a row)",
    ),
]
Cage = Annotated[str, _matching(r"[A-Z0-9]{5}", "a CAGE code (5 capital letters or digits)")]
Piid = Annotated[str, _matching(r"[A-Z0-9]{13,17}", "a PIID (13 to 17 capital letters or digits)")]
Modification = Annotated[
    str, _matching(r"[PA][A-Z0-9]{5}", 'a modification number (such as "P00001": P or A, then 5 characters)')
]
ActionId = Annotated[
    str,
    _matching(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "an action id (1 to 64 letters, digits, dots, underscores or hyphens)",
    ),
]
Money = Annotated[Decimal, BeforeValidator(_money)]
Day = Annotated[date, BeforeValidator(_day)]


class _Submitted(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Vendor(_Submitted):
    uei: Uei
    name: str = Field(min_length=1, max_length=300)
    role: Literal["prime", "subcontractor", "owner"]
    cage: Cage | None = None


class SubmittedAction(_Submitted):
    """One action as its sender writes it; unknown fields are refused."""

    action_id: ActionId
    action_type: Literal["new_award", "modification", "option"]
    piid: Piid
    modification: Modification | None = None
    amount: Money
    effective_date: Day
    description: str = Field(default="", max_length=4000)
    vendors: list[_Vendor] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        primes = sum(vendor.role == "prime" for vendor in self.vendors)
        if primes != 1:
            raise ValueError(f"vendors: exactly one must be the prime, {primes} are")
        named = [(vendor.uei, vendor.role) for vendor in self.vendors]
        for uei, role in named:
            if named.count((uei, role)) > 1:
                raise ValueError(f"vendors: {uei!r} is named twice as {role}")
        if (self.modification is None) != (self.action_type == "new_award"):
            raise ValueError(
                f"modification: {json.dumps(self.modification)} does not fit the action type"
                f" {self.action_type!r} (a new award has none, all others have one)"
            )
        return self

    def to_domain(self) -> ProcurementAction:
        """The same action, in the terms of the rules."""
        return ProcurementAction(
            action_id=self.action_id,
            action_type=ActionType(self.action_type),
            piid=self.piid,
            modification=self.modification,
            amount=self.amount,
            effective_date=self.effective_date,
            description=self.description,
            vendors=tuple(
                Vendor(uei=v.uei, name=v.name, role=VendorRole(v.role), cage=v.cage) for v in self.vendors
            ),
        )
