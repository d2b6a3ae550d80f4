"""`python -m benchmarks`: the cost of fresh credentials per run, as ratios from one interleaved run."""

import argparse
import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from app import usecases
from app.connections.database import connect, sessions
from app.settings import Settings
from benchmarks import pipeline, vault_alone
from benchmarks.pipeline import PATTERN, STATIC, Round
from infra.local.options import SERVICES, StackOptions
from infra.local.stack import LocalStack


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=150, help="runs in each round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each mode, alternating")
    parser.add_argument("--concurrency", type=int, default=4, help="worker processes")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds each HTTP tool takes to answer")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        options = StackOptions(parts=SERVICES, usual_ports=False, actions=100, mock_latency=wanted.latency)
        with LocalStack(Path(folder), options=options) as stack:
            figures = _measure(stack, wanted)
    _show(figures)
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _application(stack: LocalStack) -> Settings:
    told = stack.environment("web")
    return Settings(
        database_url=told["DATABASE_URL"], database_password_file=Path(told["DATABASE_PASSWORD_FILE"])
    )


def _measure(stack: LocalStack, wanted: argparse.Namespace) -> dict[str, Any]:
    engine = connect(_application(stack), pool_size=2)
    factory = sessions(engine)
    inbox = (stack.layout.scenarios / "inbox.json").read_text(encoding="utf-8")
    actions, _ = usecases.submit(factory, inbox)
    rounds: list[tuple[Round, Round]] = []
    alone: list[float] = []
    for _ in range(wanted.rounds):
        # Interleaved, so that other load on the machine affects all three alike.
        pair = [
            pipeline.measure(
                stack, factory, actions, mode=mode, runs=wanted.runs, concurrency=wanted.concurrency
            )
            for mode in (PATTERN, STATIC)
        ]
        rounds.append((pair[0], pair[1]))
        alone.append(vault_alone.measure(stack, runs=wanted.runs))
    engine.dispose()
    return _figures(wanted, rounds, alone)


def _figures(
    wanted: argparse.Namespace, rounds: list[tuple[Round, Round]], alone: list[float]
) -> dict[str, Any]:
    pattern, static = [pair[0] for pair in rounds], [pair[1] for pair in rounds]
    return {
        "runs_per_round": wanted.runs,
        "concurrency": wanted.concurrency,
        "tool_latency_ms": wanted.latency,
        "runs_per_second": {
            PATTERN: [round(each.runs_per_second, 2) for each in pattern],
            STATIC: [round(each.runs_per_second, 2) for each in static],
            "vault operations alone": [round(each, 2) for each in alone],
        },
        "pattern_to_static_keys": round(median(p.runs_per_second / s.runs_per_second for p, s in rounds), 3),
        "pattern_to_vault_alone": round(
            median(p.runs_per_second / a for p, a in zip(pattern, alone, strict=True)), 3
        ),
        "cpu_ms_per_run": {PATTERN: _medians(pattern), STATIC: _medians(static)},
    }


def _medians(rounds: list[Round]) -> dict[str, float]:
    parts = {name: median(each.cpu_ms[name] for each in rounds) for name in rounds[0].cpu_ms}
    return {**parts, "total": round(sum(parts.values()), 1)}


def _show(figures: dict[str, Any]) -> None:
    screen = Console()
    speed = Table(title="Runs per second", title_justify="left")
    speed.add_column("")
    for number in range(len(figures["runs_per_second"][PATTERN])):
        speed.add_column(f"round {number + 1}", justify="right")
    for name, values in figures["runs_per_second"].items():
        speed.add_row(name, *map(str, values))
    cpu = Table("part", title="CPU milliseconds per run", title_justify="left")
    for mode in (PATTERN, STATIC):
        cpu.add_column(mode, justify="right")
    spent = figures["cpu_ms_per_run"]
    for name in spent[PATTERN]:
        cpu.add_row(name, str(spent[PATTERN][name]), str(spent[STATIC][name]))
    screen.print(speed, cpu)
    screen.print(f"pattern / static keys: {figures['pattern_to_static_keys']} of the throughput")
    screen.print(f"pattern / vault operations alone: {figures['pattern_to_vault_alone']}")


if __name__ == "__main__":
    main()
