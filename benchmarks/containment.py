"""`python -m benchmarks.containment`: the time from a person's stop to a refusal seen at each tool.

A worker that keeps hold of its credentials hands them over; each is tried at its tool, as a thief would, until it is
refused. A credential that is never refused counts as one that took for ever.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from app import usecases
from benchmarks.handover import HANDOVER
from benchmarks.percentiles import percentile
from benchmarks.stops import SIGNED, Stop, seconds_to_expiry, stop_one
from benchmarks.thieves import Thieves
from benchmarks.work import submitted
from infra.local.options import SERVICES, StackOptions
from infra.local.stack import LocalStack
from workers.runtime.worker import command as worker_command

#: Runs in hand at a time, and those that wait behind them.
IN_HAND, QUEUED = 6, 12
#: The kinds, in the order of the report.
KINDS = ("run-token", "api-key", "database-user", SIGNED)


def main() -> None:
    """Measure and print; exit status 1 if a credential was never refused."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.containment", description=__doc__)
    parser.add_argument("--stops", type=int, default=200)
    parser.add_argument(
        "--until-expiry", action="store_true", help="wait for signed tokens to be refused, two minutes more"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = measure(Path(folder), stops=wanted.stops, until_expiry=wanted.until_expiry)
    _show(figures)
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if any(row["never"] for row in figures["kinds"].values()) else 0)


def measure(folder: Path, *, stops: int, until_expiry: bool) -> dict[str, Any]:
    """Stop so many runs, one after the other, each while others are in hand and in the queue; the figures."""
    options = StackOptions(parts=SERVICES, usual_ports=False, actions=40)
    handover = folder / "handover"
    handover.mkdir(mode=0o700)
    with LocalStack(folder / "home", options=options) as stack, submitted(stack) as (database, actions):
        for part in ("dispatcher", "sweeper"):
            stack.process_table.start(stack.services.background(part), lambda _: True)
        _start_worker(stack, handover)
        following = cycle(actions)
        first = list(islice(following, IN_HAND + QUEUED))
        usecases.request_runs(database, first, requested_by="benchmark")
        with Thieves(stack) as thieves:
            done = []
            for _ in range(stops):
                done.append(stop_one(database, thieves, handover))
                usecases.request_runs(database, [next(following)], requested_by="benchmark")
            signed = [token for stop in done for token in stop.signed]
            return _figures(done, seconds_to_expiry(thieves, signed, wait=until_expiry))


def _start_worker(stack: LocalStack, handover: Path) -> None:
    line = worker_command(
        "benchmarks.holding_worker", concurrency=IN_HAND, pool="threads", recycle=False, name="worker-1"
    )
    usual = stack.services.worker(1)
    environment = {**usual.environment, HANDOVER: str(handover), "TRIAGE_RUNS_PER_PROCESS": str(IN_HAND)}
    stack.process_table.start(
        replace(usual, argv=tuple(line), environment=environment),
        lambda child: "ready." in child.log_since_start(),
    )


def _figures(stops: Sequence[Stop], signed: Sequence[float]) -> dict[str, Any]:
    seconds = {kind: [value for stop in stops for value in stop.seconds.get(kind, ())] for kind in KINDS[:-1]}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "stops": len(stops),
        "in_hand": IN_HAND,
        "queued": QUEUED,
        "kinds": {kind: _row(values) for kind, values in {**seconds, SIGNED: signed}.items()},
        "confirmed": _row([stop.confirmed for stop in stops]),
    }


def _row(values: Sequence[float]) -> dict[str, Any]:
    """Nearest rank, so that what never ended takes its place in each percentile."""

    def at(share: float) -> float | None:
        value = percentile(values, share)
        return None if math.isinf(value) else round(value, 3)

    return {
        "number": len(values),
        "p50": at(0.5),
        "p95": at(0.95),
        "max": at(1.0),
        "never": sum(map(math.isinf, values)),
    }


def _show(figures: dict[str, Any]) -> None:
    table = Table(
        "credential",
        title=f"Seconds from the stop to a refusal seen: {figures['stops']} stops, {figures['in_hand']} runs in hand",
        title_justify="left",
    )
    for name in ("number", "p50", "p95", "max", "never"):
        table.add_column(name, justify="right")
    for kind, row in {**figures["kinds"], "(end confirmed)": figures["confirmed"]}.items():
        table.add_row(kind, *("never" if value is None else str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
