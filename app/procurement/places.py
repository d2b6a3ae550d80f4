"""Addresses: whether two are the same place, and whether one can corroborate a name."""

import re
from collections.abc import Callable

from app.procurement.facts import Address
from app.procurement.names import normalised

#: Street words as the Postal Service abbreviates them.
_STREET = {
    "STREET": "ST", "AVENUE": "AVE", "AV": "AVE", "ROAD": "RD", "BOULEVARD": "BLVD", "DRIVE": "DR", "LANE": "LN", "COURT": "CT",
    "PLACE": "PL", "PARKWAY": "PKWY", "HIGHWAY": "HWY", "CIRCLE": "CIR", "TERRACE": "TER", "SQUARE": "SQ", "TRAIL": "TRL",
    "TURNPIKE": "TPKE", "EXPRESSWAY": "EXPY", "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE",
    "NORTHWEST": "NW", "SOUTHEAST": "SE", "SOUTHWEST": "SW", "SAINT": "ST", "FORT": "FT", "MOUNT": "MT", "WY": "WAY",
}  # fmt: skip
_UNIT = re.compile(r"\b(SUITE|STE|UNIT|APT|APARTMENT|FLOOR|FL|ROOM|RM|BUILDING|BLDG|NO)\b.*$")
_UNITED_STATES = frozenset({"USA", "US", "UNITED STATES", "UNITED STATES OF AMERICA"})
_ZIP = 5


def same_place(a: Address, b: Address) -> bool:
    """Whether two addresses are one building: abbreviations, suite and ZIP+4 aside. A part that one of them leaves out is not compared."""
    return a == b or (
        _agree(a.line1, b.line1, _street)
        and _agree(a.city, b.city, _words)
        and _agree(a.state, b.state, _words)
        and _agree(a.zip_code, b.zip_code, _zip)
        and _agree(a.country, b.country, _country)
    )


def corroborates(a: Address, b: Address) -> bool | None:
    """Whether two addresses lie in one area: by country, then ZIP or state, then city. None where they do not say."""
    countries, codes = (_country(a.country), _country(b.country)), (_zip(a.zip_code), _zip(b.zip_code))
    if all(countries) and countries[0] != countries[1]:
        return False
    if codes[0] and codes[0] == codes[1]:
        return True
    for one, other in ((a.state, b.state), (a.city, b.city), codes):
        if one and other:
            return _words(one) == _words(other)
    abroad = countries[0] and countries[0] == countries[1] and countries[0] != "USA"
    return True if abroad else None


def is_abroad(address: Address) -> bool:
    """Whether an address names a country other than the United States."""
    return _country(address.country) not in {"", "USA"}


def written(address: Address) -> str:
    """One line, without the missing parts."""
    parts = (address.line1, address.line2, address.city, address.state, address.zip_code, address.country)
    return ", ".join(part for part in parts if part) or "no address"


def _agree(one: str | None, other: str | None, compared: Callable[[str | None], str]) -> bool:
    if one == other:
        return True
    a, b = compared(one), compared(other)
    return a == b or not a or not b


def _street(line: str | None) -> str:
    return _UNIT.sub("", _words(line)).strip()


def _words(text: str | None) -> str:
    return " ".join(_STREET.get(word, word) for word in normalised(text or "").split())


def _zip(text: str | None) -> str:
    return re.sub(r"[^0-9A-Z]", "", (text or "").upper())[:_ZIP]


def _country(text: str | None) -> str:
    country = normalised(text or "")
    return "USA" if country in _UNITED_STATES else country
