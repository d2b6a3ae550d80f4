"""The whole queue of flags as CSV for spreadsheets (RFC 4180) or as JSON."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import IO, Any

from app.contract_file.content import Occasion
from app.contract_file.print_text import moment
from app.contract_file.spooled import unnamed_file
from app.procurement.labels import ACTION_TYPES, DECISIONS, SOURCES, STATUSES, worded
from app.review.queries.exported import ExportedValue
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.flags import FlagLine

FORMAT = "triage-flags/1"
#: Characters that make a spreadsheet read a cell as a formula, in ASCII and full width.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
#: A formula inside a cell, for spreadsheets that separate cells at semicolons and line ends; a quotation mark inside may
#: then open a cell.
_INSIDE = re.compile(r"""([;\r\n])(?=[ "]*[=+\-@\t＝＋－＠])""")

Lines = Iterable[tuple[FlagLine, Sequence[ExportedValue]]]


class Format(StrEnum):
    """The file format of the queue."""

    CSV = "csv"
    JSON = "json"


_COLUMNS: Mapping[str, Callable[[FlagLine], Any]] = {
    "Severity": lambda line: line.flag.severity,
    "Status": lambda line: worded(STATUSES, line.flag.status),
    "Decision": lambda line: worded(DECISIONS, line.flag.decision) if line.flag.decision else "",
    "Referred to": lambda line: line.flag.office or "",
    "Due (Eastern day)": lambda line: line.flag.due_on or "",
    "Decided (ET and UTC)": lambda line: moment(line.flag.decided_at, absent=""),
    "Assigned to": lambda line: line.flag.assignee or "",
    "Rule": lambda line: line.flag.rule,
    "Rule version": lambda line: line.flag.rule_version,
    "Title": lambda line: line.flag.title,
    "Subject": lambda line: line.flag.subject,
    "What differs": lambda line: line.flag.because,
    "Recommended": lambda line: line.flag.recommended,
    "Authority (RFO)": lambda line: line.flag.authority_rfo,
    "Authority (codified FAR)": lambda line: line.flag.authority_codified,
    "Match score": lambda line: "" if line.flag.match_score is None else line.flag.match_score,
    "Match compared": lambda line: line.flag.match_compared or "",
    "Action": lambda line: line.flag.action_id,
    "Action type": lambda line: worded(ACTION_TYPES, line.action.action_type),
    "Contract": lambda line: line.action.piid,
    "Modification": lambda line: line.action.modification or "",
    "Amount (USD)": lambda line: line.action.amount,
    "Effective date": lambda line: line.action.effective_date,
    "Vendors": lambda line: "; ".join(line.flag.vendors),
    "Open since (ET and UTC)": lambda line: moment(line.flag.open_since),
    "Raised (ET and UTC)": lambda line: moment(line.flag.raised_at),
    "Run": lambda line: line.flag.run_id,
    "Flag": lambda line: line.flag.flag_id,
}
_VALUES = "Values side by side"


def spooled(lines: Lines, form: Format, wanted: FlagFilter, occasion: Occasion) -> IO[bytes]:
    """The flags in an anonymous file, rewound. The caller sends and closes it. Large files are not kept in memory."""
    written = csv_of(lines) if form is Format.CSV else json_of(lines, wanted, occasion)
    with unnamed_file() as made:
        for part in written:
            made.write(part.encode())
    return made


def csv_of(lines: Lines) -> Iterator[str]:
    """A header and one record per flag, with CR LF. A byte order mark tells Excel that the file is UTF-8."""
    yield "\ufeff" + _record([*_COLUMNS, _VALUES])
    for line, values in lines:
        cells = [tell(line) for tell in _COLUMNS.values()]
        beside = "; ".join(f"{worded(SOURCES, each.source)}, {each.label}: {each.value}" for each in values)
        yield _record([inert(cell) if isinstance(cell, str) else cell for cell in (*cells, beside)])


def inert(text: str) -> str:
    """The text with an apostrophe before anything a spreadsheet might read as a formula."""
    text = _INSIDE.sub(r"\1'", text)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def json_of(lines: Lines, wanted: FlagFilter, occasion: Occasion) -> Iterator[str]:
    """One JSON document with one flag per line. Times are UTC in ISO 8601; amounts are text."""
    head = {"format": FORMAT, **occasion.stated(), "filter": _filter(wanted)}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "flags": ['
    separator = "\n"
    for line, values in lines:
        yield separator + json.dumps(_flag(line, values), ensure_ascii=False, default=str)
        separator = ",\n"
    yield "\n]}\n"


def _record(cells: Sequence[Any]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _flag(line: FlagLine, values: Sequence[ExportedValue]) -> dict[str, Any]:
    return {
        **line.flag.model_dump(mode="json", exclude={"search", "assigned_to", "arrived"}),
        "action": line.action.model_dump(mode="json", exclude={"terms"}),
        "values": [each._asdict() for each in values],
    }


def _filter(wanted: FlagFilter) -> dict[str, Any]:
    usual = asdict(FlagFilter())
    return {
        name: value if isinstance(value, bool) else str(value)
        for name, value in asdict(wanted).items()
        if value != usual[name]
    }
