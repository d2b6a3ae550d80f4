"""The figures of `python -m benchmarks`: computed from rounds, and kept as JSON in `benchmarks/results/`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.cpu import APART, PRODUCT
from benchmarks.judgement import Watch, disturbances
from benchmarks.pipeline import PATTERN, STATIC, Round

if TYPE_CHECKING:
    from benchmarks.cost import Half, Wanted

#: Increased when a figure gets another meaning; reports of different formats are not compared.
FORMAT = 1
RESULTS = Path(__file__).parent / "results"
ALONE = "vault operations alone"


def report(
    facts: Mapping[str, Any], wanted: "Wanted", halves: Mapping[str, "Half"], watch: Watch
) -> dict[str, Any]:
    """The whole report. Ratios are left out, as None, where something disturbed the measurement."""
    found = disturbances(load=watch.load, windows=watch.windows, series=_series(halves))
    return {
        "format": FORMAT,
        **facts,
        "runs_per_round": wanted.runs,
        "rounds": wanted.rounds,
        "concurrency": wanted.concurrency,
        "tool_latency_ms": wanted.latency,
        "seed": wanted.seed,
        "disturbances": found,
        "storages": {name: _storage(half, trusted=not found) for name, half in halves.items()},
        "machine_use": watch.figures(),
    }


def _series(halves: Mapping[str, "Half"]) -> dict[str, list[float]]:
    """What each round should have found alike."""
    series: dict[str, list[float]] = {}
    for storage, half in halves.items():
        for mode, rounds in half.rounds.items():
            series[f"{mode} on {storage}, runs per second"] = [each.runs_per_second for each in rounds]
            series[f"{mode} on {storage}, CPU per run"] = [_product(each.cpu_ms) for each in rounds]
        series[f"{ALONE} on {storage}, runs per second"] = half.alone
    return series


def _product(cpu_ms: Mapping[str, float]) -> float:
    return sum(cpu_ms[part] for part in PRODUCT)


def _storage(half: "Half", *, trusted: bool) -> dict[str, Any]:
    pattern, static = half.rounds[PATTERN], half.rounds[STATIC]
    modes = {PATTERN: _mode(pattern), STATIC: _mode(static)}
    ratios = {
        "pattern to static keys": _ratio(
            [each.runs_per_second for each in pattern], [each.runs_per_second for each in static]
        ),
        "pattern to vault operations alone": _ratio([each.runs_per_second for each in pattern], half.alone),
    }
    return {
        "runs_per_second": {
            **{
                mode: [round(each.runs_per_second, 2) for each in rounds]
                for mode, rounds in half.rounds.items()
            },
            ALONE: [round(each, 2) for each in half.alone],
        },
        "cpu_ms_per_run": modes,
        "added_cpu_ms_per_run": round(modes[PATTERN]["total"] - modes[STATIC]["total"], 1),
        "ratios": ratios if trusted else None,
        "loads": half.loads,
        "pages": half.pages,
    }


def _mode(rounds: Sequence[Round]) -> dict[str, Any]:
    """Medians of the rounds, and their sum. A part that spends nothing in this mode is left out."""

    def medians(parts: Sequence[str]) -> dict[str, float]:
        found = {part: round(median(each.cpu_ms[part] for each in rounds), 1) for part in parts}
        return {part: value for part, value in found.items() if value}

    product = medians(PRODUCT)
    return {
        "product": product,
        "total": round(sum(product.values()), 1),
        "apart": medians(APART),
        "total_by_round": [round(_product(each.cpu_ms), 1) for each in rounds],
    }


def _ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the ratios of each round."""
    return round(median(a / b for a, b in zip(above, below, strict=True)), 3)


def keep(figures: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Write a report into the folder of results, named by date and commit; the file."""
    file = folder / f"{figures['measured_at'][:10]}-{figures['commit'].rstrip('+')}.json"
    write(figures, file)
    return file


def write(figures: Mapping[str, Any], file: Path) -> None:
    """Write a report."""
    file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def read(file: Path) -> dict[str, Any]:
    """A report. Raises OSError, and ValueError if the file holds none of this format."""
    found = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"{file} holds no report of format {FORMAT}")
    return found


def newest(folder: Path = RESULTS) -> dict[str, Any] | None:
    """The report in the folder that was measured last; None if there is none of this format."""
    texts = (file.read_text(encoding="utf-8") for file in folder.glob("*.json"))
    found = [each for each in map(json.loads, texts) if each.get("format") == FORMAT]
    return max(found, key=lambda each: each["measured_at"], default=None)
