"""The border where submitted actions come in: JSON text to domain objects, with every problem named at once."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from app.domain.procurement import ProcurementAction
from app.intake.form import SubmittedAction
from app.intake.wording import problem, shown

#: Bytes of a submitted file, at most.
SIZE_LIMIT = 5_000_000
#: What PostgreSQL cannot hold: NUL, and half a surrogate pair. Other control characters are data.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class IntakeError(Exception):
    """What was submitted cannot be taken; `problems` has one line each, naming field and value."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def parse_actions(text: str) -> tuple[ProcurementAction, ...]:
    """The actions in `text`, a JSON object or a list of them. Raises `IntakeError` with every problem."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > SIZE_LIMIT:
        raise IntakeError([f"file: {size} bytes, {SIZE_LIMIT} at most"])
    data = _from_json(text)
    entries = data if isinstance(data, list) else [data]
    if not entries:
        raise IntakeError(["actions: the list is empty"])
    actions: list[ProcurementAction] = []
    problems: list[str] = []
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


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise IntakeError([f"file: not JSON: {error.msg} at {where}"]) from None
    except RecursionError:
        raise IntakeError(["file: nested too deeply"]) from None
    except ValueError:  # Python's own limit on the digits of an integer
        raise IntakeError(["file: a number has too many digits"]) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise IntakeError([f"file: field {shown(key)} occurs twice in one object"])
        if any(isinstance(text, str) and _UNSTORABLE.search(text) for text in (key, value)):
            raise IntakeError([f"file: field {shown(key)} holds a NUL character or half a surrogate pair"])
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise IntakeError([f"file: {name} is not a JSON value"])


def _repeated(entries: Sequence[object]) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, entry in enumerate(entries):
        action_id = entry.get("action_id") if isinstance(entry, dict) else None
        if isinstance(action_id, str) and first.setdefault(action_id, number) != number:
            earlier = f"actions[{first[action_id]}]"
            yield f"actions[{number}].action_id: {shown(action_id)} is the id of {earlier}, too"
