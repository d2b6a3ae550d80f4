"""The report of `python -m benchmarks` as tables, each figure beside that of an earlier report."""

from collections.abc import Iterator, Mapping
from statistics import median
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
_DISTURBED = "Disturbed, so no ratio is stated."


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
        for title, table in _tables(found, earlier):
            screen.print(f"\n{title}, vault on {storage}{mark}", style="bold")
            screen.print(table)
        for sentence in _ratios(found, earlier):
            screen.print(sentence)


def _origin(figures: Mapping[str, Any]) -> str:
    machine = figures["machine"]
    disturbed = ", disturbed" if figures["disturbances"] else ""
    return (
        f"{figures['measured_at'][:10]}, commit {figures['commit']}, {machine['cores']} cores of {machine['processor']},"
        f" rounds of {figures['runs_per_round']} runs: {figures['rounds']}{disturbed}."
    )


def _unlike(figures: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """What makes two reports hard to compare."""
    names = ("machine", "versions", "concurrency", "tool_latency_ms")
    differing = [name.replace("_", " ") for name in names if figures[name] != before[name]]
    return f" Not the same {', '.join(differing)}." if differing else ""


def _tables(found: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Iterator[tuple[str, Table]]:
    """Each table with its title; the title of a narrow table would be broken into lines."""
    yield "Runs per second", _speed(found, earlier)
    yield "CPU milliseconds per run", _cpu(found, earlier)
    yield "Seconds, at shares of the measured capacity", _loads(found, earlier)
    yield f"Milliseconds of a page at {found['pages']['rate']} runs per second", _pages(found, earlier)


def _speed(found: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Table:
    speed = _table("", "rounds", "median")
    for name, values in found["runs_per_second"].items():
        last = _within(earlier, "runs_per_second", name)
        speed.add_row(
            name,
            ", ".join(map(str, values)),
            _beside(round(median(values), 2), last and round(median(last), 2)),
        )
    return speed


def _cpu(found: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Table:
    cpu = _table("part", PATTERN, STATIC)
    for section, parts in (("product", PRODUCT), ("apart", APART)):
        for part in parts:
            cells = [_spent(found, earlier, mode, section, part) for mode in (PATTERN, STATIC)]
            if any(cells):
                cpu.add_row(("" if section == "product" else "apart: ") + part, *cells)
        if section == "product":
            totals = [_spent(found, earlier, mode, "total") for mode in (PATTERN, STATIC)]
            cpu.add_row("product", *totals, style="bold")
            cpu.add_section()
    return cpu


def _loads(found: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Table:
    loads = found["loads"]
    table = _table("p50, p95", *(f"{load} ({each['rate']}/s)" for load, each in loads.items()))
    for name in ("request to result", "request to flag", "request came late"):
        table.add_row(name, *(_two(found, earlier, load, name) for load in loads))
    for kind in next(iter(loads.values()))["credential life"]:
        cells = (_two(found, earlier, load, "credential life", kind) for load in loads)
        table.add_row(f"life: {kind}", *cells)
    return table


def _pages(found: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Table:
    table = _table("page", "p50, p95")
    for page in found["pages"]["milliseconds"]:
        values, last = (_within(each, "pages", "milliseconds", page) for each in (found, earlier))
        table.add_row(page, _pair(values, last, digits=1))
    return table


def _spent(found: Mapping[str, Any], earlier: Mapping[str, Any] | None, mode: str, *path: str) -> str:
    value = _within(found, "cpu_ms_per_run", mode, *path)
    return "" if value is None else _beside(value, _within(earlier, "cpu_ms_per_run", mode, *path))


def _two(found: Mapping[str, Any], earlier: Mapping[str, Any] | None, load: str, *path: str) -> str:
    values, last = (_within(each, "loads", load, *path) for each in (found, earlier))
    return _pair(values, last, digits=3)


def _pair(values: Mapping[str, float], last: Mapping[str, float] | None, *, digits: int) -> str:
    """Median and 95th percentile; nothing for a series without a value."""
    if not values["number"]:
        return ""
    return ", ".join(
        _beside(round(values[key], digits), round(last[key], digits) if last and last["number"] else None)
        for key in ("p50", "p95")
    )


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


def _table(*headings: str) -> Table:
    table = Table(headings[0])
    for heading in headings[1:]:
        table.add_column(heading, justify="right")
    return table
