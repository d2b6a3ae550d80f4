"""`python -m benchmarks.queue_depth`: what the processes' statements cost with few and with many runs, waiting or done.

Nothing vacuums meanwhile. Statements are carried out and undone; a cost is a time, and pages of tables and indexes read.
"""

import argparse
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psycopg

from benchmarks import worked_runs
from infra.local.options import PROVISIONED, StackOptions
from infra.local.stack import LocalStack

#: In this order, each as its process sends it: {run} and {number} are those of an attempt made for the measurement.
STATEMENTS = {
    "dispatcher: reserve runs": "SELECT * FROM reserve_runs(50, 30)",
    "dispatcher: release a run": "SELECT release_runs(ARRAY[{run}])",
    "dispatcher: record an attempt": (
        "SELECT dispatch_attempt({run}, 1, 'secret-id', 'wrapping', sha256(pg_temp.proof({run})), 90, 4)"
    ),
    "dispatcher: sign of life": "SELECT beat('waiting for the vault', 'bench', 1, NULL, NULL)",
    "worker: claim": (
        "SELECT claim_attempt({run}, 1, pg_temp.proof({run}), sha256(pg_temp.proof({run})), 'bench', 90)"
    ),
    "worker: record login and plan": (
        "SELECT record_login({run}, 1, pg_temp.proof({run}), pg_temp.login({run}), pg_temp.plan())"
    ),
    "worker: record credentials": (
        "SELECT record_credentials({run}, 1, pg_temp.proof({run}), pg_temp.issued({run}), '[]')"
    ),
    "worker: record calls": (
        "SELECT record_calls({run}, 1, pg_temp.proof({run}), pg_temp.called({run}), '{{}}', '{{}}', pg_temp.outcomes())"
    ),
    "sweeper: stopped runs": "SELECT end_stopped()",
    "sweeper: overdue attempts": "SELECT * FROM lose_attempts(NULL)",
    "sweeper: new events": (
        "SELECT * FROM vault_event WHERE number > (SELECT number FROM event_cursor WHERE reader = 'sweeper')"
        " ORDER BY number LIMIT 1000"
    ),
    "worker: store the result": "SELECT store_triage({run}, 1, pg_temp.proof({run}), pg_temp.found({run}), '[]', '[]')",
    "sweeper: ends to confirm": "SELECT * FROM due_ends(false, 32)",
    "sweeper: ends to try again": "SELECT * FROM due_ends(true, 32)",
    "sweeper: an end's problem": "SELECT note_end_problem({run}, 1, 'bench')",
    "sweeper: oldest problem": "SELECT problem FROM attempt_end ORDER BY since LIMIT 1",
    "sweeper: confirm an end": "SELECT confirm_end({run}, 1, 'run end', ARRAY[{run}::text])",
    "sweeper: runs to queue again": "SELECT requeue_ended()",
    "sweeper: raise an alarm once": "SELECT alarm_once('bench', 'bench', {run}, 1)",
}
#: So often each statement is carried out; the middle one counts.
_TIMES = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """What one statement took: milliseconds, and pages read or written, from memory or not."""

    milliseconds: float
    pages: int


def main() -> None:
    """Measure, and print the report as Markdown; exit status 1 if a statement reads many times more pages than at first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue_depth", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="runs that wait, and runs carried out")
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        options = StackOptions(parts=PROVISIONED, usual_ports=False)
        with (
            LocalStack(Path(folder), options=options) as stack,
            stack.services.database.connect("triage") as database,
        ):
            stages = measure(database, runs=wanted.runs)
    text = report(stages)
    print(text)
    if wanted.out:
        wanted.out.write_text(text, encoding="utf-8")
    sys.exit(1 if grown(stages) else 0)


def measure(database: psycopg.Connection, *, runs: int, few: int = 100) -> dict[str, dict[str, Cost]]:
    """The cost of each statement at each stage. `database`: a superuser's; no process is at work in it."""
    worked_runs.stop_vacuum(database)
    worked_runs.prepare(database)
    worked_runs.add_waiting(database, few)
    worked_runs.carry_out(database, few // 2)
    stages = {f"{few // 2} waiting, {few // 2} done": costs(database)}
    worked_runs.add_waiting(database, runs, day=1)
    stages[f"{runs:,} waiting"] = costs(database)
    worked_runs.carry_out(database, runs)
    stages[f"{runs:,} done"] = costs(database)
    return stages


def costs(database: psycopg.Connection) -> dict[str, Cost]:
    """What each statement costs now."""
    tries = [_once(database) for _ in range(_TIMES)]
    return {
        name: Cost(
            median(each[name].milliseconds for each in tries), int(median(each[name].pages for each in tries))
        )
        for name in STATEMENTS
    }


def _once(database: psycopg.Connection) -> dict[str, Cost]:
    found = {}
    with database.transaction(force_rollback=True):
        (run,) = database.execute(
            "SELECT run_id FROM run WHERE state = 'requested' ORDER BY requested_at DESC LIMIT 1"
        ).fetchone() or (None,)
        for name, statement in STATEMENTS.items():
            query = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement.format(run=f"'{run}'::uuid")
            (((plan,),),) = database.execute(query).fetchall()  # type: ignore[arg-type]  # a text of this file
            counted = plan["Plan"]
            found[name] = Cost(
                plan["Execution Time"], counted["Shared Hit Blocks"] + counted["Shared Read Blocks"]
            )
    return found


def grown(stages: Mapping[str, Mapping[str, Cost]]) -> list[str]:
    """Statements that read many times more pages at a later stage than at the first."""
    first, *later = stages.values()
    return [
        f"{name}: {first[name].pages} to {stage[name].pages} pages"
        for stage in later
        for name in STATEMENTS
        if stage[name].pages > 4 * first[name].pages + 100
    ]


def report(stages: Mapping[str, Mapping[str, Cost]]) -> str:
    """The costs as Markdown."""
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {platform.machine()} without any vacuum; milliseconds / pages.",
        "",
        f"| statement | {' | '.join(stages)} |",
        f"|---|{'---|' * len(stages)}",
    ]
    for name in STATEMENTS:
        cells = (f"{stage[name].milliseconds:.2f} / {stage[name].pages}" for stage in stages.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"**Slow:** {each}" for each in grown(stages))]) + "\n"


if __name__ == "__main__":
    main()
