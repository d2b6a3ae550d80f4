"""`python -m benchmarks.containment`: the time from a person's stop to a refusal seen at each tool.

A worker that keeps hold of its credentials hands them over; each is tried at its tool, as a thief would, until it is
refused. A credential that is never refused counts as one that took for ever.
"""

import argparse
import json
import math
import shutil
import sys
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from app import usecases
from app.connections.database import Sessions, connect, sessions
from app.settings import Settings
from benchmarks.holding_worker import HANDOVER
from benchmarks.thieves import Thieves
from infra.local.options import SERVICES, StackOptions
from infra.local.stack import LocalStack
from workers.runtime.worker import command as worker_command

#: Runs in hand at a time, and as many waiting behind them.
IN_HAND, QUEUED = 6, 12
#: Seconds after which a credential that is still accepted counts as never refused; a signed token after its expiry.
_LONGEST, _LEEWAY = 30.0, 10.0
_POLL = 0.01
_CREDENTIALS = 6
SIGNED = "signed-token"
#: The kinds, in the order of the report.
KINDS = ("run-token", "api-key", "database-user", SIGNED)


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: seconds until each credential was refused, by kind; the expiry of signed tokens, with their secrets."""

    seconds: Mapping[str, list[float]]
    signed: list[tuple[str, str, float, float]]
    """Tool, secret, time of the stop and expiry, both in seconds since the epoch."""
    confirmed: float
    """Seconds until the sweeper had confirmed the end."""


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
    with LocalStack(folder / "home", options=options) as stack, _database(stack) as database:
        for part in ("dispatcher", "sweeper"):
            stack.process_table.start(stack.services.background(part), lambda _: True)
        _start_worker(stack, handover)
        inbox = (stack.layout.scenarios / "inbox.json").read_text(encoding="utf-8")
        actions, _ = usecases.submit(database, inbox)
        following = cycle(actions)
        usecases.request_runs(
            database, [next(following) for _ in range(IN_HAND + QUEUED)], requested_by="benchmark"
        )
        with Thieves(stack) as thieves:
            done = []
            for _ in range(stops):
                done.append(_stop_one(database, thieves, handover))
                usecases.request_runs(database, [next(following)], requested_by="benchmark")
            return _figures(done, _signed(thieves, done, until_expiry=until_expiry))


@contextmanager
def _database(stack: LocalStack) -> Iterator[Sessions]:
    told = stack.environment("web")
    engine = connect(
        Settings(
            database_url=told["DATABASE_URL"], database_password_file=Path(told["DATABASE_PASSWORD_FILE"])
        ),
        pool_size=2,
    )
    yield sessions(engine)
    engine.dispose()


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


def _stop_one(database: Sessions, thieves: Thieves, handover: Path) -> Stop:
    run_id, held = _in_hand(handover)
    opened = {name: thieves.hold(name, credential) for name, credential in held.items()}
    began, at = time.monotonic(), time.time()
    usecases.stop_run(database, run_id, requested_by="benchmark")
    leased = {name: accepted for name, accepted in opened.items() if held[name]["kind"] != SIGNED}
    with ThreadPoolExecutor(len(leased) + 1) as threads:
        waits = {
            name: threads.submit(_seconds_until_refused, accepted, began) for name, accepted in leased.items()
        }
        confirmed = threads.submit(
            _seconds_until_refused, lambda: not thieves.is_confirmed(run_id), began
        ).result()
        seconds: dict[str, list[float]] = {}
        for name, wait in waits.items():
            seconds.setdefault(held[name]["kind"], []).append(wait.result())
    thieves.let_go()
    shutil.rmtree(handover / str(run_id))
    signed = [
        (name, each["secret"], at, expiry_of(each["secret"]))
        for name, each in held.items()
        if each["kind"] == SIGNED
    ]
    return Stop(seconds, signed, confirmed)


def _in_hand(handover: Path) -> tuple[UUID, dict[str, dict[str, Any]]]:
    """A run whose worker holds its token and all its credentials."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for folder in sorted(handover.iterdir(), key=lambda path: path.stat().st_ctime):
            names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
            if len(names) == _CREDENTIALS:
                return UUID(folder.name), {name: json.loads((folder / name).read_text()) for name in names}
        time.sleep(_POLL)
    raise TimeoutError("no run is in the hands of the worker")


def _seconds_until_refused(accepted: Any, began: float) -> float:
    while accepted():
        if time.monotonic() - began > _LONGEST:
            return math.inf
        time.sleep(_POLL)
    return time.monotonic() - began


def expiry_of(signed_token: str) -> float:
    """When a signed token expires by its own word, in seconds since the epoch."""
    part = signed_token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return float(claims["exp"])


def _signed(thieves: Thieves, stops: list[Stop], *, until_expiry: bool) -> list[float]:
    """Seconds from each stop to the expiry of a signed token; `inf` for one that was accepted after it."""
    found = []
    for tool, secret, at, expiry in (each for stop in stops for each in stop.signed):
        if until_expiry:
            time.sleep(max(0.0, expiry + _LEEWAY - time.time()))
            accepted = thieves.hold(tool, {"kind": SIGNED, "secret": secret})()
            found.append(math.inf if accepted else expiry - at)
        else:
            found.append(expiry - at)
    return found


def _figures(stops: list[Stop], signed: list[float]) -> dict[str, Any]:
    seconds = {kind: [value for stop in stops for value in stop.seconds.get(kind, ())] for kind in KINDS[:-1]}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "stops": len(stops),
        "in_hand": IN_HAND,
        "queued": QUEUED,
        "kinds": {kind: _row(values) for kind, values in {**seconds, SIGNED: signed}.items()},
        "confirmed": _row([stop.confirmed for stop in stops]),
    }


def _row(values: list[float]) -> dict[str, Any]:
    """Nearest rank, so that what never ended takes its place in each percentile."""
    ranked = sorted(values)

    def at(share: float) -> float | None:
        value = ranked[max(0, math.ceil(share * len(ranked)) - 1)]
        return None if math.isinf(value) else round(value, 3)

    return {
        "number": len(ranked),
        "p50": at(0.5),
        "p95": at(0.95),
        "max": at(1.0),
        "never": sum(map(math.isinf, ranked)),
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
