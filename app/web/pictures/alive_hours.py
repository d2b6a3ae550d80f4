"""Columns for the hours of a day: the most credentials that were alive at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.web.pictures.axis import ticks

#: Units of the drawing, and its margins.
WIDTH, HEIGHT = 920, 170
_LEFT, _TOP, _BOTTOM, _GAP = 40, 18, 22, 4
_FLOOR = HEIGHT - _BOTTOM


@dataclass(frozen=True, kw_only=True, slots=True)
class HourColumn:
    """One hour: its label, its number, and its column."""

    label: str
    number: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AliveHours:
    """The columns, and the marks of the axis as (y, text)."""

    columns: Sequence[HourColumn]
    marks: Sequence[tuple[float, str]]

    @property
    def summary(self) -> str:
        """A text alternative to the picture."""
        worst = max(self.columns, key=lambda each: each.number)
        quiet = sum(each.number == 0 for each in self.columns)
        return (
            f"At most {worst.number:,} at once, in the hour that begins at {worst.label} Eastern;"
            f" none in {quiet} of {len(self.columns)} hours."
        )


def alive_hours(labels: Sequence[str], numbers: Sequence[int]) -> AliveHours:
    """A drawing of one number for each label."""
    most = max(numbers, default=0)
    marks = [mark for mark in ticks(most, wanted=4) if mark == int(mark)]
    scale = (_FLOOR - _TOP) / max([most, *marks, 1])
    step = (WIDTH - _LEFT) / len(labels)
    return AliveHours(
        columns=[
            HourColumn(
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
