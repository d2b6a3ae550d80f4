"""The scenarios of an evaluation: generated or read, independent of one another, and set to the time they state."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.intake import IntakeError, parse_actions
from app.procurement.action import ProcurementAction
from app.procurement.case_file import CaseFile, NotAMatch
from app.procurement.systems import Source
from known_answers.scenarios.generator import write
from known_answers.scenarios.loader import HAND_WRITTEN, Case, ScenarioError, load_cases
from known_answers.scenarios.lookup import words, words_of
from workers.payloads.exclusions import ExclusionRecord
from workers.tools.debarment import questions

_NAME, _CODES = "exclusionName", ("ueiSAM", "cageCode")
#: A parameter of a search, and a word or code by which it finds a record.
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The folder that the mocks serve (in `cases/`), and each case with its parsed action."""

    folder: Path
    cases: Sequence[tuple[Case, ProcurementAction]]


@contextmanager
def prepared(source: Path | None, *, generated: int | None, seed: int) -> Iterator[Scenarios]:
    """Generated actions, else the files of `source` or of its folder `cases`, else the hand-written scenarios.

    Raises `ScenarioError` for invalid files, and for two that concern the same contract or vendor: all are served at
    the same time.
    """
    with TemporaryDirectory(prefix="triage-scenarios-") as temporary:
        folder = Path(temporary)
        if generated is not None:
            write(folder, actions=generated, seed=seed)
        else:
            given = (source or HAND_WRITTEN).absolute()
            if (given / "cases").is_dir():
                given /= "cases"
            if not given.is_dir():
                raise ScenarioError(f"{given}: not a folder")
            (folder / "cases").symlink_to(given)
        cases = [(case, _action(case)) for case in load_cases(folder / "cases")]
        _require_independent(cases)
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


def _require_independent(cases: Sequence[tuple[Case, ProcurementAction]]) -> None:
    """Raise `ScenarioError` if a search for one scenario finds an exclusion record of another.

    The list of exclusions answers with every record that matches. `load_cases` checks contracts, vendors and lines.
    """
    owners: list[str] = []
    positions: defaultdict[_Key, set[int]] = defaultdict(set)
    for case, _ in cases:
        for row in case.rows("debarment"):
            identification = row["exclusionIdentification"]
            for key in (
                *((_NAME, word) for word in words_of(row)),
                *((code, identification.get(code) or "") for code in _CODES),
            ):
                positions[key].add(len(owners))
            owners.append(case.slug)
    for case, action in cases:
        for question in questions(action):
            others = {owners[position] for position in _found(question, positions)} - {case.slug}
            if others:
                search = ", ".join(f"{name} {value!r}" for name, value in question.items())
                raise ScenarioError(
                    f"{case.slug}.json: action.vendors: a search by {search} finds an exclusion record"
                    f" of {min(others)}.json"
                )


def _found(question: Mapping[str, str], positions: Mapping[_Key, set[int]]) -> Iterator[int]:
    """The records that a search finds: by all words of a name, or by any of the codes."""
    for name, value in question.items():
        if name == _NAME:
            matches = [positions.get((name, word), set()) for word in words(value)]
            yield from set.intersection(*matches) if matches else ()
        else:
            for code in value.strip("[]").split("~"):
                yield from positions.get((name, code), ())


def at_stated_time(case: CaseFile, document: Mapping[str, Any]) -> CaseFile:
    """The case with the time and the earlier decisions that its scenario file states, if any."""
    case = replace(case, decisions=tuple(map(_decision, document.get("decided", ()))))
    look = document.get("look")
    if look is None:
        return case
    at, pulled = look["at"], look.get("pulled", {})
    unasked = frozenset(map(Source, look.get("not_asked", ())))
    return replace(
        case,
        as_of=datetime.fromisoformat(at),
        unasked=unasked,
        evidence=tuple(
            replace(item, pulled_at=datetime.fromisoformat(pulled.get(item.source.value, at)))
            for item in case.evidence
            if item.source not in unasked
        ),
    )


def without_stated_time(scenarios: Scenarios) -> Scenarios:
    """The scenarios whose answer does not depend on when the run is made."""
    kept = [
        (case, action)
        for case, action in scenarios.cases
        if not {"look", "decided"} & {field for field, value in case.document.items() if value}
    ]
    return replace(scenarios, cases=kept)


def _decision(row: Mapping[str, Any]) -> NotAMatch:
    return NotAMatch(
        uei=row["uei"],
        record=ExclusionRecord.model_validate(row["record"]).to_fact(),
        expires=date.fromisoformat(row["expires"]),
    )
