"""`python -m benchmarks.static_exposure`: the same runs with static keys and with the pattern, and a thief after each half.

The thief takes the key file of the one, and what the worker of the other held in memory, and tries all of it at its own systems right
after the last run. The stack is in a folder that no other user enters: its processes share the user of this command.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from app.procurement.labels import lasting
from app.review.measured_exposure import MeasuredExposure, MeasuredHalf
from benchmarks.robbed_halves import measure
from infra.environment import forget_foreign
from infra.local.errors import StackError
from infra.local.interruption import Interruption
from workers.runtime.run_session import IntroductionError
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

#: Runs that end before the stand-ins of static keys do.
_MOST = 400
_FAILURES = (
    *(StackError, RuntimeError, OSError, psycopg.Error, SQLAlchemyError, httpx.HTTPError),
    *(IntroductionError, VaultRefusedError, VaultUnavailableError),
)
_WIDTH = 150
_ROWS = (
    "seconds",
    "credentials",
    "stolen",
    "accepted after the last run",
    "systems that accept them",
    "rights",
    "longest life",
    "last one dead",
    "credential-seconds at risk until the theft",
    "the same to the end",
)


def main() -> None:
    """Measure and print; exit status 1 with one sentence if nothing was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.static_exposure", description=__doc__)
    parser.add_argument("--runs", type=int, default=40, help=f"runs in each half, {_MOST} at most")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    wanted = parser.parse_args()
    if not 1 <= wanted.runs <= _MOST:
        sys.exit(f"not measured: --runs is {wanted.runs}, not a number from 1 to {_MOST}")
    forget_foreign()
    with Interruption() as interruption:
        try:
            with TemporaryDirectory(prefix="triage-exposure-") as folder:
                found = measure(
                    Path(folder), runs=wanted.runs, say=_say, stopping=lambda _: interruption.settle()
                )
        except KeyboardInterrupt:
            sys.exit("not measured: interrupted")
        except _FAILURES as error:
            sys.exit(f"not measured: {_sentence(error)}")
    print(found.as_json()) if wanted.json else _show(found)


def _sentence(error: Exception) -> str:
    """What failed and, where the end of a log follows, its last line."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return ": ".join(dict.fromkeys((lines[0], lines[-1])))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show(measured: MeasuredExposure) -> None:
    table = Table("", title=f"{measured.runs} runs twice, and a thief after each half", title_justify="left")
    for name in ("static keys", "one credential for each run and system"):
        table.add_column(name, justify="right")
    halves = (measured.static_keys, measured.short_lived)
    for name, *cells in zip(_ROWS, *map(_cells, halves), strict=True):
        table.add_row(name, *cells)
    Console(width=max(Console().width, _WIDTH)).print(table)


def _cells(half: MeasuredHalf) -> tuple[str, ...]:
    whole = half.seconds_at_risk_to_the_end
    return (
        f"{half.seconds:.1f}",
        str(half.credentials),
        str(half.stolen),
        str(half.accepted),
        ", ".join(half.reachable) or "none",
        ", ".join(half.reachable.values()) or "none",
        lasting(half.life),
        "when replaced" if half.end is None else f"{lasting(half.end)} later",
        f"{half.seconds_at_risk:,.0f}",
        "without end" if whole is None else f"{whole:,.0f}",
    )


if __name__ == "__main__":
    main()
