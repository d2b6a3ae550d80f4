"""Parses submitted actions: text to domain objects, with all problems reported at once."""

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from app.intake.entries import Entry, Notation, entries_of
from app.intake.form import SubmittedAction
from app.intake.json_text import parse_json
from app.intake.problems import IntakeError, Problem, problem, shown
from app.procurement.action import ProcurementAction

__all__ = [
    "BODY_LIMIT",
    "MOST_ACTIONS",
    "SIZE_LIMIT",
    "IntakeError",
    "Notation",
    "parse_actions",
    "parse_json",
]

#: The most bytes of a submitted text.
SIZE_LIMIT = 5_000_000
#: The most bytes and the most actions of one submission by a person or a program; a day's work has about 400 actions.
BODY_LIMIT, MOST_ACTIONS = 1_000_000, 500


def parse_actions(
    text: str, *, most: int | None = None, notation: Notation = Notation.JSON
) -> tuple[ProcurementAction, ...]:
    """The actions in `text`, `most` at most. Raises `IntakeError` with every problem."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > SIZE_LIMIT:
        raise IntakeError([Problem("file", f"{size} bytes, {SIZE_LIMIT} at most")])
    entries = entries_of(text, notation)
    if not entries:
        what = "the list is empty" if notation is Notation.JSON else "the file holds none"
        raise IntakeError([Problem("actions", what)])
    if most is not None and len(entries) > most:
        raise IntakeError([Problem("actions", f"{len(entries)} are too many ({most} at most)")])
    actions: list[ProcurementAction] = []
    problems: list[Problem] = []
    for entry in entries:
        try:
            actions.append(SubmittedAction.model_validate(entry.value).to_domain())
        except ValidationError as error:
            found = [problem("", detail) for detail in error.errors(include_url=False)]
            problems += [Problem(entry.field(each.field), each.text, each.given) for each in found]
    problems += _repeated(entries)
    if problems:
        raise IntakeError(problems)
    return tuple(actions)


def _repeated(entries: Sequence[Entry]) -> Iterator[Problem]:
    first: dict[str, Entry] = {}
    for entry in entries:
        action_id = entry.value.get("action_id") if isinstance(entry.value, dict) else None
        if isinstance(action_id, str) and (earlier := first.setdefault(action_id, entry)) is not entry:
            yield Problem(entry.field("action_id"), f"is the id of {earlier.place}, too", shown(action_id))
