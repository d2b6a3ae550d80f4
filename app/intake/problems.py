"""The problems of a submission, each as one line that is safe to print: field, value and problem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SHOWN = 60
_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "model_type": "is not an object",
    "string_type": "is not text",
    "list_type": "is not a list",
    "string_too_short": "is too short",
    "too_short": "is too short",
    "string_too_long": "is too long ({max_length} at most)",
    "too_long": "is too long ({max_length} at most)",
    "literal_error": "is not one of {expected}",
    "enum": "is not one of {expected}",
    "value_error": "{error}",
    "conflict": "{problem}",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "uuid_parsing": "is not a UUID",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
}
_WITHOUT_VALUE = {"missing", "extra_forbidden", "conflict"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: the field, the value given, and the text. `given` is None if the text names the value."""

    field: str
    text: str
    given: str | None = None

    def __str__(self) -> str:
        value = "" if self.given is None else f"{self.given} "
        return f"{self.field}: {value}{self.text}"


class IntakeError(Exception):
    """A submission is refused. `problems` has a line for each problem, with field and value; `details` has their parts."""

    def __init__(self, details: Sequence[Problem]) -> None:
        self.details = tuple(details)
        self.problems = tuple(map(str, details))
        super().__init__("; ".join(self.problems))


def problem(where: str, detail: Mapping[str, Any]) -> Problem:
    """Convert one of pydantic's error details about the object at `where`; "" is the whole submission."""
    path = where
    for part in detail["loc"]:
        name = f"[{part}]" if isinstance(part, int) else part if part.isidentifier() else shown(part)
        path += name if isinstance(part, int) or not path else f".{name}"
    kind = detail["type"]
    known = _MESSAGES.get(kind)
    message = known.format_map(detail.get("ctx", {})) if known else detail["msg"]
    given = None if kind in _WITHOUT_VALUE else shown(detail["input"])
    return Problem(path, message, given)


def shown(value: object) -> str:
    """A value on one line, with control characters escaped, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
