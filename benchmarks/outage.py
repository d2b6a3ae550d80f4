"""`python -m benchmarks.outage`: a long queue before and while the vault is down, and the minute after most of it was done.

A dispatcher is at work all the time. The server reports each statement that takes long; no sweeper, worker or page runs.
"""

import argparse
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg

from app.credentials.settings import AgentSettings
from benchmarks import worked_runs
from benchmarks.percentiles import percentile
from benchmarks.queue_depth import STATEMENTS
from infra.local.options import PROVISIONED, Part, StackOptions
from infra.local.stack import LocalStack

#: Milliseconds: the longest statement while the vault is down, and a claim in the minute afterwards.
LONGEST, LONGEST_CLAIM = 100.0, 5.0
#: By how much the memory of a process may grow.
MOST_GROWTH = 0.1
#: As many attempts may be open at once, however many runs wait.
MOST_IDENTITIES: int = AgentSettings.model_fields["dispatch_window"].default
_OPEN = "SELECT count(*) FROM attempt WHERE state IN ('dispatched', 'running')"
#: Statements from so many milliseconds on are reported by the server.
_REPORTED = 20
_CLAIM = ("dispatcher: reserve runs", "dispatcher: record an attempt", "worker: claim")
#: Fewer measurements have no percentile.
_FEWEST = 20
_DURATION = re.compile(r"duration: ([0-9.]+) ms")


@dataclass(frozen=True, slots=True)
class Outage:
    """What was seen. Times in milliseconds, memory in MB at the beginning and at the end of the outage.

    `identities` are those that the vault had issued and nobody had used, some time after all runs were requested,
    before the outage.
    """

    waiting: int
    seconds: float
    longest_statement: float
    reported: int
    claims_p95: Mapping[str, float]
    identities: int
    dispatcher_memory: tuple[float, float]

    @property
    def faults(self) -> list[str]:
        """What exceeds its limit."""
        began, ended = self.dispatcher_memory
        limits = {
            f"a statement took {self.longest_statement:g} ms": self.longest_statement > LONGEST,
            **{f"{name} took {p95:.2f} ms": p95 > LONGEST_CLAIM for name, p95 in self.claims_p95.items()},
            f"the dispatcher grew from {began} to {ended} MB": ended > (1 + MOST_GROWTH) * began,
            f"{self.identities} identities waited for a worker": self.identities > MOST_IDENTITIES,
        }
        return [text for text, is_over in limits.items() if is_over]


def main() -> None:
    """Measure and print; exit status 1 if something exceeds its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outage", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="runs that wait")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the vault is down")
    parser.add_argument(
        "--after", type=float, default=60.0, help="how long claims are measured after the queue was done"
    )
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = measure(Path(folder), runs=wanted.runs, seconds=wanted.seconds, after=wanted.after)
    print(f"{found.waiting:,} runs waited while the vault was down for {found.seconds:g} s.")
    print(
        f"Longest statement: {found.longest_statement:g} ms ({found.reported} took more than {_REPORTED} ms)"
    )
    print(f"In the {wanted.after:g} s after 95 % of them were done, 95th percentile in milliseconds:")
    for name, p95 in found.claims_p95.items():
        print(f"  {name}: {p95:.2f}")
    began, ended = found.dispatcher_memory
    print(f"Memory of the dispatcher: {began} to {ended} MB")
    print(f"Identities that waited for a worker while the vault was up: {found.identities}")
    for fault in found.faults:
        print(f"Over its limit: {fault}")
    sys.exit(1 if found.faults else 0)


def measure(folder: Path, *, runs: int, seconds: float, after: float) -> Outage:
    """Start servers and a dispatcher in `folder`, and measure."""
    parts = PROVISIONED | {Part.VALKEY, Part.DISPATCHER}
    with (
        LocalStack(folder, options=StackOptions(parts=parts, usual_ports=False)) as stack,
        stack.services.database.connect("triage") as database,
    ):
        worked_runs.prepare(database)
        worked_runs.add_waiting(database, runs)
        time.sleep(max(3.0, seconds / 10))
        (identities,) = database.execute(_OPEN).fetchone() or (0,)
        stack.process_table.stop("vault")
        database.execute(f"ALTER SYSTEM SET log_min_duration_statement = {_REPORTED}")
        database.execute("SELECT pg_reload_conf()")
        log = stack.layout.postgres_log
        begin = log.stat().st_size
        # What it needs for a first look at the queue belongs to neither end.
        time.sleep(min(5.0, seconds / 2))
        memory = [_memory(stack)]
        time.sleep(seconds)
        memory.append(_memory(stack))
        database.execute("SELECT pg_sleep(%s)", [2 * _REPORTED / 1000])
        with log.open("rb") as file:
            file.seek(begin)
            *took, own = [float(each) for each in _DURATION.findall(file.read().decode(errors="replace"))]
        if own < 2 * _REPORTED:
            raise RuntimeError("the server does not report long statements")
        database.execute("ALTER SYSTEM RESET log_min_duration_statement")
        database.execute("SELECT pg_reload_conf()")
        worked_runs.carry_out(database, runs * 95 // 100)
        claims = _claims(database, seconds=after)
    return Outage(
        waiting=runs,
        seconds=seconds,
        longest_statement=max(took, default=0.0),
        reported=len(took),
        claims_p95={name: percentile(each, 0.95) for name, each in claims.items()},
        identities=identities,
        dispatcher_memory=(memory[0], memory[1]),
    )


def _memory(stack: LocalStack) -> float:
    return round(psutil.Process(stack.processes["dispatcher"]).memory_full_info().uss / 1e6, 1)


def _claims(database: psycopg.Connection, *, seconds: float) -> Mapping[str, list[float]]:
    """Milliseconds of each step of a claim, which is undone each time."""
    took: dict[str, list[float]] = {name: [] for name in _CLAIM}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(took[_CLAIM[0]]) < _FEWEST:
        with database.transaction(force_rollback=True):
            (run,) = database.execute(
                "SELECT run_id FROM run WHERE state = 'requested' ORDER BY requested_at DESC LIMIT 1"
            ).fetchone() or (None,)
            for name in _CLAIM:
                began = time.perf_counter()
                database.execute(STATEMENTS[name].format(run=f"'{run}'::uuid"))  # type: ignore[arg-type]  # a text of this project
                took[name].append(1000 * (time.perf_counter() - began))
        time.sleep(0.02)
    return took


if __name__ == "__main__":
    main()
