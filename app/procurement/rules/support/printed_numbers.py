"""Whether a number read from a page is the expected one, another one, or misread in one letter."""

import re
from collections.abc import Iterable
from typing import Literal

from app.procurement.rules.support.contract_history import series

#: Characters that are taken for one another on a page.
_CONFUSED = str.maketrans("OQDILZSBG", "000112586")
_UEI_LENGTH, _SUFFIX = 12, 4
_OLD_IDENTIFIER = re.compile(r"\d{9}")


def same_piid(one: str, other: str) -> bool:
    """Equal but for case, blanks and punctuation."""
    return one == other or _plain(one) == _plain(other)


def same_modification(one: str, other: str) -> bool:
    """Equal but for leading zeros; the award is "0"."""
    return one == other or _number(one) == _number(other)


def alike(one: str, other: str) -> bool:
    """Different only in letters and digits that look alike."""
    return _plain(one).translate(_CONFUSED) == _plain(other).translate(_CONFUSED)


def uei_problem(printed: str | None, expected: Iterable[str]) -> Literal["alike", "other"] | None:
    """How a printed identifier differs from all of those expected; None when it does not, or is of another kind."""
    if not printed:
        return None
    text = _plain(printed)
    if _OLD_IDENTIFIER.fullmatch(text):
        return None
    if len(text) == _UEI_LENGTH + _SUFFIX:
        text = text[:_UEI_LENGTH]
    plain = [_plain(uei) for uei in expected]
    if text in plain:
        return None
    return "alike" if any(alike(text, uei) for uei in plain) else "other"


def _plain(text: str) -> str:
    return (text if text.isalnum() else "".join(filter(str.isalnum, text))).upper()


def _number(text: str) -> tuple[str, int] | str:
    plain = _plain(text)
    return series(plain) or plain.lstrip("0")
