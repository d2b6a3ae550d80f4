"""How a submitted action writes identifiers, money, dates and codes: one type per notation."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


class Submitted(BaseModel):
    """Part of a submission; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("is negative")
    return value


def _quantity(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,4})?", value):
        raise ValueError('is not a quantity (a string such as "12": at most 12 digits and 4 decimals)')
    return Decimal(value)


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
#: A price or value, which cannot be negative.
Worth = Annotated[Decimal, BeforeValidator(_money), AfterValidator(_not_negative)]
Quantity = Annotated[Decimal, BeforeValidator(_quantity)]
Day = Annotated[date, BeforeValidator(_day)]

Naics = Annotated[str, _matching(r"[0-9]{6}", 'a NAICS code (6 digits, such as "541330")')]
Psc = Annotated[str, _matching(r"[A-Z0-9]{4}", 'a product or service code (4 characters, such as "R425")')]
Clause = Annotated[str, _matching(r"[0-9]{2,4}\.[0-9]{3}-[0-9]{1,4}", 'a clause (such as "52.217-9")')]
# Codes of the contract action report (FPDS).
Reason = Literal[
    "A",
    "B",
    "C",
    "D",
    "E",
    "F",
    "G",
    "H",
    "J",
    "K",
    "L",
    "M",
    "N",
    "P",
    "R",
    "S",
    "T",
    "V",
    "W",
    "X",
]
Pricing = Literal[
    "1",
    "2",
    "3",
    "A",
    "B",
    "J",
    "K",
    "L",
    "M",
    "R",
    "S",
    "T",
    "U",
    "V",
    "Y",
    "Z",
]
Competition = Literal[
    "A",
    "B",
    "C",
    "CDO",
    "D",
    "E",
    "F",
    "G",
    "NDO",
]
SetAside = Literal[
    "NONE",
    "SBA",
    "SBP",
    "RSB",
    "8A",
    "8AN",
    "8AC",
    "HZC",
    "HZS",
    "SDVOSBC",
    "SDVOSBS",
    "WOSB",
    "WOSBSS",
    "EDWOSB",
    "EDWOSBSS",
    "ISBEE",
    "ISEE",
    "BI",
    "IEE",
    "HMP",
    "HMT",
    "VSA",
    "VSS",
    "ESB",
]
