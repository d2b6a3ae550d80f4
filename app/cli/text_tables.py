"""Tables that fit the terminal, or 80 columns without one, and never break an id."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.cli.output import out
from app.procurement.labels import without_unseen

_GAP = 2
#: The least width of a text column, if its text is as long.
_READABLE = 30


class Kind(Enum):
    """The content of a column's cells."""

    WORD = auto()
    NUMBER = auto()
    ID = auto()
    """Never wrapped. Moves to a separate line below the text if there is no room beside it."""
    TEXT = auto()
    """Wrapped by words. At most one column of a table."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading and the content of its cells."""

    heading: str
    kind: Kind = Kind.WORD


def show_table(title: str, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> None:
    """Print a title and a table, or the title and "none" if there are no rows."""
    cells = [[without_unseen(str(cell)) for cell in row] for row in rows]
    if not cells:
        out.print(f"{title}: none", markup=False, highlight=False)
        return
    beside, below = _placed(columns, cells, width=out.width)
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),  # and one for the box's own divider
    )
    for number in beside:
        column = columns[number]
        headings = [column.heading, *(columns[each].heading.lower() for each in below)]
        text = column.kind is Kind.TEXT
        table.add_column(
            ", ".join(headings) if text else column.heading,
            justify="right" if column.kind is Kind.NUMBER else "left",
            no_wrap=not text,
        )
    for row in cells:
        own_lines = [row[number] for number in below]
        table.add_row(
            *(
                Text(
                    "\n".join([row[number], *own_lines]) if columns[number].kind is Kind.TEXT else row[number]
                )
                for number in beside
            )
        )
    out.print(table)
    out.print()


def _placed(
    columns: Sequence[Column], cells: Sequence[Sequence[str]], *, width: int
) -> tuple[list[int], list[int]]:
    """The columns side by side, and the ids that move below the text for lack of room."""
    longest = [
        max(len(column.heading), *(len(row[number]) for row in cells))
        for number, column in enumerate(columns)
    ]
    beside = list(range(len(columns)))
    below: list[int] = []
    text = next((number for number in beside if columns[number].kind is Kind.TEXT), None)
    while text is not None:
        room = width - sum(longest[number] for number in beside if number != text) - _GAP * (len(beside) - 1)
        wanted = max([min(longest[text], _READABLE), *(longest[number] for number in below)])
        ids = [number for number in beside if columns[number].kind is Kind.ID]
        if room >= wanted or not ids:
            break
        widest = max(ids, key=lambda number: longest[number])
        beside.remove(widest)
        below.append(widest)
    return beside, below


def show_fields(title: str, fields: Iterable[tuple[str, object]]) -> None:
    """Print a title, and below it the name and value of each field that is not empty."""
    out.print(Text(without_unseen(title), style="bold"))
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, value in fields:
        if value not in (None, ""):
            grid.add_row(name, Text("\n".join(without_unseen(line) for line in str(value).split("\n"))))
    out.print(Padding(grid, (0, 0, 1, _GAP)))
