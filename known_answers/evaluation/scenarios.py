"""The scenarios to be evaluated: found or generated, read, and independent of one another."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app.intake import IntakeError, parse_actions
from app.procurement.action import ProcurementAction
from known_answers.evaluation.apart import stay_apart
from known_answers.scenarios.generator import write
from known_answers.scenarios.loader import HAND_WRITTEN, Case, ScenarioError, load_cases


@dataclass(frozen=True, slots=True)
class Scenarios:
    """What the systems serve, which is `folder/cases`, and each case with its action as the application takes it."""

    folder: Path
    cases: Sequence[tuple[Case, ProcurementAction]]


@contextmanager
def prepared(source: Path | None, *, generated: int | None, seed: int) -> Iterator[Scenarios]:
    """Generated actions, else the files of `source` or of its folder `cases`, else the hand-written scenarios.

    Raises `ScenarioError` for files that do not fit, or that do not fit together: all are served at the same time, so
    none may be about what another one is about.
    """
    with TemporaryDirectory(prefix="triage-scenarios-") as made:
        folder = Path(made)
        if generated is not None:
            write(folder, actions=generated, seed=seed)
        else:
            named = (source or HAND_WRITTEN).absolute()
            if (named / "cases").is_dir():
                named /= "cases"
            if not named.is_dir():
                raise ScenarioError(f"{named}: not a folder")
            (folder / "cases").symlink_to(named)
        cases = [(case, _action(case)) for case in load_cases(folder / "cases")]
        stay_apart(cases)
        yield Scenarios(folder, cases)


def _action(case: Case) -> ProcurementAction:
    try:
        (action,) = parse_actions(json.dumps(case.document["action"]))
    except IntakeError as error:
        lines = (
            f"{case.slug}.json: action.{problem.removeprefix('actions[0].')}" for problem in error.problems
        )
        raise ScenarioError("\n".join(lines)) from None
    return action
