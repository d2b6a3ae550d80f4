"""`python -m benchmarks.campaign`: `kill -9` at random under a day's runs, and whether anything outlived them.

What the vault issued is taken from its own log, recorded or not, and asked about one by one.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg

from app import usecases
from benchmarks.aftermath import OPEN_ENDS, OPEN_RUNS, count, found, is_clean
from benchmarks.kills import Killer, start_second_worker
from benchmarks.work import submitted
from infra.local.options import SERVICES, StackOptions
from infra.local.stack import LocalStack
from infra.postgres.server import ServerError

#: Shorter than usual, so that a killed worker's runs go on soon.
ENVIRONMENT = {"ATTEMPT_LEASE": "10", "MAX_ATTEMPTS": "20"}
#: Seconds between two kills, at least and at most.
_APART = (0.2, 1.2)
#: Seconds of killing at most, for the last runs to end, and for all ends to be confirmed.
_LONGEST, _FINISHED, _CONFIRMED = 900.0, 120.0, 120.0
#: Runs that wait or are in hand while there are more to come.
_WAITING = 20


def main() -> None:
    """Run a campaign and print its report as Markdown; exit status 1 if anything was left."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--kills", type=int, default=40, help="at least; more runs if need be")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = campaign(Path(folder), runs=wanted.runs, kills=wanted.kills, seed=wanted.seed)
    text = report(figures)
    print(text)
    if wanted.out:
        wanted.out.write_text(text, encoding="utf-8")
    sys.exit(0 if is_clean(figures) else 1)


def campaign(folder: Path, *, runs: int, kills: int, seed: int) -> dict[str, Any]:
    """Kill parts of a new stack until so many runs have ended, and at least so many kills were done; the figures."""
    with killable_stack(folder) as stack:
        random = Random(seed)  # noqa: S311  # it chooses what dies
        killer = Killer(stack, random)
        began = time.monotonic()
        with submitted(stack) as (database, actions):
            following, run_ids = cycle(actions), list[UUID]()
            while (
                len(run_ids) < runs or killer.killed.total() < kills
            ) and time.monotonic() < began + _LONGEST:
                if count(stack, OPEN_RUNS) < _WAITING:
                    wanted = list(islice(following, _WAITING))
                    run_ids += usecases.request_runs(database, wanted, requested_by="campaign")
                time.sleep(random.uniform(*_APART))
                killer.kill_one()
        wait_for_none(stack, OPEN_RUNS, seconds=_FINISHED)
        seconds = time.monotonic() - began
        wait_for_none(stack, OPEN_ENDS, seconds=_CONFIRMED)
        figures = {
            "seed": seed,
            "runs": len(run_ids),
            "seconds": round(seconds, 1),
            "kills": dict(killer.killed),
        }
        return figures | found(stack, len(run_ids))


@contextmanager
def killable_stack(folder: Path) -> Iterator[LocalStack]:
    """A stack in `folder` whose parts a `Killer` may kill, with both of its workers."""
    options = StackOptions(
        parts=SERVICES,
        usual_ports=False,
        actions=40,
        workers=1,
        concurrency=4,
        environment=ENVIRONMENT,
    )
    with LocalStack(folder, options=options) as stack:
        for part in ("dispatcher", "sweeper", "reconciler"):
            stack.process_table.start(stack.services.background(part), lambda _: True)
        stack.process_table.start(stack.services.worker(1), lambda child: "ready." in child.log_since_start())
        start_second_worker(stack)
        yield stack


def wait_for_none(stack: LocalStack, query: str, *, seconds: float) -> None:
    """Wait until a query of `aftermath` counts nothing, but no longer than this."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ServerError, psycopg.Error):
            if not count(stack, query):
                return
        time.sleep(0.2)


def report(figures: dict[str, Any], *, title: str = "Kill campaign", command: str = "make campaign") -> str:
    """The figures as a page in Markdown, with the commit and the machine."""
    line = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()
    rows = "\n".join(f"| {name} | {_shown(value)} |" for name, value in figures.items())
    return (
        f"# {title} of {datetime.now(UTC):%Y-%m-%d}\n\n"
        f"Commit {commit}, {platform.machine()} with Python {platform.python_version()}, by `{command}`.\n\n"
        f"| | |\n|---|---|\n{rows}\n"
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items()) or "none"
    if isinstance(value, list):
        return f"{len(value)}"
    return json.dumps(value)


if __name__ == "__main__":
    main()
