"""`python -m infra.evaluation`: what `triage evaluate` becomes."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from app.domain.rules import RULES
from app.intake import IntakeError, parse_actions
from infra.evaluation.comparison import Evaluation, Truth
from infra.evaluation.in_process import interview
from infra.evaluation.live import evaluate_stack
from infra.local.errors import StackError
from infra.local.state import Layout, state_folder
from mocks.scenarios.generator import write
from mocks.scenarios.loader import HAND_WRITTEN, ScenarioError, load_cases

_MISS, _WRONG_USAGE = 1, 2
_SHOWN = 40


def main() -> None:
    """Evaluate, print, and end with 0 when all is as expected, 1 on any miss, 2 for scenarios that do not fit."""
    parser = argparse.ArgumentParser(
        prog="triage evaluate", description="Hold the checks against known answers."
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="scenario files (default: the hand-written ones)"
    )
    parser.add_argument("--generated", type=int, metavar="N", help="N generated actions instead of a folder")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument(
        "--live", action="store_true", help="through the stack running here, with its scenarios"
    )
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    wanted = parser.parse_args()
    if wanted.generated is not None and wanted.generated < 1:
        parser.error(f"--generated: {wanted.generated} is not a positive number")
    if wanted.live and (wanted.folder is not None or wanted.generated is not None):
        parser.error("--live: the running stack's own scenarios are used, so name no others")
    try:
        if wanted.live:
            result = evaluate_stack(Layout(state_folder()))
        else:
            with _scenarios(wanted) as folder:
                result = evaluate_folder(folder)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_MISS)
    except (ScenarioError, IntakeError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_WRONG_USAGE)
    show(result)
    if wanted.json:
        wanted.json.write_text(json.dumps(result.as_json(), indent=2) + "\n", encoding="utf-8")
    sys.exit(_MISS if result.misses else 0)


def evaluate_folder(folder: Path) -> Evaluation:
    """Every scenario in `folder/cases` through the real tools and rules. Raises `ScenarioError` or `IntakeError`."""
    cases = load_cases(folder / "cases")
    result = Evaluation()
    with TemporaryDirectory() as work, interview(folder, Path(work)) as evaluator:
        for case in cases:
            (action,) = parse_actions(json.dumps(case.document["action"]))
            result.add(Truth.of(case.slug, case.document), evaluator.findings(action))
    return result


@contextmanager
def _scenarios(wanted: argparse.Namespace) -> Iterator[Path]:
    """A folder with `cases/` in it, whatever was asked for."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        if wanted.generated is not None:
            write(folder, actions=wanted.generated, seed=wanted.seed)
        else:
            source = (wanted.folder or HAND_WRITTEN).absolute()
            if (source / "cases").is_dir():
                source /= "cases"
            if not source.is_dir():
                raise ScenarioError(f"{source}: not a folder")
            (folder / "cases").symlink_to(source)
        yield folder


def show(result: Evaluation) -> None:
    """Print precision, recall and misses."""
    screen = Console(soft_wrap=True)
    table = Table(title=f"{result.scenarios} scenarios", title_justify="left")
    table.add_column("Rule")
    for heading in ("found", "missed", "wrong", "precision", "recall"):
        table.add_column(heading, justify="right")
    for rule in RULES:
        score = result.scores[rule.id]
        table.add_row(
            f"{rule.id} {rule.title}",
            *map(str, (score.hits, score.missed, score.wrong)),
            *("-" if share is None else f"{share:.3f}" for share in (score.precision, score.recall)),
        )
    screen.print(table)
    for miss in result.misses[:_SHOWN]:
        screen.print(miss, markup=False, highlight=False)
    if len(result.misses) > _SHOWN:
        screen.print(f"… and {len(result.misses) - _SHOWN} more; --json has all of them")
    screen.print("All as expected." if not result.misses else f"{len(result.misses)} misses.")


if __name__ == "__main__":
    main()
