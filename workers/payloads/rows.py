"""Rows of an answer, each read by itself: a value that cannot be read is left out and named, and the rest stands."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Row = TypeVar("Row", bound=BaseModel)

#: Values of one row that may be left out; a row with more is no such row.
_MOST = 40
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class OddValue:
    """A value that could not be read: the path of its field, and what stands there, for a person to look at."""

    field: str
    value: str


def read_row(model: type[Row], raw: Any) -> tuple[Row | None, tuple[OddValue, ...]]:
    """The row, and the values that were left out to read it. None where it cannot be read without one of them."""
    left, odd = raw, dict[str, OddValue]()
    for _ in range(_MOST):
        try:
            return model.model_validate(left), tuple(odd.values())
        except ValidationError as error:
            left = deepcopy(raw) if left is raw else left
            found = error.errors(include_url=False, include_context=False)[0]
            places = _places(left, found["loc"])
            is_missing, value = len(places) < len(found["loc"]), _at(left, places)
            if (
                value is not None or not places
            ):  # null says nothing; where something is needed, it is missing from now on
                field = ".".join(map(str, found["loc"])) or "row"
                odd.setdefault(
                    field, OddValue(field, "missing" if is_missing else _shown(value, found["msg"]))
                )
            # What lacks something that is needed goes as a whole.
            if not _leave_out(left, places):
                break
    return None, tuple(odd.values())


def _places(raw: Any, path: Iterable[int | str]) -> list[int | str]:
    """The part of a path that exists."""
    places: list[int | str] = []
    for key in path:
        is_there = key in raw if isinstance(raw, dict) else isinstance(raw, list) and key in range(len(raw))
        if not is_there:
            break
        places.append(key)
        raw = raw[key]
    return places


def _at(raw: Any, places: Sequence[int | str]) -> Any:
    for key in places:
        raw = raw[key]
    return raw


def _leave_out(raw: Any, places: Sequence[int | str]) -> bool:
    """Take out what is at this place. False where that is the whole row."""
    if not places:
        return False
    *path, last = places
    holder = _at(raw, path)
    del holder[last]
    return True


def _shown(value: Any, problem: str) -> str:
    if isinstance(value, dict | list):
        return problem.removeprefix("Value error, ")
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
