"""`python -m benchmarks`: what fresh credentials cost, beside the same pipeline with static keys, in interleaved rounds."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from benchmarks import cost_figures, cost_tables
from benchmarks.cost import Wanted, measure
from infra.environment import forget_foreign
from infra.local.errors import StackError
from infra.local.interruption import Interruption
from infra.local.options import VaultStorage
from workers.runtime.run_session import IntroductionError
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

#: Exit status if something disturbed the measurement, so that no ratio is printed.
DISTURBED = 3
_WIDTH = 130
#: Runs of a round: two processes share those of the vault operations alone.
_FEWEST = 2
_FAILURES = (
    *(StackError, RuntimeError, OSError, psycopg.Error, SQLAlchemyError, httpx.HTTPError),
    *(IntroductionError, VaultRefusedError, VaultUnavailableError),
)


def main() -> None:
    """Measure, print beside the last report, and with `--json` or `--keep` write; exit status 1 if nothing was measured."""
    parser = _parser()
    given = parser.parse_args()
    if given.runs < _FEWEST or min(given.rounds, given.concurrency, given.seconds) <= 0 or given.latency < 0:
        parser.error(f"--runs must be {_FEWEST} at least; --rounds, --concurrency and --seconds more than 0")
    try:
        before = cost_figures.read(given.compare) if given.compare else cost_figures.newest()
    except (OSError, ValueError) as error:
        parser.error(f"--compare: {error}")
    forget_foreign()
    figures = _measured(given)
    cost_tables.show(figures, before, Console(width=max(Console().width, _WIDTH)))
    if given.json:
        cost_figures.write(figures, given.json)
    if given.keep:
        print(f"kept in benchmarks/results/{cost_figures.keep(figures).name}")
    sys.exit(DISTURBED if figures["disturbances"] else 0)


def _measured(given: argparse.Namespace) -> dict[str, Any]:
    wanted = Wanted(
        storages=tuple(VaultStorage) if given.storage == "both" else (VaultStorage(given.storage),),
        runs=given.runs,
        rounds=given.rounds,
        concurrency=given.concurrency,
        latency=given.latency,
        seconds=given.seconds,
        seed=given.seed,
    )
    with Interruption() as interruption:
        try:
            with TemporaryDirectory(prefix="triage-benchmark-") as folder:
                return measure(Path(folder), wanted, say=_say, stopping=lambda _: interruption.settle())
        except KeyboardInterrupt:
            sys.exit("not measured: interrupted")
        except _FAILURES as error:
            sys.exit(f"not measured: {error}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    usual = Wanted()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"Exit status {DISTURBED}: the machine was busy or the rounds lie apart, so ratios are left out.",
    )
    parser.add_argument(
        "--storage", choices=(*VaultStorage, "both"), default="both", help="where the vault keeps its data"
    )
    parser.add_argument("--runs", type=int, default=usual.runs, help="runs in each round")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="rounds of each mode, alternating")
    parser.add_argument("--concurrency", type=int, default=usual.concurrency, help="worker processes")
    parser.add_argument(
        "--latency", type=int, default=usual.latency, help="milliseconds each HTTP tool takes to answer"
    )
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="of requests at each load")
    parser.add_argument("--seed", type=int, default=usual.seed, help="chooses when requests arrive")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the report to this file")
    parser.add_argument(
        "--keep", action="store_true", help="also keep it in benchmarks/results/, by date and commit"
    )
    parser.add_argument(
        "--compare", type=Path, metavar="FILE", help="the earlier report (default: the newest that is kept)"
    )
    return parser


if __name__ == "__main__":
    main()
