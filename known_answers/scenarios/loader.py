"""Reads scenario files. An error names the file, the field and the value."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.scenario import Scenario
from known_answers.scenarios.variation import VariationError, expand, is_variation

HAND_WRITTEN = Path(__file__).parent / "cases"
_SHOWN = 60


class ScenarioError(Exception):
    """A scenario file is invalid: one line per problem, each with file, field and value."""


@dataclass(frozen=True, slots=True)
class Case:
    """A validated scenario, and the document of its file, whose rows are served unchanged."""

    slug: str
    scenario: Scenario
    document: Mapping[str, Any]

    def rows(self, source: str) -> list[JsonObject]:
        """The rows of one source, unchanged."""
        rows: list[JsonObject] = self.document[source]
        return rows


def load_cases(folder: Path, *, names: str = "*.json") -> tuple[Case, ...]:
    """The cases of a folder whose file names match the pattern, sorted by name.

    Raises `ScenarioError`, also if there are none, if two concern the same contract, vendor or action, whose answers
    would be mixed up, or if two have the same line of the ledger.
    """
    cases = tuple(_load(path) for path in sorted(folder.glob(names)))
    if not cases:
        raise ScenarioError(f"{folder}: no scenario files")
    owners: dict[str, str] = {}
    booked: dict[str, str] = {}
    for case in cases:
        for key in (case.scenario.action.action_id, *case.scenario.keys):
            other = owners.setdefault(key, case.slug)
            if other != case.slug:
                raise ScenarioError(f"{case.slug}.json: action: {key!r} is also in {other}.json")
        for line in case.scenario.ledger.obligation_lines:
            key = f"{line.document_number}/{line.acrn}/{line.clin}"
            if key in booked:
                where = f"{case.slug}.json: ledger.obligation_lines: {key!r}"
                raise ScenarioError(f"{where} is in {booked[key]}.json already")
            booked[key] = case.slug
    return cases


def _load(path: Path) -> Case:
    try:
        content = path.read_bytes()
        # Validated from text: from objects, strict validation would refuse a list in place of a tuple.
        if is_variation(document := _parsed(content)):
            content = json.dumps(expand(document)).encode()
        scenario = Scenario.model_validate_json(content)
    except OSError as error:
        raise ScenarioError(f"{path.name}: {error.strerror}") from None
    except VariationError as error:
        raise ScenarioError(f"{path.name}: {error}") from None
    except ValidationError as error:
        lines = (_problem(path.name, detail) for detail in error.errors(include_url=False))
        raise ScenarioError("\n".join(lines)) from None
    return Case(slug=path.stem, scenario=scenario, document=json.loads(content))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None  # the model reports what is wrong


def _problem(name: str, detail: Any) -> str:
    where = _path(detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] in {"missing", "json_invalid"} or isinstance(detail["input"], dict):
        return f"{name}: {where}{message}"
    shown = repr(detail["input"])
    return f"{name}: {where}{shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}: {message}"


def _path(location: Sequence[str | int]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return f"{path}: " if path else ""
