"""Numbers of contracts, orders and modifications: which of them are the same, written differently.

The present numbering (13 to 17 characters, FAR 4.1602, 4.1603) leaves older instruments their numbers (FAR 4.1601): orders
"0001", schedules "GS35F0511T", modifications "5". Punctuation is no part of a number. Zeros fill up the serial number of
a modification, and the number of an order that consists of digits alone.
"""

import re
from functools import lru_cache

#: The award itself, where a modification has its number.
AWARD = "0"
#: Longer numbers of digits alone are no order's number, which had four digits; their zeros count.
_LONGEST_ORDER = 6
_SERIES = re.compile(r"([A-Z]*)0*(\d{1,9})")
#: Numbers of today: letters and their serial number in six characters.
_WIDTH = 6
#: Longer texts are no numbers and are not cached.
_LONGEST = 64


def plain_number(text: str) -> str:
    """Its letters and digits, in capitals."""
    return (text if text.isalnum() else "".join(filter(str.isalnum, text))).upper()


def same_contract(one: str | None, other: str | None) -> bool:
    """Whether two numbers are those of one contract, order or vehicle."""
    return one == other or (bool(one and other) and contract_key(one or "") == contract_key(other or ""))


def same_modification(one: str | None, other: str | None) -> bool:
    """Whether two numbers are those of one modification, or both of the award."""
    return one == other or modification_label(one) == modification_label(other)


def is_short(piid: str) -> bool:
    """Whether a number is that of an order as they were, such as 0001, which many vehicles have."""
    plain = plain_number(piid)
    return len(plain) <= _LONGEST_ORDER and plain.isdecimal()


def contract_key(number: str) -> str:
    """The same for all spellings of a contract's number."""
    return _contract_key(number) if len(number) <= _LONGEST else _contract_key.__wrapped__(number)


def modification_label(number: str | None) -> str:
    """One spelling of a modification's number: "p1" and "P00001" are the same, and so are "05" and "5"."""
    text = number or AWARD
    return _label(text) if len(text) <= _LONGEST else _label.__wrapped__(text)


def series(modification: str) -> tuple[str, int] | None:
    """The series a modification belongs to, by its letters, and its place in it: ("P", 3), or ("", 5) for "5".

    None for the award, and for numbers of another form.
    """
    found = _SERIES.fullmatch(plain_number(modification))
    place = (found[1], int(found[2])) if found else None
    return None if place == ("", 0) else place


def number_at(letters: str, place: int) -> str:
    """The number at this place of a series: letters and digits in six characters, digits alone without zeros."""
    return f"{letters}{place:0{max(_WIDTH - len(letters), 1)}d}" if letters else str(place)


# The same numbers come back with each rule and each run.
@lru_cache(maxsize=4096)
def _contract_key(number: str) -> str:
    plain = plain_number(number)
    return plain.lstrip("0") if is_short(plain) else plain


@lru_cache(maxsize=1024)
def _label(text: str) -> str:
    place = series(text)
    return number_at(*place) if place else plain_number(text).lstrip("0") or AWARD
