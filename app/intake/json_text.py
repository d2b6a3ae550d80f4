"""Parses JSON text more strictly than the standard library."""

import json
import re
from typing import Any

from app.intake.problems import IntakeError, Problem, shown

#: Characters PostgreSQL cannot store: NUL and unpaired surrogates. Other control characters are data.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse_json(text: str, *, is_line: bool = False) -> Any:
    """Parse JSON without duplicate fields or characters that cannot be stored. Raises `IntakeError`.

    `is_line` says that the text is one line of many: an error then names the column only.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"{'' if is_line else f'line {error.lineno}, '}column {error.colno}"
        raise IntakeError([Problem("file", f"not JSON: {error.msg} at {where}")]) from None
    except RecursionError:
        raise IntakeError([Problem("file", "nested too deeply")]) from None
    except ValueError:  # Python's own limit on the digits of an integer
        raise IntakeError([Problem("file", "a number has too many digits")]) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise IntakeError([Problem("file", f"field {shown(key)} occurs twice in one object")])
        if any(isinstance(text, str) and UNSTORABLE.search(text) for text in (key, value)):
            why = f"field {shown(key)} holds a NUL character or half a surrogate pair"
            raise IntakeError([Problem("file", why)])
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise IntakeError([Problem("file", f"{name} is not a JSON value")])
