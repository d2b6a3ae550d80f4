"""The notation of identifiers, money, dates and codes in submitted actions: one type for each."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from app.procurement.instrument_numbers import plain_number


class Submitted(BaseModel):
    """Part of a submission; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class _Matching:
    """Text that matches a pattern in full. `meaning` describes it in messages and in the JSON Schema."""

    pattern: str
    meaning: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        compiled = re.compile(self.pattern)

        def check(value: str) -> str:
            if not compiled.fullmatch(value):
                raise ValueError(f"is not {self.meaning}")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            **handler(schema),
            "pattern": f"^(?:{self.pattern})$",
            "description": _sentence(self.meaning),
        }


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _written(pattern: str, meaning: str, **more: str) -> WithJsonSchema:
    """The JSON Schema of a value that is text in JSON and another type here."""
    known = {"type": "string", "pattern": f"^(?:{pattern})$", "description": _sentence(meaning), **more}
    return WithJsonSchema(known, mode="validation")


_WORTH = r"[0-9]{1,13}(\.[0-9]{1,2})?"
_MONEY = rf"-?{_WORTH}"
_AMOUNT = 'an amount (a string such as "250000.00": at most 13 digits and 2 decimals)'


def _money(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(_MONEY, value):
        raise ValueError(f"is not {_AMOUNT}")
    return Decimal(value).quantize(Decimal("0.01"))


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("is negative")
    return value


_COUNT = r"[0-9]{1,12}(\.[0-9]{1,4})?"
_NUMBER = 'a quantity (a string such as "12": at most 12 digits and 4 decimals)'


def _quantity(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(_COUNT, value):
        raise ValueError(f"is not {_NUMBER}")
    return Decimal(value)


_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and re.fullmatch(_DATE, value):
            return date.fromisoformat(value)
    except ValueError:  # such as 30 February
        pass
    raise ValueError('is not a date (a string such as "2026-09-14")')


Uei = Annotated[
    str,
    _Matching(
        r"(?!.*[0-9]{9})[A-HJ-NP-Z1-9][A-HJ-NP-Z0-9]{11}",
        "a UEI (12 letters or digits, no I or O, not starting with 0, no 9 digits in a row)",
    ),
]
Cage = Annotated[str, _Matching(r"[A-Z0-9]{5}", "a CAGE code (5 capital letters or digits)")]
#: Any number the contract system holds: those from before the present numbering stay in force (FAR 4.1601). Taken over
#: without its punctuation, as that system writes it.
Piid = Annotated[
    str,
    _Matching(
        r"(?=.{0,49}[1-9A-Za-z])[A-Za-z0-9][A-Za-z0-9 ./-]{0,49}",
        'a PIID (up to 50 letters or digits, such as "70ZZ0126C0001", "GS35F0511T" or "0001")',
    ),
    AfterValidator(plain_number),
]
Modification = Annotated[
    str,
    _Matching(
        r"(?=.{0,24}[1-9A-Za-z])[A-Za-z0-9][A-Za-z0-9 ./-]{0,24}",
        'a modification number (up to 25 letters or digits, such as "P00001" or "5"; "0" is the award)',
    ),
    AfterValidator(plain_number),
]
ActionId = Annotated[
    str,
    _Matching(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "an action id (1 to 64 letters, digits, dots, underscores or hyphens)",
    ),
]
Money = Annotated[Decimal, BeforeValidator(_money), _written(_MONEY, _AMOUNT)]
#: A price or value, which cannot be negative.
Worth = Annotated[Decimal, BeforeValidator(_money), AfterValidator(_not_negative), _written(_WORTH, _AMOUNT)]
Quantity = Annotated[Decimal, BeforeValidator(_quantity), _written(_COUNT, _NUMBER)]
Day = Annotated[
    date, BeforeValidator(_day), _written(_DATE, 'a date (a string such as "2026-09-14")', format="date")
]

Naics = Annotated[str, _Matching(r"[0-9]{6}", 'a NAICS code (6 digits, such as "541330")')]
Psc = Annotated[str, _Matching(r"[A-Z0-9]{4}", 'a product or service code (4 characters, such as "R425")')]
Clause = Annotated[str, _Matching(r"[0-9]{2,4}\.[0-9]{3}-[0-9]{1,4}", 'a clause (such as "52.217-9")')]
# Codes of the contract action report (FPDS).
Reason = Literal[
    "A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "T", "V", "W", "X"
]
Pricing = Literal["1", "2", "3", "A", "B", "J", "K", "L", "M", "R", "S", "T", "U", "V", "Y", "Z"]
Competition = Literal["A", "B", "C", "CDO", "D", "E", "F", "G", "NDO"]
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
