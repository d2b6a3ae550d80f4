"""Addresses: whether two are the same place, and whether one can corroborate a name."""

import re
from functools import lru_cache

from app.procurement.facts import Address, says_nothing
from app.procurement.names import normalised
from app.procurement.number_words import in_figures
from app.reference.geography import COUNTRIES, STATES

#: Words as the Postal Service abbreviates them (Publication 28).
_SHORT = {
    "ALLEY": "ALY", "AVENUE": "AVE", "AV": "AVE", "AVEN": "AVE", "BOULEVARD": "BLVD", "BRIDGE": "BRG", "CENTER": "CTR", "CENTRE": "CTR", "CIRCLE": "CIR", "COURT": "CT",
    "CRESCENT": "CRES", "CROSSING": "XING", "DRIVE": "DR", "EXPRESSWAY": "EXPY", "FREEWAY": "FWY", "HARBOR": "HBR", "HEIGHTS": "HTS",
    "HIGHWAY": "HWY", "ISLAND": "IS", "JUNCTION": "JCT", "LANE": "LN", "PARKWAY": "PKWY", "PLACE": "PL", "PLAZA": "PLZ", "POINT": "PT", "ROAD": "RD",
    "ROUTE": "RTE", "RT": "RTE", "RIDGE": "RDG", "SPRINGS": "SPGS", "SQUARE": "SQ", "STATION": "STA", "STREET": "ST", "STRASSE": "STR",
    "TERRACE": "TER", "TRAIL": "TRL", "TURNPIKE": "TPKE", "VALLEY": "VLY", "WY": "WAY",
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE", "SOUTHWEST": "SW",
    "SAINT": "ST", "FORT": "FT", "MOUNT": "MT",
}  # fmt: skip
_UNIT = re.compile(
    r"(\b\d+\. )?\b(SUITE|STE|UNIT|APT|APARTMENT|FLOOR|FL|ROOM|RM|BUILDING|BLDG|NO|DEPT|SPC|PMB)\b.*$"
)
_NUMBER_OF_UNIT = re.compile("[,; ]*#.*$")
_POST_BOX = re.compile(r"\b(POST OFFICE|P O) BOX\b")
_UNITED_STATES = "USA"
#: Outlying areas that have a country's code of their own, and are states in addresses.
_OUTLYING = {"PRI": "PR", "GUM": "GU", "VIR": "VI", "ASM": "AS", "MNP": "MP", "UMI": "UM"}
#: Names that the table of states does not have.
_STATES_TOO = {
    "VIRGIN ISLANDS": "VI",
    "US VIRGIN ISLANDS": "VI",
    "WASHINGTON DC": "DC",
    "COMMONWEALTH OF PUERTO RICO": "PR",
}
_ZIP = 5
_FOREIGN_PREFIX = re.compile(r"[A-Z]{1,3}[- ](?=\d)")
_PLUS_FOUR = re.compile(r"(?<=\d{4})-\d{4}$")
_UMLAUT = re.compile(r"(?<=[AOU])E")


def same_place(a: Address, b: Address) -> bool:
    """Whether two addresses are one building: abbreviations, numbers in words, suite and ZIP+4 aside.

    Country and state may stand there in words or as codes. A part that one of them leaves out is not compared.
    """
    if a == b:
        return True
    (country, state), (other_country, other_state) = _where(a, b), _where(b, a)
    abroad = (country or other_country or _UNITED_STATES) != _UNITED_STATES
    return (
        _agree(country, other_country)
        and _agree(state, other_state)
        and _agree(_street(a.line1, abroad=abroad), _street(b.line1, abroad=abroad))
        and _agree(*(_city(city, state or other_state, abroad=abroad) for city in (a.city, b.city)))
        and _agree(_zip(a.zip_code), _zip(b.zip_code))
    )


def corroborates(a: Address, b: Address) -> bool | None:
    """Whether two addresses lie in one area: by country, then ZIP or state, then city. None where they do not say."""
    (country, state), (other_country, other_state) = _where(a, b), _where(b, a)
    codes = _zip(a.zip_code), _zip(b.zip_code)
    if not _agree(country, other_country):
        return False
    if codes[0] and codes[0] == codes[1]:
        return True
    for one, other in ((state, other_state), (_words(a.city), _words(b.city)), codes):
        if one and other:
            return one == other
    return True if country and country == other_country != _UNITED_STATES else None


def area(address: Address) -> tuple[str, str]:
    """Country and state as codes, each empty where the address does not say it."""
    return _where(address, address)


def is_abroad(address: Address) -> bool:
    """Whether an address names a country other than the United States and its outlying areas."""
    return _where(address, address)[0] not in {"", _UNITED_STATES}


def written(address: Address) -> str:
    """One line, without the missing parts."""
    parts = (address.line1, address.line2, address.city, address.state, address.zip_code, address.country)
    return ", ".join(part for part in parts if part) or "no address"


def _agree(one: str, other: str) -> bool:
    return one == other or not one or not other


def _where(address: Address, other: Address) -> tuple[str, str]:
    """Codes of country and state, or the words where there is none. A missing country may be the other's, for its states."""
    country, state = _country(address.country), _said(address.state)
    outlying = _OUTLYING.get(country)
    if outlying:
        return _UNITED_STATES, _state(_UNITED_STATES, state) if state else outlying
    return country, _state(country or _country(other.country) or _UNITED_STATES, state)


@lru_cache(maxsize=4096)
def _country(text: str | None) -> str:
    name = _said(text)
    return COUNTRIES.get(name) or COUNTRIES.get(name.removeprefix("THE ")) or name


@lru_cache(maxsize=4096)
def _state(country: str, name: str) -> str:
    before, _, code = name.partition(" ")
    if code and COUNTRIES.get(before) == country:  # such as DE-BY
        name = code
    return (
        STATES.get(f"{country} {name}")
        or (_STATES_TOO.get(name) if country == _UNITED_STATES else None)
        or name
    )


def _street(line: str | None, *, abroad: bool) -> str:
    text = _UNIT.sub("", _POST_BOX.sub("PO BOX", _words(_NUMBER_OF_UNIT.sub("", line or "")))).strip()
    if not abroad:
        return text
    # The number of a house stands before or behind the name of the street, which is one word or several.
    words = [re.sub("(?<=.)STRASSE$", "STR", word) for word in text.split()]
    numbers = [word for word in words if word[:1].isdecimal()]
    return " ".join([*numbers, _folded("".join(word for word in words if word not in numbers))])


def _city(name: str | None, state: str, *, abroad: bool) -> str:
    text = _words(name)
    return _folded(text) if abroad else text.removesuffix(f" {state}" if state else "") or text


def _folded(text: str) -> str:
    """With MUENCHEN as MUNCHEN: both are München."""
    return _UMLAUT.sub("", text)


def _words(text: str | None) -> str:
    return " ".join(_SHORT.get(word, word) for word in in_figures(_said(text).split()))


def _said(text: str | None) -> str:
    return "" if text is None or says_nothing(text) else normalised(text)


def _zip(text: str | None) -> str:
    """Five characters, filled up with the zeros that a spreadsheet takes from a code of digits."""
    code = "" if text is None or says_nothing(text) else text.strip().upper()
    plain = re.sub(r"[^0-9A-Z]", "", _PLUS_FOUR.sub("", _FOREIGN_PREFIX.sub("", code, count=1)))[:_ZIP]
    return plain.zfill(_ZIP) if plain.isdecimal() else plain
