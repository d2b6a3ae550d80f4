"""`python -m benchmarks.faults`: kills and faults of every server under two thousand runs, and what they left behind.

Which kills, which faults and for how long is chosen by the seed. What the vault issued is taken from its own log.
"""

import argparse
import re
import sys
import time
from collections import Counter
from itertools import cycle, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from app import usecases
from app.connections.database import Sessions
from benchmarks.aftermath import OPEN_ENDS, OPEN_RUNS, count, found, is_clean
from benchmarks.campaign import report, wait_for_none
from benchmarks.disturbances import Disturber
from benchmarks.kills import Killer
from benchmarks.proxied_stack import ProxiedStack, proxied_stack
from benchmarks.vault_lines import given
from benchmarks.work import submitted
from infra.local.stack import LocalStack

#: Shorter than usual, so that the runs of a killed worker, and of a tool that hangs, go on soon.
ENVIRONMENT = {
    "ATTEMPT_LEASE": "12",
    "RUN_DEADLINE": "10",
    "TOOL_DEADLINE": "3",
    "TOOL_TIMEOUT": "1",
    "MAX_ATTEMPTS": "20",
}
#: Of which half have threads, and half a process for each run.
_WORKERS, _CONCURRENCY = 4, 2
#: Runs that wait or are in hand while there are more to come.
_WAITING = 60
#: Seconds between two faults or kills, at least and at most; and the share that are kills, alone or during a fault.
_APART, _KILLS, _BOTH = (0.1, 0.6), 0.3, 0.3
#: Seconds of the campaign at most, for the last runs to end, and for all leased credentials to be dead.
_LONGEST, _FINISHED, _DEAD = 1800.0, 180.0, 60.0
#: Seconds after which no signed token may be accepted any more.
_EXPIRED = 180.0
#: Characters of a line of a process that ended.
_SHOWN = 400
_LAST_RESORT = re.compile(r"raised unexpected: (?P<task>\w+)|a round of [^\"]* failed \((?P<round>\w+)\)")
#: Alarms that say what happened; all others would be about a theft that did not.
_TRUE = {"clock differs", "end not confirmed", "database user without a lease"}


def main() -> None:
    """Run a campaign and print its report as Markdown; exit status 1 unless it was clean."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--disturbances", type=int, default=250, help="faults and kills at least")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = campaign(Path(folder), runs=wanted.runs, disturbances=wanted.disturbances, seed=wanted.seed)
    faults = figures.pop("faults")
    text = report(figures, title="Campaign of faults", command="make campaign") + _table(faults)
    print(text)
    for name in ("processes that ended by themselves", "alive", "users of the ledger left"):
        for each in figures[name]:
            print(f"{name}: {each}", file=sys.stderr)
    if wanted.out:
        wanted.out.write_text(text, encoding="utf-8")
    sys.exit(0 if is_unharmed(figures) else 1)


def campaign(folder: Path, *, runs: int, disturbances: int, seed: int) -> dict[str, Any]:
    """Disturb a new stack until so many runs were requested, and so many faults and kills were done; the figures."""
    with proxied_stack(
        folder, environment=ENVIRONMENT, workers=_WORKERS, concurrency=_CONCURRENCY, seed=seed
    ) as proxied:
        random = Random(seed)  # noqa: S311  # it chooses what fails
        trouble = _Trouble(proxied, random)
        began = time.monotonic()
        with submitted(proxied.stack) as (database, actions):
            following, requested = cycle(actions), 0
            while requested < runs or trouble.number < disturbances:
                if time.monotonic() > began + _LONGEST:
                    break
                if (missing := _WAITING - count(proxied.stack, OPEN_RUNS)) > 0:
                    requested += len(_requested(database, list(islice(following, missing))))
                time.sleep(random.uniform(*_APART))
                trouble.make_some()
        wait_for_none(proxied.stack, OPEN_RUNS, seconds=_FINISHED)
        trouble.note_ended()
        seconds, ended = time.monotonic() - began, time.time()
        wait_for_none(proxied.stack, OPEN_ENDS, seconds=_DEAD)
        trouble.note_ended()
        return {
            "seed": seed,
            "runs": requested,
            "seconds": round(seconds, 1),
            "kills": dict(trouble.killer.killed),
            "faults inflicted": trouble.disturber.met.total(),
            "faults": trouble.disturber.met,
            "processes that ended by themselves": trouble.ended,
            "errors that no code takes, in logs": dict(_unexpected(proxied.stack.layout.logs)),
            **_left(proxied.stack, requested, ended),
        }


class _Trouble:
    """Kills and faults, apart or together."""

    def __init__(self, proxied: ProxiedStack, random: Random) -> None:
        self._stack, self._random = proxied.stack, random
        names = [f"worker-{number}" for number in range(1, _WORKERS + 1)]
        self.killer = Killer(proxied.stack, random, workers=names)
        self.disturber = Disturber(proxied, random)
        self.ended: list[str] = []

    @property
    def number(self) -> int:
        return self.killer.killed.total() + self.disturber.met.total()

    def make_some(self) -> None:
        self.note_ended()
        if self._random.random() < _KILLS:
            self.killer.kill_one()
        elif self._random.random() < _BOTH:
            self.disturber.disturb_one(self._kill_worker)
        else:
            self.disturber.disturb_one(lambda: None)

    def _kill_worker(self) -> None:
        self.killer.killed["worker"] += self.killer.kill_worker()

    def note_ended(self) -> None:
        """Note which processes ended though nobody killed them, and start them again."""
        for child in self._stack.process_table.ended():
            last = " / ".join(line[:_SHOWN] for line in child.last_lines()[-3:])
            self.ended.append(f"{child.command.name} with status {child.exit_status()}: {last}")
            self._stack.process_table.revive(child.command.name)


def _requested(database: Sessions, actions: list[str]) -> list[UUID]:
    return usecases.request_runs(database, actions, requested_by="campaign")


def _left(stack: LocalStack, runs: int, ended: float) -> dict[str, Any]:
    figures = found(stack, runs)
    alarms = Counter({kind: number for kind, number in figures["alarms"].items() if kind not in _TRUE})
    return figures | {
        "false alarms": dict(alarms),
        "seconds until the last signed token expired": round(
            given(stack.layout.audit_log).signed_until - ended
        ),
    }


def _unexpected(logs: Path) -> Counter[str]:
    """The classes of errors that ended an attempt or a round, and that only a last resort took."""
    return Counter(
        found["task"] or found["round"]
        for log in logs.glob("*.log")
        for found in _LAST_RESORT.finditer(log.read_text(errors="replace"))
    )


def _table(faults: Counter[str]) -> str:
    by_server: dict[str, list[str]] = {}
    for name, number in sorted(faults.items()):
        server, _, fault = name.partition(": ")
        by_server.setdefault(server, []).append(f"{fault} {number}")
    rows = "\n".join(f"| {server} | {', '.join(met)} |" for server, met in by_server.items())
    return f"\n| server | faults, and how often |\n|---|---|\n{rows}\n"


def is_unharmed(figures: dict[str, Any]) -> bool:
    """Whether nothing was lost, done twice or left alive, nobody was accused, and no process ended by itself."""
    in_time = figures["seconds until the last signed token expired"] <= _EXPIRED
    accused = figures["false alarms"] or figures["processes that ended by themselves"]
    return is_clean(figures) and in_time and not accused


if __name__ == "__main__":
    main()
