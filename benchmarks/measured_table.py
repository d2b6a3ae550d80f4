"""Prints a measured exposure on a terminal."""

from rich.console import Console
from rich.table import Table

from app.procurement.labels import lasting
from app.review.measured_exposure import MeasuredExposure, MeasuredHalf


def show(measured: MeasuredExposure) -> None:
    """Both halves side by side."""
    table = Table("", title=f"{measured.runs} runs twice, and a thief after each half", title_justify="left")
    for name in ("static keys", "one credential for each run and system"):
        table.add_column(name, justify="right")
    halves = (measured.static_keys, measured.short_lived)
    for name, *cells in zip(_ROWS, *map(_cells, halves), strict=True):
        table.add_row(name, *cells)
    Console().print(table)


_ROWS = (
    "seconds",
    "credentials",
    "stolen",
    "accepted after the last run",
    "systems that accept them",
    "rights",
    "longest life",
    "last one dead",
    "credential-seconds at risk until the theft",
    "the same to the end",
)


def _cells(half: MeasuredHalf) -> tuple[str, ...]:
    whole = half.seconds_at_risk_to_the_end
    return (
        f"{half.seconds:.1f}",
        str(half.credentials),
        str(half.stolen),
        str(half.accepted),
        ", ".join(half.reachable) or "none",
        ", ".join(half.reachable.values()) or "none",
        lasting(half.life),
        "when replaced" if half.end is None else f"{lasting(half.end)} later",
        f"{half.seconds_at_risk:,.0f}",
        "without end" if whole is None else f"{whole:,.0f}",
    )
