"""A run as a waterfall chart: credentials and calls of each attempt over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.credentials.tables import AttemptRow
from app.procurement.labels import lasting, plural
from app.review.queries import RunPage
from app.web.pictures.axis import ticks
from app.web.pictures.rows import CALL, ISSUE, POLICY, Row, last_moment, rows_of

#: Units of the drawing; names are left of the bars.
WIDTH, NAMES, ROW, HEAD = 920, 270, 26, 28
_PLOT = WIDTH - NAMES - 10
#: The most lines in one picture; the table has all.
MOST = 60
#: Approximate width of a letter, and the longest name that fits left of the bars.
_LETTER, _LONGEST = 6.7, 39
_SECOND, _MINUTE = 1_000, 60_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A row in the drawing. `note` is inside the bar or beside it, with the SVG text anchor `anchor`."""

    row: Row
    name: str
    y: int
    x: float
    width: float
    note: str
    note_x: float
    anchor: str
    inside: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptPicture:
    """One attempt: the rows of its table, and the bars of its picture from the start by a worker.

    `marks` are the positions and texts of the time axis, `left_out` the number of rows not drawn.
    """

    attempt: AttemptRow
    rows: Sequence[Row]
    bars: Sequence[Bar]
    marks: Sequence[tuple[float, str]]
    height: int
    begins: datetime
    left_out: int

    def after(self, row: Row) -> timedelta:
        """The time from the start of the picture to that of a row."""
        return row.begins - self.begins

    @property
    def summary(self) -> str:
        """A text alternative to the picture."""
        tones = [row.tone for row in self.rows]
        issued = plural(tones.count("credential"), "credential")
        calls = plural(sum(row.step == CALL for row in self.rows), "call")
        bad = tones.count("failed") + tones.count("refused")
        trouble = f"; {bad} failed or refused" if bad else ""
        if open_ends := sum(row.not_confirmed for row in self.rows):
            trouble += f"; {plural(open_ends, 'end')} not confirmed"
        return f"{issued} and {calls}{trouble}. The table below lists every line."


def waterfall(page: RunPage, now: datetime) -> list[AttemptPicture]:
    """One picture per attempt, newest first, each with its own scale: minutes may pass between attempts."""
    return [_picture(page, attempt, now) for attempt in reversed(page.attempts)]


def _picture(page: RunPage, attempt: AttemptRow, now: datetime) -> AttemptPicture:
    begins = attempt.claimed_at or attempt.dispatched_at
    until = last_moment(page, attempt, now)
    rows = list(rows_of(page, attempt, until, now))
    span = max((until - begins).total_seconds() * 1000, 1.0)
    scale = _PLOT / span
    drawn = rows[:MOST]
    return AttemptPicture(
        attempt=attempt,
        rows=rows,
        bars=[_bar(row, place, begins, scale) for place, row in enumerate(drawn)],
        marks=[(NAMES + at * scale, _milliseconds(at)) for at in ticks(span)],
        height=HEAD + ROW * len(drawn) + 6,
        begins=begins,
        left_out=len(rows) - len(drawn),
    )


def _bar(row: Row, place: int, begins: datetime, scale: float) -> Bar:
    x = NAMES + max((row.begins - begins).total_seconds() * 1000, 0) * scale
    width = max(row.lasted.total_seconds() * 1000 * scale, 3.0)
    width = min(width, NAMES + _PLOT - x) if x + 3 < NAMES + _PLOT else 3.0
    note = _note(row)
    inside, note_x, anchor = _beside(x, width, len(note) * _LETTER)
    name = _name(row)
    return Bar(
        row=row,
        name=name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…",
        y=HEAD + place * ROW,
        x=round(x, 1),
        width=round(width, 1),
        note=note,
        note_x=round(note_x, 1),
        anchor=anchor,
        inside=inside,
    )


def _name(row: Row) -> str:
    """The text left of the bar: credentials by system, with their calls below."""
    names = {ISSUE: row.system, CALL: f"– {row.name}", POLICY: f"{row.system}, refused"}
    return names.get(row.step, row.name)


def _note(row: Row) -> str:
    """The text at the bar itself."""
    took = _took(row.lasted)
    match row.tone:
        case "token" | "credential":
            name = "" if row.tone == "token" else f"{row.name}, "
            end = "valid beyond this picture →" if row.lives_on else f"{took}, then ended"
            return f"{name}{'? end not confirmed' if row.not_confirmed else end}"
        case "refused":
            return "✕ refused"
        case "failed":
            return f"✕ {row.how.split(':')[0]}, {took}"
        case _:
            return took if row.lasted else "answered"


def _beside(x: float, width: float, needed: float) -> tuple[bool, float, str]:
    """Whether the note fits inside the bar, its x position, and its text anchor."""
    if needed + 12 <= width:
        return True, x + 6, "start"
    if x + width + needed + 10 <= WIDTH:
        return False, x + width + 5, "start"
    return False, x - 5, "end"


def _took(span: timedelta) -> str:
    """A duration, in milliseconds below a second."""
    milliseconds = span.total_seconds() * _SECOND
    return f"{milliseconds:.0f} ms" if milliseconds < _SECOND else lasting(span)


def _milliseconds(number: float) -> str:
    """A label of the time axis."""
    if not number:
        return "0"
    if number < _SECOND:
        return f"{number:g} ms"
    return f"{number / _SECOND:g} s" if number < _MINUTE else lasting(timedelta(milliseconds=number))
