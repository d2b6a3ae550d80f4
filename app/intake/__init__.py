"""Parses submitted actions: JSON text to domain objects, with all problems reported at once."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from app.intake.form import SubmittedAction
from app.intake.problems import Problem, problem, shown
from app.procurement.action import ProcurementAction

#: The most bytes of a submitted file.
SIZE_LIMIT = 5_000_000
#: Characters PostgreSQL cannot store: NUL and unpaired surrogates. Other control characters are data.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class IntakeError(Exception):
    """A submission is refused. `problems` has a line for each problem, with field and value; `details` has their parts."""

    def __init__(self, details: Sequence[Problem]) -> None:
        self.details = tuple(details)
        self.problems = tuple(map(str, details))
        super().__init__("; ".join(self.problems))


def parse_actions(text: str, *, most: int | None = None) -> tuple[ProcurementAction, ...]:
    """The actions in `text`: one JSON object or a list of up to `most`. Raises `IntakeError` with every problem."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > SIZE_LIMIT:
        raise IntakeError([Problem("file", f"{size} bytes, {SIZE_LIMIT} at most")])
    data = parse_json(text)
    entries = data if isinstance(data, list) else [data]
    if not entries:
        raise IntakeError([Problem("actions", "the list is empty")])
    if most is not None and len(entries) > most:
        raise IntakeError([Problem("actions", f"{len(entries)} are too many ({most} at most)")])
    actions: list[ProcurementAction] = []
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        try:
            actions.append(SubmittedAction.model_validate(entry).to_domain())
        except ValidationError as error:
            details = error.errors(include_url=False)
            problems += [problem(f"actions[{number}]", detail) for detail in details]
    problems += _repeated(entries)
    if problems:
        raise IntakeError(problems)
    return tuple(actions)


def parse_json(text: str) -> Any:
    """Parse JSON without duplicate fields or characters that cannot be stored. Raises `IntakeError`."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
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
        if any(isinstance(text, str) and _UNSTORABLE.search(text) for text in (key, value)):
            why = f"field {shown(key)} holds a NUL character or half a surrogate pair"
            raise IntakeError([Problem("file", why)])
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise IntakeError([Problem("file", f"{name} is not a JSON value")])


def _repeated(entries: Sequence[object]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, entry in enumerate(entries):
        action_id = entry.get("action_id") if isinstance(entry, dict) else None
        if isinstance(action_id, str) and first.setdefault(action_id, number) != number:
            earlier = f"actions[{first[action_id]}]"
            yield Problem(f"actions[{number}].action_id", f"is the id of {earlier}, too", shown(action_id))
