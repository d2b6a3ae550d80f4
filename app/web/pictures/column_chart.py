"""A chart of columns: one number for each label."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.web.pictures.axis import ticks

#: Units of the drawing, and its margins.
WIDTH, HEIGHT = 920, 170
_LEFT, _TOP, _BOTTOM, _GAP = 40, 18, 22, 4
_FLOOR = HEIGHT - _BOTTOM


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartColumn:
    """One label with its number, and its column in the drawing."""

    label: str
    number: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnChart:
    """The columns, the marks of the axis as (y, text), and a text alternative."""

    columns: Sequence[ChartColumn]
    marks: Sequence[tuple[float, str]]
    summary: str


def column_chart(labels: Sequence[str], numbers: Sequence[int], summary: str) -> ColumnChart:
    """A drawing of one number for each label."""
    most = max(numbers, default=0)
    marks = [mark for mark in ticks(most, wanted=4) if mark == int(mark)]
    scale = (_FLOOR - _TOP) / max([most, *marks, 1])
    step = (WIDTH - _LEFT) / len(labels)
    return ColumnChart(
        summary=summary,
        columns=[
            ChartColumn(
                label=label,
                number=number,
                x=round(_LEFT + place * step, 1),
                y=round(_FLOOR - number * scale, 1),
                width=round(step - _GAP, 1),
                height=round(number * scale, 1),
            )
            for place, (label, number) in enumerate(zip(labels, numbers, strict=True))
        ],
        marks=[(round(_FLOOR - mark * scale, 1), f"{int(mark):,}") for mark in marks],
    )
