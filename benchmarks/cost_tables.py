"""The report of `python -m benchmarks` as tables, each figure beside that of an earlier report."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.cpu import APART, PRODUCT, RECONCILER
from benchmarks.pipeline import PATTERN, STATIC

_COUNTED = (
    "The product is worker, dispatcher, sweeper, vault, PostgreSQL and broker, from the request of the first run of a round"
    " until the end of every credential of its last run is confirmed. Runs per second are counted up to the last completion."
    f" With {STATIC} nothing ends, so there is no sweeper and no reconciler."
)
_DISTURBED = "Disturbed, so no ratio is stated, and no figure below is one to quote:"


def show(figures: Mapping[str, Any], before: Mapping[str, Any] | None, screen: Console) -> None:
    """Print everything; `before` is an earlier report, or None."""
    screen.print(_origin(figures))
    if before is not None:
        screen.print(f"In parentheses: {_origin(before)}{_unlike(figures, before)}")
    screen.print(_COUNTED)
    if figures["disturbances"]:
        screen.print(_DISTURBED, style="bold")
        for each in figures["disturbances"]:
            screen.print(f"  {each}")
    for storage, found in figures["storages"].items():
        earlier = (before or {}).get("storages", {}).get(storage)
        mark = " (disturbed)" if figures["disturbances"] else ""
        for table in _tables(f"vault on {storage}{mark}", found, earlier):
            screen.print(table)
        for sentence in _ratios(found, earlier):
            screen.print(sentence)


def _origin(figures: Mapping[str, Any]) -> str:
    machine = figures["machine"]
    disturbed = ", disturbed" if figures["disturbances"] else ""
    return (
        f"{figures['measured_at'][:10]}, commit {figures['commit']}, {machine['cores']} cores of {machine['processor']},"
        f" {figures['rounds']} rounds of {figures['runs_per_round']} runs{disturbed}."
    )


def _unlike(figures: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """What makes two reports hard to compare."""
    names = ("machine", "versions", "concurrency", "tool_latency_ms")
    differing = [name.replace("_", " ") for name in names if figures[name] != before[name]]
    return f" Not the same {', '.join(differing)}." if differing else ""


def _tables(title: str, found: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Iterator[Table]:
    speed = _table(f"Runs per second, {title}", ("", "rounds", "median"))
    for name, values in found["runs_per_second"].items():
        last = _within(earlier, "runs_per_second", name)
        speed.add_row(name, ", ".join(map(str, values)), _beside(_middle(values), last and _middle(last)))
    yield speed
    cpu = _table(f"CPU milliseconds per run, {title}", ("part", PATTERN, STATIC))
    for section, parts in (("product", PRODUCT), ("apart", APART)):
        for part in parts:
            cells = [_cpu(found, earlier, mode, section, part) for mode in (PATTERN, STATIC)]
            if any(cells):
                cpu.add_row(("" if section == "product" else "apart: ") + part, *cells)
        if section == "product":
            totals = [_cpu(found, earlier, mode, "total") for mode in (PATTERN, STATIC)]
            cpu.add_row("product", *totals, style="bold")
            cpu.add_section()
    yield cpu
    loads = _table(
        f"Seconds at a load, {title}",
        ("", *(f"{load} ({each['rate']}/s)" for load, each in found["loads"].items())),
    )
    for name in ("request to result", "request to flag", "request came late"):
        loads.add_row(f"{name}: p50, p95", *(_two(found, earlier, load, name) for load in found["loads"]))
    kinds = next(iter(found["loads"].values()))["credential life"] if found["loads"] else {}
    for kind in kinds:
        loads.add_row(
            f"life of a {kind}: p50, p95",
            *(_two(found, earlier, load, "credential life", kind) for load in found["loads"]),
        )
    yield loads
    pages = _table(
        f"Milliseconds of a page at {found['pages']['rate']} runs/s, {title}", ("page", "p50", "p95")
    )
    for name, values in found["pages"]["milliseconds"].items():
        last = _within(earlier, "pages", "milliseconds", name)
        pages.add_row(
            name,
            *(_beside(round(values[key], 1), last and round(last[key], 1)) for key in ("p50", "p95")),
        )
    yield pages


def _cpu(found: Mapping[str, Any], earlier: Mapping[str, Any] | None, mode: str, *path: str) -> str:
    value = _within(found, "cpu_ms_per_run", mode, *path)
    return "" if value is None else _beside(value, _within(earlier, "cpu_ms_per_run", mode, *path))


def _two(found: Mapping[str, Any], earlier: Mapping[str, Any] | None, load: str, *path: str) -> str:
    values, last = (_within(each, "loads", load, *path) for each in (found, earlier))
    return ", ".join(_beside(values[key], last and last[key]) for key in ("p50", "p95"))


def _ratios(found: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Iterator[str]:
    added = _beside(found["added_cpu_ms_per_run"], _within(earlier, "added_cpu_ms_per_run"))
    yield f"The pattern adds {added} ms of CPU to a run with static keys."
    apart = found["cpu_ms_per_run"][PATTERN]["apart"]
    yield f"The reconciler takes {round(sum(apart.get(part, 0.0) for part in RECONCILER), 1)} ms a run."
    for name, value in (found["ratios"] or {}).items():
        yield f"Throughput, {name}: {_beside(value, _within(earlier, 'ratios', name))}"


def _within(figures: Mapping[str, Any] | None, *path: str) -> Any:
    """What stands there; None if it, or anything on the way to it, is missing."""
    value: Any = figures
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _beside(value: float | None, before: float | None) -> str:
    return f"{value}" if before is None else f"{value} ({before})"


def _middle(values: list[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return round((ordered[half] + ordered[~half]) / 2, 2)


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(headings[0], title=title, title_justify="left")
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    return table
