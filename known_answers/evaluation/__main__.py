"""`python -m known_answers.evaluation`, which `triage evaluate` runs."""

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from app.cli.output import out
from app.cli.text_tables import Column, Kind, show_table
from app.procurement.rules import RULES
from infra.environment import forget_foreign
from infra.local.errors import StackError
from infra.local.interruption import Interruption
from known_answers.evaluation.comparison import Evaluation
from known_answers.evaluation.in_process import evaluate_in_process
from known_answers.evaluation.live import evaluate_live
from known_answers.evaluation.preparation import prepared
from known_answers.scenarios.loader import ScenarioError
from workers.runtime import logs

_MISS, _WRONG_USAGE, _INTERRUPTED = 1, 2, 130
_MOST_GENERATED = 999_999
_PRINTED = "-"


def main() -> None:
    """Evaluate and print. Exit status: 0 all as expected, 1 any miss, 2 invalid scenarios."""
    forget_foreign()
    logs.configure(logging.WARNING)  # on standard error: standard output is for the result
    wanted = _wanted()
    started = time.monotonic()
    try:
        with (
            Interruption(),
            prepared(wanted.folder, generated=wanted.generated, seed=wanted.seed) as scenarios,
            TemporaryDirectory(prefix="triage-evaluate-") as work,
        ):
            result = (evaluate_live if wanted.live else evaluate_in_process)(scenarios, Path(work))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_MISS)
    except ScenarioError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_WRONG_USAGE)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)
    seconds = round(time.monotonic() - started, 1)
    document = json.dumps(
        {**result.as_json(), "live": wanted.live, "seconds": seconds}, indent=2, ensure_ascii=False
    )
    if wanted.json == _PRINTED:
        sys.stdout.write(document + "\n")
    else:
        show(result, how=f"{'live, ' if wanted.live else ''}in {seconds} s")
        if wanted.json:
            Path(wanted.json).write_text(document + "\n", encoding="utf-8")
    sys.exit(_MISS if result.misses else 0)


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="triage evaluate",
        description="Compare the findings with known answers. Exit status: 0 all as expected, 1 any miss,"
        " 2 invalid scenarios.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="scenario files (default: the hand-written ones)"
    )
    parser.add_argument("--generated", type=int, metavar="N", help="N generated actions instead of a folder")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument(
        "--live",
        action="store_true",
        help="through a complete stack, started on free ports and stopped afterwards",
    )
    parser.add_argument(
        "--json",
        nargs="?",
        const=_PRINTED,
        metavar="FILE",
        help="print JSON instead of a table; with FILE print the table, and write the JSON there",
    )
    wanted = parser.parse_args()
    if wanted.generated is not None and not 1 <= wanted.generated <= _MOST_GENERATED:
        parser.error(f"--generated: {wanted.generated} is not between 1 and {_MOST_GENERATED}")
    if wanted.generated is not None and wanted.folder is not None:
        parser.error(f"--generated: cannot be combined with the folder {wanted.folder}")
    if wanted.json and wanted.json != _PRINTED:
        try:
            Path(wanted.json).touch()  # fails before the work, not after it
        except OSError as error:
            parser.error(f"--json: {wanted.json}: {error.strerror}")
        if Path(wanted.json).is_dir():
            parser.error(f"--json: {wanted.json} is a folder")
    return wanted


def show(result: Evaluation, *, how: str) -> None:
    """Print precision, recall and every miss, rule by rule; `how` ends the summary."""
    numbers = (
        Column(heading, Kind.NUMBER) for heading in ("Found", "Missed", "Wrong", "Precision", "Recall")
    )
    scores = ((rule, result.scores[rule.id]) for rule in RULES)
    show_table(
        f"{result.scenarios} scenarios",
        (Column("Rule", Kind.TEXT), *numbers),
        (
            (
                f"{rule.id} {rule.title}",
                *(score.hits, score.missed, score.wrong),
                *("-" if share is None else f"{share:.3f}" for share in (score.precision, score.recall)),
            )
            for rule, score in scores
        ),
    )
    for miss in result.misses:
        out.print(str(miss), markup=False, highlight=False)
    left_out = f"; {result.left_out} that state their own time left out" if result.left_out else ""
    out.print(
        f"{result.as_expected} of {result.scenarios} scenarios as expected, {how}{left_out}.", highlight=False
    )


if __name__ == "__main__":
    main()
