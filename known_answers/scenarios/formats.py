"""The notations of the real systems, one type each, and the base of all models of scenario files."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

JsonObject = dict[str, Any]

_UEI = re.compile(r"(?!.*\d{9})[A-HJ-NP-Z1-9][A-HJ-NP-Z0-9]{11}")


def _matching(pattern: str | re.Pattern[str], what: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"not {what}")
        return value

    return check


def _dated(notation: str, example: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        try:
            written = datetime.strptime(value, notation)  # noqa: DTZ007  # a date without time or zone
        except ValueError:
            raise ValueError(f"not a date like {example}") from None
        if len(value) != len(example) or written.strftime(notation)[: len(value)] != value[: len(value)]:
            raise ValueError(f"not a date like {example}")
        return value

    return check


def is_uei(text: str) -> bool:
    """Whether a text has the form of a UEI."""
    return _UEI.fullmatch(text) is not None


Uei = Annotated[str, AfterValidator(_matching(_UEI, "a UEI"))]
#: The ledger may append the four characters that tell a firm's payment accounts apart.
PaymentUei = Annotated[
    str,
    AfterValidator(
        _matching(re.compile(rf"{_UEI.pattern}(?:[A-Z0-9]{{4}})?"), "a UEI, alone or with a payment suffix")
    ),
]
Cage = Annotated[str, AfterValidator(_matching(r"[A-HJ-NP-Z0-9]{5}", "a CAGE code"))]
#: Today's numbers have 13 to 17 characters; older ones stay in force, and some systems write them with punctuation.
_NUMBER = r"[A-Z0-9][A-Z0-9 ./-]"
Piid = Annotated[str, AfterValidator(_matching(rf"{_NUMBER}{{0,49}}", "a PIID"))]
Supplement = Annotated[str, AfterValidator(_matching(rf"(?!0+$){_NUMBER}{{0,24}}", "a modification number"))]
#: As the contract system writes it: "0" for the award itself.
ModificationNumber = Annotated[
    str, AfterValidator(_matching(rf"{_NUMBER}{{0,24}}", 'neither "0" nor a modification number'))
]
Money = Annotated[str, AfterValidator(_matching(r"-?\d{1,13}\.\d{2}", 'an amount like "250000.00"'))]
Quantity = Annotated[str, AfterValidator(_matching(r"\d{1,12}(\.\d{1,4})?", 'a quantity like "12"'))]
Sha256 = Annotated[str, AfterValidator(_matching(r"[0-9a-f]{64}", "a SHA-256 in hex"))]
Code = Annotated[str, AfterValidator(_matching(r"[A-Z0-9]{1,10}", "a code"))]
#: TAS label: [ATA-]AID-BPOA/EPOA-MAIN-SUB, or X in place of the years.
Tas = Annotated[str, AfterValidator(_matching(r"(\d{3}-)?\d{3}-(\d{4}/\d{4}|X)-\d{4}-\d{3}", "a TAS label"))]

Day = Annotated[str, AfterValidator(_dated("%Y-%m-%d", "2026-09-14"))]
MonthFirst = Annotated[str, AfterValidator(_dated("%m-%d-%Y", "09-14-2026"))]
ZuluTime = Annotated[str, AfterValidator(_dated("%Y-%m-%dT%H:%M:%SZ", "2026-09-14T00:00:00Z"))]
SpacedTime = Annotated[str, AfterValidator(_dated("%Y-%m-%d %H:%M:%S.%f", "2026-09-14 00:00:00.000"))]


def plain_number(number: str) -> str:
    """A number without its punctuation, which the systems do not compare."""
    return re.sub(r"[^A-Z0-9]", "", number.upper())


class Shape(BaseModel):
    """A strict model: unknown keys and other types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CamelShape(Shape):
    """A `Shape` with keys in camelCase, unless an alias differs."""

    model_config = ConfigDict(alias_generator=to_camel)
