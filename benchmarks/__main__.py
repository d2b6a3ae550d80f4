"""`python -m benchmarks`: what fresh credentials cost, beside the same pipeline with static keys, in interleaved rounds."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks import cost_figures, cost_tables
from benchmarks.cost import Wanted, measure
from infra.environment import forget_foreign
from infra.local.errors import StackError
from infra.local.options import VaultStorage

#: Exit status if something disturbed the measurement, so that no ratio is printed.
DISTURBED = 3
_WIDTH = 130


def main() -> None:
    """Measure, print beside the last report, and with `--json` or `--keep` write."""
    parser = _parser()
    wanted = parser.parse_args()
    try:
        before = cost_figures.read(wanted.compare) if wanted.compare else cost_figures.newest()
    except (OSError, ValueError) as error:
        parser.error(f"--compare: {error}")
    forget_foreign()
    storages = tuple(VaultStorage) if wanted.storage == "both" else (VaultStorage(wanted.storage),)
    with TemporaryDirectory(prefix="triage-benchmark-") as folder:
        try:
            figures = measure(
                Path(folder),
                Wanted(
                    storages=storages,
                    runs=wanted.runs,
                    rounds=wanted.rounds,
                    concurrency=wanted.concurrency,
                    latency=wanted.latency,
                    seconds=wanted.seconds,
                    seed=wanted.seed,
                ),
                say=lambda text: print(text, file=sys.stderr, flush=True),
            )
        except (StackError, RuntimeError, TimeoutError) as error:
            sys.exit(f"not measured: {error}")
    cost_tables.show(figures, before, Console(width=max(Console().width, _WIDTH)))
    if wanted.json:
        cost_figures.write(figures, wanted.json)
    if wanted.keep:
        print(f"kept in benchmarks/results/{cost_figures.keep(figures).name}")
    sys.exit(DISTURBED if figures["disturbances"] else 0)


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
