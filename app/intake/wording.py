"""One line for each problem of a submission, safe to print: field, value, what is wrong with it."""

from collections.abc import Mapping
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
    "value_error": "{error}",
    "conflict": "{problem}",
    "bool_type": "is neither true nor false",
    "int_type": "is not a whole number",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
}
_WITHOUT_VALUE = {"missing", "extra_forbidden", "conflict"}


def problem(where: str, detail: Mapping[str, Any]) -> str:
    """A line for one of pydantic's error details about the object at `where`."""
    path = where
    for part in detail["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part if part.isidentifier() else shown(part)}"
    kind = detail["type"]
    known = _MESSAGES.get(kind)
    message = known.format_map(detail.get("ctx", {})) if known else detail["msg"]
    value = "" if kind in _WITHOUT_VALUE else f"{shown(detail['input'])} "
    return f"{path}: {value}{message}"


def shown(value: object) -> str:
    """A value on one line: control characters escaped, cut after a few characters."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
