"""The blocks of a printed document. `contract_file.typ` sets the layout of each kind.

A cell is one line or several; a line is text, or text in the type of identifiers (`code`), in bold or in grey.
"""

from collections.abc import Iterable, Sequence
from typing import Any

Block = dict[str, Any]
Line = str | dict[str, str]
Cell = Line | Sequence[Line]


def code(text: object) -> dict[str, str]:
    """An identifier, path or digest."""
    return {"code": str(text)}


def strong(text: str) -> dict[str, str]:
    """A line in bold."""
    return {"strong": text}


def soft(text: str) -> dict[str, str]:
    """A line in grey."""
    return {"soft": text}


def heading(level: int, text: str) -> Block:
    """A heading; level 1 is the level below the title."""
    return {"kind": "heading", "level": level, "text": text}


def paragraph(*lines: Line) -> Block:
    """A paragraph."""
    return {"kind": "text", "text": list(lines)}


def note(*lines: Line) -> Block:
    """A highlighted paragraph."""
    return {"kind": "note", "text": list(lines)}


def facts(*rows: tuple[str, Cell]) -> Block:
    """A list of terms with their values."""
    return {"kind": "facts", "rows": [list(row) for row in rows]}


def table(caption: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Cell]]) -> Block:
    """A table with a caption; `columns` are headings and widths relative to each other."""
    return {
        "kind": "table",
        "caption": caption,
        "head": [name for name, _ in columns],
        "widths": [width for _, width in columns],
        "rows": [list(row) for row in rows],
    }
