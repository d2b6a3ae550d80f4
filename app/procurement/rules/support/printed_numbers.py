"""Whether a number read from a page is the expected one, another one, or misread in one letter."""

import re
from collections.abc import Iterable
from typing import Literal

from app.procurement.action import ProcurementAction
from app.procurement.instrument_numbers import plain_number, same_contract

#: Characters that are taken for one another on a page.
_CONFUSED = str.maketrans("OQDILZSBG", "000112586")
_UEI_LENGTH, _SUFFIX = 12, 4
_OLD_IDENTIFIER = re.compile(r"\d{9}")


def names_contract(printed: str, action: ProcurementAction) -> bool:
    """Whether a page names the contract; an order also by its vehicle's number with its own behind it."""
    if same_contract(printed, action.piid):
        return True
    text, vehicle = plain_number(printed), plain_number(action.referenced_idv or "")
    return bool(vehicle) and text.startswith(vehicle) and same_contract(text[len(vehicle) :], action.piid)


def alike(one: str, other: str) -> bool:
    """Different only in letters and digits that look alike."""
    return plain_number(one).translate(_CONFUSED) == plain_number(other).translate(_CONFUSED)


def uei_problem(printed: str | None, expected: Iterable[str]) -> Literal["alike", "other"] | None:
    """How a printed identifier differs from all of those expected; None when it does not, or is of another kind."""
    if not printed:
        return None
    text = plain_number(printed)
    if _OLD_IDENTIFIER.fullmatch(text):
        return None
    if len(text) == _UEI_LENGTH + _SUFFIX:
        text = text[:_UEI_LENGTH]
    plain = [plain_number(uei) for uei in expected]
    if text in plain:
        return None
    return "alike" if any(alike(text, uei) for uei in plain) else "other"
