"""How the systems write "nothing", identifiers, codes, dates and money: one type per notation.

What does not fit raises `ValueError` without the value, since these texts end up on a page.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.procurement.facts import Address

#: Identifiers typed in where there is none.
_JUNK = frozenset({"N/A", "NA", "NONE", "N0TAPPLICABL", "NOTAPPLICABL", "00000", "000000000000"})
#: SAM.gov has a placeholder for what it does not publish yet.
_NOTHING = frozenset({"", "null", "currently not available"})


class Payload(BaseModel):
    """Part of an answer; keys in camelCase where no alias says otherwise, unknown ones ignored."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


def absent(value: object) -> object:
    """None for what means nothing: an empty text, the text "null", and a placeholder."""
    if isinstance(value, str):
        stripped = value.strip()
        return None if stripped.lower() in _NOTHING else stripped
    return value


def _identifier(value: object) -> object:
    found = absent(value)
    if isinstance(found, str):
        found = found.upper()
        return None if found in _JUNK else found
    return found


def _empty(value: object) -> object:
    """None for an object without a value in it."""
    if isinstance(value, dict) and all(absent(part) is None for part in value.values()):
        return None
    return value


def _without_placeholders(value: object) -> object:
    """A list without the rows that mean nothing; an empty one for null."""
    if value is None:
        return []
    return [row for row in value if absent(row) is not None] if isinstance(value, list) else value


def _dated(example: str) -> BeforeValidator:
    """A day in any notation of these services that leaves no doubt; `example` shows the usual one."""

    def read(value: object) -> object:
        text = absent(value)
        if text is None:
            return None
        found = _DAY.fullmatch(text) if isinstance(text, str) else None
        try:
            if found is not None:
                return date(*(int(found[part] or found[f"{part}2"]) for part in "ymd"))
        except ValueError:  # such as 30 February
            pass
        raise ValueError(f"is not a date like {example}")

    return BeforeValidator(read)


def _timed(value: object) -> object:
    text = absent(value)
    if text is None:
        return None
    try:
        if isinstance(text, str):
            return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    raise ValueError("is not a date and time like 2026-09-14T00:00:00Z or 2026-09-14 00:00:00.000")


def code_of(value: object) -> object:
    """The code of `{"code": …, "name": …}`, of the first where there is a list.

    Code and name arrive swapped now and then: then the shorter, upper-case one is the code.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return absent(value)
    code, name = absent(value.get("code")), absent(value.get("name"))
    if isinstance(code, str) and isinstance(name, str) and len(name) < len(code) and _CODE.fullmatch(name):
        return name
    return code


def _answered(value: object) -> object:
    """True or False for Yes or No in any case, also as one letter; None for neither."""
    text = absent(value)
    if isinstance(text, str):
        answers = {"yes": True, "y": True, "no": False, "n": False, "n/a": None, "u": None}
        if text.lower() in answers:
            return answers[text.lower()]
        raise ValueError("is neither yes nor no")
    return text


_CODE = re.compile(r"[A-Z0-9]{1,6}")
#: 2026-09-14, and with the month first 09-14-2026 and 09/14/2026.
_DAY = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})|(?P<m2>\d{2})(?P<sep>[-/])(?P<d2>\d{2})(?P=sep)(?P<y2>\d{4})"
)

#: U.S. dollars as a service may state them; "1e999999" is a number, too, and would fill the memory when printed.
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=2)]
Text = Annotated[str | None, BeforeValidator(absent)]
Identifier = Annotated[str | None, BeforeValidator(_identifier)]
Required = Annotated[str, BeforeValidator(absent), Field(min_length=1)]
RequiredIdentifier = Annotated[str, BeforeValidator(_identifier)]
Code = Annotated[str | None, BeforeValidator(code_of)]
YesNo = Annotated[bool | None, BeforeValidator(_answered)]
Amount = Annotated[Money | None, BeforeValidator(absent)]
Count = Annotated[int, BeforeValidator(lambda value: 0 if absent(value) is None else value), Field(ge=0)]
Total = Annotated[int, Field(ge=0)]
YesNoUnknown = Annotated[Literal["Y", "N", "U"] | None, BeforeValidator(absent)]

#: The entity service, documents: 2026-09-14.
Day = Annotated[date | None, _dated("2026-09-14")]
#: Exclusions: 09-14-2026.
MonthFirst = Annotated[date | None, _dated("MM-DD-YYYY")]
#: Contract awards: 2026-09-14T00:00:00Z and 2026-09-14 00:00:00.000 side by side. The day as written, not shifted.
TimedDay = Annotated[date | None, BeforeValidator(_timed)]

#: An object that may be there, null, or empty.
EmptyAsNone = BeforeValidator(_empty)
#: An object that may be missing or null.
NullAsEmpty = BeforeValidator(lambda value: {} if value is None else value)
#: A list, or null in place of an empty one.
NullAsEmptyList = BeforeValidator(_without_placeholders)


class Place(Payload):
    """An address as SAM.gov writes it."""

    address_line1: Text = Field(default=None, alias="addressLine1")
    address_line2: Text = Field(default=None, alias="addressLine2")
    city: Text = None
    state: Text = Field(default=None, alias="stateOrProvinceCode")
    zip_code: Text = None
    plus_four: Text = Field(default=None, alias="zipCodePlus4")
    country: Text = Field(default=None, alias="countryCode")

    def to_fact(self) -> Address:
        """The same for the rules; ZIP and its four further digits as one."""
        joined = f"{self.zip_code}-{self.plus_four}" if self.zip_code and self.plus_four else self.zip_code
        return Address(
            line1=self.address_line1,
            line2=self.address_line2,
            city=self.city,
            state=self.state,
            zip_code=joined,
            country=self.country,
        )


OptionalPlace = Annotated[Place | None, EmptyAsNone]


def address_of(place: Place | None) -> Address | None:
    """The place for the rules, where there is one."""
    return place.to_fact() if place is not None else None
