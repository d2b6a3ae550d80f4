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
from app.procurement.vendor_facts import Exclusion
from known_answers.scenarios.generator import write
from known_answers.scenarios.loader import HAND_WRITTEN, Case, ScenarioError, load_cases
from known_answers.scenarios.lookup import words_of
from workers.payloads.exclusions import ExclusionRecord
from workers.payloads.rows import read_row
from workers.search_words import telling
from workers.tools.debarment import stated_codes

_CODES = ("ueiSAM", "cageCode")


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
    """Raise `ScenarioError` if an exclusion record of one scenario would concern a vendor of another.

    The list of exclusions answers with every record that matches. `load_cases` checks contracts, vendors and lines.
    """
    by_code: defaultdict[str, set[str]] = defaultdict(set)
    by_word: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for case, _ in cases:
        for place, row in enumerate(case.rows("debarment")):
            for code in _CODES:
                by_code[row["exclusionIdentification"].get(code) or ""].add(case.slug)
            for word in words_of(row):
                by_word[word].add((case.slug, place))
    for case, action in cases:
        for code in frozenset[str]().union(*stated_codes(action)):
            _require_own(case, f"the identifier {code} is", by_code.get(code, set()))
        for vendor in action.vendors:
            with_each = [by_word.get(word, set()) for word in telling(vendor.name)]
            slugs = (
                {slug for slug, _ in set[tuple[str, int]].intersection(*with_each)} if with_each else set()
            )
            _require_own(case, f"every word of {vendor.name!r} is", slugs)


def _require_own(case: Case, what: str, slugs: set[str]) -> None:
    if others := slugs - {case.slug}:
        raise ScenarioError(
            f"{case.slug}.json: action.vendors: {what} on an exclusion record of {min(others)}.json"
        )


def with_own_exclusions(case: CaseFile, document: Mapping[str, Any]) -> CaseFile:
    """The case without exclusion records of other scenarios: one list serves all, and a name may be like another's."""
    rows = (read_row(ExclusionRecord, row)[0] for row in document.get("debarment", ()))
    own = {row.to_fact() for row in rows if row}
    kept = (item for item in case.evidence if not isinstance(item.fact, Exclusion) or item.fact in own)
    return replace(case, evidence=tuple(kept))


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
