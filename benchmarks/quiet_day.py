"""`python -m benchmarks.quiet_day`: a day's runs with kills, an outage and rotated logs, and nobody is accused.

At the end one use of a made-up credential is planted: a day on which no alarm could sound would be quiet too.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from secrets import token_urlsafe
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx

from app import usecases
from app.reconciliation.leftover_kinds import USED_ONLY
from benchmarks.aftermath import OPEN_ENDS, OPEN_RUNS, count, found, is_clean, rows
from benchmarks.campaign import killable_stack, report, wait_for_none
from benchmarks.incidents import INCIDENTS
from benchmarks.kills import Killer
from benchmarks.lag import lags_of, spread
from benchmarks.work import submitted
from infra.local.stack import LocalStack

#: Seconds between two looks at the work.
_APART = (0.2, 1.2)
#: Seconds of work at most, for the last runs to end, for all ends to be confirmed, and for the reconciler to catch up.
_LONGEST, _FINISHED, _CONFIRMED, _CAUGHT_UP = 900.0, 120.0, 120.0, 60.0
#: Runs that wait or are in hand while there are more to come.
_WAITING = 20
_NOW = "SELECT clock_timestamp() AS at"
_BEHIND = "SELECT count(*) AS n FROM log_source WHERE read_until IS NULL OR read_until < '{}'"
_ALARMS = (
    "SELECT kind, detail, run_id FROM alarm WHERE NOT (kind = %s AND strpos(detail, %s) > 0) ORDER BY 1, 2"
)
_PLANTED = "SELECT FROM alarm WHERE kind = %s AND strpos(detail, %s) > 0"
#: What the alarm of the planted use says.
_PLANTED_AT = "was refused at contracts"
#: One in so many runs comes before the first kill, and shows the lag of ordinary work, by so many looks at least.
_UNDISTURBED, _SEEN = 4, 4
#: Live lag in ordinary work that 95 of 100 looks may find at most, in seconds.
_LAG_LIMIT = 5.0


def main() -> None:
    """Have a day and print its report as Markdown; exit status 1 unless it was quiet and in time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quiet_day", description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--kills", type=int, default=40, help="spread over the runs; more runs if need be")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = day(Path(folder), runs=wanted.runs, kills=wanted.kills, seed=wanted.seed)
    print(*(f"alarm: {each}" for each in figures["alarms raised"]), sep="\n", file=sys.stderr)
    text = report(figures, title="Quiet day", command="python -m benchmarks.quiet_day")
    print(text)
    if wanted.out:
        wanted.out.write_text(text, encoding="utf-8")
    sys.exit(
        0 if is_quiet(figures) and figures["seconds of lag in ordinary work"]["p95"] <= _LAG_LIMIT else 1
    )


def day(folder: Path, *, runs: int, kills: int, seed: int) -> dict[str, Any]:
    """Have a new stack do so many runs, then with so many kills and every incident once; the figures."""
    with killable_stack(folder) as stack:
        random = Random(seed)  # noqa: S311  # it chooses what dies
        killer = Killer(stack, random)
        since = rows(stack, _NOW)[0]["at"]
        with submitted(stack) as (database, actions), lags_of(stack) as lags:
            following, run_ids, met, began = cycle(actions), list[UUID](), list[str](), time.monotonic()
            undisturbed, ordinary = runs // _UNDISTURBED + _WAITING, 0
            while (
                len(run_ids) < runs or killer.killed.total() < kills or len(met) < len(INCIDENTS)
            ) and time.monotonic() < began + _LONGEST:
                if count(stack, OPEN_RUNS) < _WAITING:
                    run_ids += usecases.request_runs(
                        database, [*islice(following, _WAITING)], requested_by="day"
                    )
                time.sleep(random.uniform(*_APART))
                if len(run_ids) < undisturbed or len(lags) < _SEEN:
                    ordinary = len(lags)
                elif killer.killed.total() * (runs - undisturbed) < kills * (len(run_ids) - undisturbed):
                    killer.kill_one()
                # They are spread over the kills that must be.
                for incident in INCIDENTS[len(met) : len(INCIDENTS) * killer.killed.total() // kills]:
                    incident(stack)
                    met.append(incident.__name__)
            wait_for_none(stack, OPEN_RUNS, seconds=_FINISHED)
        wait_for_none(stack, OPEN_ENDS, seconds=_CONFIRMED)
        wait_for_none(stack, _BEHIND.format(until := rows(stack, _NOW)[0]["at"]), seconds=_CAUGHT_UP)
        left = found(stack, len(run_ids))
        compared = _reconciled(stack, since, until)
        alarmed_after = _plant(stack)
        return {
            "seed": seed,
            "runs": len(run_ids),
            "kills": dict(killer.killed),
            "incidents": met,
            **left,
            **compared,
            "alarms raised": rows(stack, _ALARMS, USED_ONLY, _PLANTED_AT),
            "seconds to the alarm of a planted use": alarmed_after,
            "seconds of lag in ordinary work": spread(lags[:ordinary]),
            "seconds of lag under kills": spread(lags[ordinary:]),
        }


def is_quiet(figures: dict[str, Any]) -> bool:
    """Whether nothing was lost or accused, every side agreed, and a planted use was found."""
    accused = figures["alarms raised"] or figures["unexplained leftovers"]
    found_one = figures["seconds to the alarm of a planted use"] is not None
    is_proven = figures["verdict"] == "pass" or figures["missing premises"]
    return (
        is_clean(figures) and not accused and found_one and figures["verdict"] != "fail" and bool(is_proven)
    )


def _reconciled(stack: LocalStack, since: datetime, until: datetime) -> dict[str, Any]:
    """What `triage reconcile` says of the day."""
    times = ("--since", since.isoformat(), "--until", until.isoformat())
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "reconcile", "--json", *times],
        env=stack.environment("cli"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    try:
        said = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(done.stdout + done.stderr) from None
    explained = [each for each in said["leftovers"] if each["explanation"] is not None]
    return {
        "verdict": said["verdict"],
        "missing premises": said["missing"],
        "credentials issued": said["issued"],
        "credentials used": said["used"],
        "credentials recorded": said["recorded"],
        "explained leftovers": dict(Counter(f"{each['kind']}: {each['explanation']}" for each in explained)),
        "unexplained leftovers": [each for each in said["leftovers"] if each not in explained],
    }


def _plant(stack: LocalStack) -> float | None:
    """Use a made-up key, and wait for the alarm; the seconds that it took, or None if there was none."""
    began = time.monotonic()
    address = f"{stack.endpoints['contracts']}/contract-awards/v1/search?piid=x"
    httpx.get(address, headers={"X-Api-Key": token_urlsafe()}, trust_env=False, timeout=10)
    while time.monotonic() < began + _CAUGHT_UP:
        if rows(stack, _PLANTED, USED_ONLY, _PLANTED_AT):
            return round(time.monotonic() - began, 1)
        time.sleep(0.1)
    return None


if __name__ == "__main__":
    main()
