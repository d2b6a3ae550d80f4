"""`python -m benchmarks.memory`: what a worker holds in memory after 500 runs, and after 5,000, with both pools."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import psutil

from app import usecases
from app.connections.database import Sessions
from benchmarks.aftermath import OPEN_RUNS, count
from benchmarks.work import submitted
from infra.local.options import SERVICES, StackOptions
from infra.local.stack import LocalStack

POOLS = ("threads", "prefork")
#: Of the later measurement over the earlier one.
LIMIT = 1.10
_WORKER = "worker-1"
#: Runs requested at once, and seconds for them to end.
_BATCH, _PATIENCE = 100, 600.0


def main() -> None:
    """Measure and print; exit status 1 if a worker grew by more than a tenth."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--first", type=int, default=500, help="runs before the measurement to compare with")
    parser.add_argument("--pool", choices=POOLS, action="append")
    wanted = parser.parse_args()
    grown = 0.0
    with TemporaryDirectory() as folder:
        for pool, held in measured(
            Path(folder), runs=wanted.runs, first=wanted.first, pools=wanted.pool or POOLS
        ):
            growth = held[wanted.runs] / held[wanted.first]
            grown = max(grown, growth)
            print(f"{pool}: {growth:.3f} of the memory after {wanted.first} runs")
            for runs, bytes_held in held.items():
                print(f"  after {runs:5d} runs {bytes_held / 2**20:7.1f} MB")
    sys.exit(0 if grown <= LIMIT else 1)


def measured(
    folder: Path, *, runs: int, first: int, pools: Sequence[str] = POOLS
) -> Iterator[tuple[str, dict[int, int]]]:
    """Each pool, and the bytes that its worker held by the number of its runs: every `first` runs, and at the end."""
    options = StackOptions(parts=SERVICES, usual_ports=False, actions=40)
    with LocalStack(folder, options=options) as stack:
        for part in ("dispatcher", "sweeper"):
            stack.process_table.start(stack.services.background(part), lambda _: True)
        with submitted(stack) as (database, actions):
            for pool in pools:
                with _worker(stack, pool):
                    yield pool, _held(stack, database, actions, runs=runs, first=first)


@contextmanager
def _worker(stack: LocalStack, pool: str) -> Iterator[None]:
    usual = stack.services.worker(1)
    argv = tuple(pool if part in POOLS else part for part in usual.argv)
    stack.process_table.start(replace(usual, argv=argv), lambda child: "ready." in child.log_since_start())
    yield
    stack.process_table.stop(_WORKER)


def _held(
    stack: LocalStack, database: Sessions, actions: Sequence[str], *, runs: int, first: int
) -> dict[int, int]:
    following, held = cycle(actions), dict[int, int]()
    done = 0
    while done < runs:
        next_look = min(runs, (done // first + 1) * first)
        batch = min(_BATCH, next_look - done)
        usecases.request_runs(database, list(islice(following, batch)), requested_by="benchmark")
        _wait(stack)
        done += batch
        if done == next_look:
            held[done] = _resident(stack.processes[_WORKER])
    return held


def _wait(stack: LocalStack) -> None:
    deadline = time.monotonic() + _PATIENCE
    while count(stack, OPEN_RUNS):
        if time.monotonic() > deadline:
            raise TimeoutError("the runs did not end")
        time.sleep(0.2)


def _resident(pid: int) -> int:
    """Of the worker and the processes of its pool, together."""
    main = psutil.Process(pid)
    return sum(each.memory_info().rss for each in (main, *main.children(recursive=True)))


@contextmanager
def highest_memory(seen: list[int]) -> Iterator[None]:
    """Adds the most bytes that this process held in memory meanwhile."""
    own, over, highest = psutil.Process(), Event(), [0]

    def look() -> None:
        while True:
            highest.append(max(highest.pop(), own.memory_info().rss))
            if over.wait(0.05):
                return

    looking = Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()
        seen.append(highest[0])


if __name__ == "__main__":
    main()
