"""A column chart of numbers per day, with one or two columns a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.web.pictures.axis import ticks

#: Units of the drawing, and its margins.
WIDTH, HEIGHT = 360, 170
_LEFT, _TOP, _BOTTOM = 40, 18, 22
_FLOOR = HEIGHT - _BOTTOM
_GAP = 3
#: One of this many days is labeled, the last always.
_EVERY = 2
#: The width of a digit: a column is labeled if its number fits.
_DIGIT = 6.5


@dataclass(frozen=True, kw_only=True, slots=True)
class TrendColumn:
    """One column; `series` counts from 0. Its number is written above it if `labeled`."""

    x: float
    y: float
    width: float
    height: float
    series: int
    number: int
    labeled: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """Numbers per day for each series, and their drawing."""

    days: Sequence[date]
    numbers: Mapping[str, Sequence[int]]
    columns: Sequence[TrendColumn]
    marks: Sequence[tuple[float, str]]
    dates: Sequence[tuple[float, str]]

    @property
    def summary(self) -> str:
        """A text alternative to the chart."""
        parts = [
            f"{name}: {sum(numbers):,} in {len(numbers)} days, at most {max(numbers):,} a day, {numbers[-1]:,} today"
            for name, numbers in self.numbers.items()
        ]
        return "; ".join(parts) + "."

    @property
    def heads(self) -> list[str | tuple[str, str]]:
        """The columns of the table below the chart."""
        return ["Day", *((name, "number") for name in self.numbers)]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(any(numbers) for numbers in self.numbers.values())


def trend(days: Sequence[date], numbers: Mapping[str, Sequence[int]]) -> Trend:
    """A drawing of `numbers`, each with one number for each of `days`."""
    most = max((max(each) for each in numbers.values()), default=0)
    marks = [mark for mark in ticks(most, wanted=4) if mark == int(mark)]
    top = max([most, *marks, 1])
    scale = (_FLOOR - _TOP) / top
    step = (WIDTH - _LEFT) / len(days)
    width = (step - _GAP) / len(numbers)
    return Trend(
        days=days,
        numbers=numbers,
        columns=[
            TrendColumn(
                x=round(_LEFT + place * step + series * width, 1),
                y=round(_FLOOR - number * scale, 1),
                width=round(width, 1),
                height=round(number * scale, 1),
                series=series,
                number=number,
                labeled=len(numbers) == 1 and number > 0 and len(f"{number:,}") * _DIGIT <= step,
            )
            for series, each in enumerate(numbers.values())
            for place, number in enumerate(each)
        ],
        marks=[(round(_FLOOR - mark * scale, 1), f"{int(mark):,}") for mark in marks],
        dates=[
            (round(_LEFT + (place + 0.5) * step - _GAP / 2, 1), _day(day, first=place < _EVERY))
            for place, day in enumerate(days)
            if place % _EVERY == (len(days) - 1) % _EVERY
        ],
    )


def _day(day: date, *, first: bool) -> str:
    """A label below the columns: the day of the month, with the month when it changes."""
    return f"{day:%b} {day.day}" if first or day.day <= _EVERY else str(day.day)
