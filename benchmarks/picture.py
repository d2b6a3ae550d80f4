"""`python -m benchmarks.picture`: draws the CPU time of a run by part, from the newest report that is kept.

A picture of plain shapes on a background of its own, so that it reads alike on light and dark pages.
"""

import sys
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.cost_figures import newest
from benchmarks.cpu import POSTGRES

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "cost-per-run.svg"
#: Each part with the colours of its bar and of the figure in it, told apart by people with any colour vision.
_COLOURS = {
    "worker": ("#0072b2", "#ffffff"),
    "dispatcher": ("#56b4e9", "#1b1b1b"),
    "sweeper": ("#009e73", "#1b1b1b"),
    "vault": ("#e69f00", "#1b1b1b"),
    "PostgreSQL": ("#cc79a7", "#1b1b1b"),
    "broker": ("#565c65", "#ffffff"),
}
_WIDTH, _LEFT, _RIGHT = 760, 190, 80
_TOP, _BAR, _STEP, _GAP = 112, 32, 42, 16
#: The narrowest bar with a figure in it.
_NARROWEST = 26
_NOT_COUNTED = "Emulated systems and the reconciler are not counted."
_DISTURBED = " Measured while the machine did other work."
_INK, _PAPER, _LINE = "#1b1b1b", "#ffffff", "#a9aeb1"


class Bar(NamedTuple):
    """One bar: the storage and the mode it stands for, and its milliseconds by part."""

    storage: str
    mode: str
    parts: Mapping[str, float]
    total: float

    @property
    def label(self) -> str:
        return f"{self.mode}, {self.storage}"


def bars(figures: Mapping[str, Any]) -> list[Bar]:
    """The bars of a report: each mode of each storage, with the parts of PostgreSQL added up."""
    return [
        Bar(storage, mode, _grouped(spent["product"]), spent["total"])
        for storage, found in figures["storages"].items()
        for mode, spent in found["cpu_ms_per_run"].items()
    ]


def _grouped(product: Mapping[str, float]) -> dict[str, float]:
    grouped = dict.fromkeys(_COLOURS, 0.0)
    for part, value in product.items():
        grouped["PostgreSQL" if part.startswith(POSTGRES) else part] += value
    return {part: round(value, 1) for part, value in grouped.items() if value}


def drawn(figures: Mapping[str, Any]) -> str:
    """The picture of a report, as SVG."""
    shown = bars(figures)
    last = _TOP + len(shown) * _STEP + (len(figures["storages"]) - 1) * _GAP
    height = last + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"',
        '    role="img" aria-labelledby="title description" font-family="system-ui, sans-serif">',
        '  <title id="title">CPU milliseconds per run, by part</title>',
        f'  <desc id="description">{escape(_description(shown))}</desc>',
        f'  <rect width="{_WIDTH}" height="{height}" rx="6" fill="{_PAPER}"/>',
        _text(24, 34, "CPU milliseconds per run", size=18, weight="bold"),
        _text(24, 56, _origin(figures), size=12),
        *_legend(),
        *_bars(shown),
        _text(24, last + 20, _NOT_COUNTED + (_DISTURBED if figures["disturbances"] else ""), size=12),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _description(shown: list[Bar]) -> str:
    return " ".join(
        f"{bar.label}: {bar.total:g}, of it {', '.join(f'{part} {value:g}' for part, value in bar.parts.items())}."
        for bar in shown
    )


def _origin(figures: Mapping[str, Any]) -> str:
    cores, commit = figures["machine"]["cores"], figures["commit"]
    return f"{figures['measured_at'][:10]}, commit {commit}, {cores} cores that also carried everything else."


def _legend() -> Iterator[str]:
    left = 24
    for part, (colour, _) in _COLOURS.items():
        yield f'  <rect x="{left}" y="74" width="14" height="14" fill="{colour}"/>'
        yield _text(left + 20, 86, part, size=13)
        left += 44 + 8 * len(part)


def _bars(shown: list[Bar]) -> Iterator[str]:
    scale = (_WIDTH - _LEFT - _RIGHT) / max(bar.total for bar in shown)
    top = _TOP
    for number, bar in enumerate(shown):
        if number and bar.storage != shown[number - 1].storage:
            top += _GAP
            yield (
                f'  <line x1="24" y1="{top - _GAP}" x2="{_WIDTH - 24}" y2="{top - _GAP}" stroke="{_LINE}"/>'
            )
        yield _text(_LEFT - 12, top + 21, bar.label, anchor="end")
        left = float(_LEFT)
        for part, value in bar.parts.items():
            colour, ink = _COLOURS[part]
            width = value * scale
            yield (
                f'  <rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}" fill="{colour}" stroke="{_PAPER}"/>'
            )
            if width >= _NARROWEST:
                yield _text(left + width / 2, top + 21, f"{value:.0f}", size=13, anchor="middle", fill=ink)
            left += width
        yield _text(left + 8, top + 21, f"{bar.total:.0f}", weight="bold")
        top += _STEP


def _text(
    left: float,
    baseline: float,
    text: str,
    *,
    size: int = 14,
    weight: str = "normal",
    anchor: str = "start",
    fill: str = _INK,
) -> str:
    return (
        f'  <text x="{left:g}" y="{baseline:g}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
        f' fill="{fill}">{escape(text)}</text>'
    )


def main() -> None:
    """Draw the newest report; exit status 1 if none is kept."""
    figures = newest()
    if figures is None:
        sys.exit("no report is kept: `python -m benchmarks --keep` keeps one")
    PICTURE.write_text(drawn(figures), encoding="utf-8")
    print(f"drawn from the report of {figures['measured_at']}, commit {figures['commit']}")


if __name__ == "__main__":
    main()
