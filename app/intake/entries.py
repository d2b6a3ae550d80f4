"""The actions of a submitted text as plain values, each with the place where it stands: JSON, JSON Lines or CSV."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.intake.csv_rows import column_of, read_csv
from app.intake.json_text import parse_json
from app.intake.problems import IntakeError, Problem


class Notation(StrEnum):
    """How a submitted text is written."""

    JSON = "json"
    """One action, or a list of them."""
    JSON_LINES = "jsonl"
    """One action per line."""
    CSV = "csv"
    """One action per row, below a row of column names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One action as written. `place` is where it stands: `actions[3]`, or `line 4`."""

    place: str
    value: object
    notation: Notation

    def field(self, name: str) -> str:
        """The full name of one of its fields, for a message; "" is the entry itself."""
        if not name:
            return self.place
        if self.notation is Notation.JSON:
            return f"{self.place}.{name}"
        return f"{self.place}, {column_of(name) if self.notation is Notation.CSV else name}"


def entries_of(text: str, notation: Notation) -> list[Entry]:
    """The entries of a text. Raises `IntakeError` if the text itself cannot be read."""
    return [Entry(place, value, notation) for place, value in _READERS[notation](text)]


def _json(text: str) -> Iterator[tuple[str, Any]]:
    data = parse_json(text)
    for number, value in enumerate(data if isinstance(data, list) else [data]):
        yield f"actions[{number}]", value


def _json_lines(text: str) -> Iterator[tuple[str, Any]]:
    """Only a line feed ends a line: a text in JSON may hold other separators. Empty lines are passed over."""
    faults: list[Problem] = []
    found: list[tuple[str, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append((f"line {number}", parse_json(line, is_line=True)))
        except IntakeError as error:
            faults += [Problem(f"line {number}", each.text, each.given) for each in error.details]
    if faults:
        raise IntakeError(faults)
    yield from found


def _csv(text: str) -> Iterator[tuple[str, Any]]:
    return ((f"line {number}", value) for number, value in read_csv(text))


_READERS: Mapping[Notation, Callable[[str], Iterator[tuple[str, Any]]]] = {
    Notation.JSON: _json,
    Notation.JSON_LINES: _json_lines,
    Notation.CSV: _csv,
}
