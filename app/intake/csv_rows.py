"""Actions as rows of a CSV file. Its columns are the fields of an action; an empty cell leaves the field out.

Vendors have numbered columns (`vendor1_uei`, `vendor1_name`, ...), the option has columns such as `option_number`, and
clauses stand in one cell, separated by semicolons.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, get_args

from app.intake.form import SubmittedAction, SubmittedOption, SubmittedVendor
from app.intake.json_text import UNSTORABLE
from app.intake.problems import IntakeError, Problem, shown

_MOST_VENDORS = 50
_NESTED = {"vendors", "option"}
_PLAIN = frozenset(SubmittedAction.model_fields) - _NESTED
_VENDOR = re.compile(rf"vendor([1-9][0-9]?)_({'|'.join(SubmittedVendor.model_fields)})")
_OPTION = re.compile(rf"option_({'|'.join(SubmittedOption.model_fields)})")
#: Names of fields in messages about a validated action.
_IN_VENDORS = re.compile(r"vendors\[([0-9]+)\]\.(.+)")
_IN_OPTION = re.compile(r"option\.(.+)")
_ITEM = re.compile(r"\[[0-9]+\]$")
_TRUTHS = {"true": True, "false": False}
_DIGITS = 9


def _of_type(kind: type) -> frozenset[str]:
    fields = {name: field.annotation for name, field in SubmittedAction.model_fields.items()}
    return frozenset(name for name, found in fields.items() if found is kind or kind in get_args(found))


_BOOLEANS = _of_type(bool)


def column_of(field: str) -> str:
    """The column of a field as messages name it: `vendor1_uei` for `vendors[0].uei`."""
    if found := _IN_VENDORS.fullmatch(field):
        return f"vendor{int(found[1]) + 1}_{found[2]}"
    if found := _IN_OPTION.fullmatch(field):
        return f"option_{found[1]}"
    return _ITEM.sub("", field)


def read_csv(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The line number and the action of each row. Raises `IntakeError` if the file is not such a table.

    A mark of byte order, which spreadsheets write, and rows without any value are passed over.
    """
    lines = _rows(text.removeprefix("\ufeff"))
    _, heads = next(lines, (1, []))
    faults = list(_faults_of_heads(heads))
    if faults:
        raise IntakeError(faults)
    found: list[tuple[int, Mapping[str, Any]]] = []
    for number, cells in lines:
        if not any(cells):
            continue
        if len(cells) != len(heads):
            text_ = f"{len(cells)} values do not fit the {len(heads)} columns of the first line"
            faults.append(Problem(f"line {number}", text_))
            continue
        faults += [
            Problem(f"line {number}, {head}", "holds a NUL character or half a surrogate pair")
            for head, cell in zip(heads, cells, strict=True)
            if UNSTORABLE.search(cell)
        ]
        found.append((number, _action(dict(zip(heads, cells, strict=True)))))
    if faults:
        raise IntakeError(faults)
    return iter(found)


def _rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows, each with the line on which it begins: a value in quotes may hold line breaks."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise IntakeError([Problem(f"line {begins}", f"not CSV: {error}")]) from None


def _faults_of_heads(heads: Sequence[str]) -> Iterator[Problem]:
    if not heads:
        yield Problem("line 1", "the names of the columns are missing")
    for number, head in enumerate(heads):
        if head in heads[:number]:
            yield Problem("line 1", "is the name of two columns", shown(head))
        elif not _is_column(head):
            yield Problem("line 1", "is not the name of a column", shown(head))


def _is_column(head: str) -> bool:
    vendor = _VENDOR.fullmatch(head)
    return (
        head in _PLAIN
        or _OPTION.fullmatch(head) is not None
        or bool(vendor and int(vendor[1]) <= _MOST_VENDORS)
    )


def _action(cells: Mapping[str, str]) -> Mapping[str, Any]:
    action: dict[str, Any] = {}
    vendors: dict[int, dict[str, str]] = {}
    option: dict[str, Any] = {}
    for column, cell in cells.items():
        if cell == "":
            continue
        if vendor := _VENDOR.fullmatch(column):
            vendors.setdefault(int(vendor[1]), {})[vendor[2]] = cell
        elif part := _OPTION.fullmatch(column):
            option[part[1]] = _whole(cell) if part[1] == "number" else cell
        else:
            action[column] = _value(column, cell)
    if vendors:
        # A vendor that is left out between two others is reported as one without any field.
        action["vendors"] = [vendors.get(number, {}) for number in range(1, max(vendors) + 1)]
    if option:
        action["option"] = option
    return action


def _value(column: str, cell: str) -> Any:
    if column == "clauses":
        return [each.strip() for each in cell.split(";") if each.strip()]
    return _TRUTHS.get(cell.lower(), cell) if column in _BOOLEANS else cell


def _whole(cell: str) -> int | str:
    return int(cell) if cell.isascii() and cell.isdecimal() and len(cell) <= _DIGITS else cell
