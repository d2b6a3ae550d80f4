"""Addresses: whether two are the same place, and whether one can corroborate a name."""

import re

from app.domain.facts import Address
from app.domain.names import normalised

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
    """Whether two addresses are one building: abbreviations, suite and ZIP+4 aside. What one leaves out is not compared."""
    pairs = (
        (_street(a), _street(b)),
        (_words(a.city), _words(b.city)),
        (_words(a.state), _words(b.state)),
        (_zip(a), _zip(b)),
        (_country(a), _country(b)),
    )
    return all(one == other for one, other in pairs if one and other)


def corroborates(a: Address, b: Address) -> bool | None:
    """Whether two addresses lie in one area: by country, then ZIP or state, then city. None where they do not say."""
    if _country(a) and _country(b) and _country(a) != _country(b):
        return False
    if _zip(a) and _zip(a) == _zip(b):
        return True
    for one, other in ((a.state, b.state), (a.city, b.city), (_zip(a), _zip(b))):
        if one and other:
            return _words(one) == _words(other)
    abroad = _country(a) and _country(a) == _country(b) and _country(a) != "USA"
    return True if abroad else None


def is_abroad(address: Address) -> bool:
    """Whether an address names a country other than the United States."""
    return _country(address) not in {"", "USA"}


def written(address: Address) -> str:
    """One line, without what is not known."""
    parts = (address.line1, address.line2, address.city, address.state, address.zip_code, address.country)
    return ", ".join(part for part in parts if part) or "no address"


def _street(address: Address) -> str:
    return _UNIT.sub("", _words(address.line1)).strip()


def _words(text: str | None) -> str:
    return " ".join(_STREET.get(word, word) for word in normalised(text or "").split())


def _zip(address: Address) -> str:
    return re.sub(r"[^0-9A-Z]", "", (address.zip_code or "").upper())[:_ZIP]


def _country(address: Address) -> str:
    country = normalised(address.country or "")
    return "USA" if country in _UNITED_STATES else country
