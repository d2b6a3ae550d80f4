"""A scenario written as a variation: a clean base, unique identifiers, and the relevant changes.

    {"title": "…", "base": "new-award", "number": 214,
     "changes": [{"op": "replace", "path": "/sam-gov/0/entityRegistration/registrationStatus", "value": "Expired"}],
     "expected": [{"rule": "R01", "subject": "Z000PRMEVND1", "severity": "blocking"}], "forbidden": []}

`changes` is a JSON Patch (RFC 6902) of the base, a file in `bases/`. Everything is written
with the base's identifiers; the number then makes them, and the firms' names, unique to the scenario. `faults`, `look`,
`decided` and `traps` are optional, as in `scenario.Scenario`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonpatch import JsonPatch, JsonPatchException
from jsonpointer import JsonPointerException

from known_answers.scenarios.formats import JsonObject

BASES = Path(__file__).parent / "bases"
_HIGHEST = 999
#: Optional fields, copied into the scenario.
_OPTIONAL = ("faults", "look", "decided", "traps")
_SYLLABLES = [
    "BA",
    "DE",
    "FI",
    "GO",
    "KU",
    "LA",
    "ME",
    "NI",
    "PO",
    "RU",
    "SA",
    "TE",
    "VI",
    "ZO",
    "HA",
    "JE",
    "WI",
    "CO",
    "TU",
    "YA",
]
#: What the number replaces in the bases: UEIs, contract, action, purchase requests, the word in the firms' names, and the
#: beginning of CAGE codes.
_UEI, _PIID, _ACTION, _REQUEST, _WORD = "Z000", "C9000", "ACT-BASE-000", "PR-26-90000", "NORTHWIND"
_CAGE = "9Z"
#: The characters of CAGE codes.
_CODED = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class VariationError(Exception):
    """The variation is invalid; the text names the field and the value."""


def is_variation(document: Any) -> bool:
    """Whether a document is a variation."""
    return isinstance(document, dict) and "base" in document


def expand(document: Mapping[str, Any]) -> JsonObject:
    """The complete scenario. Raises `VariationError`."""
    unknown = set(document) - {"title", "base", "number", "changes", "expected", "forbidden", *_OPTIONAL}
    if unknown:
        raise VariationError(f"{min(unknown)}: is not a known field")
    number = document.get("number")
    if not isinstance(number, int) or not 1 <= number <= _HIGHEST:
        raise VariationError(f"number: {number!r} is not between 1 and {_HIGHEST}")
    whole = _base(document["base"])
    for position, change in enumerate(_listed(document, "changes")):
        whole = _changed(whole, change, where=f"changes[{position}]")
    whole["title"] = document.get("title")
    whole["expected"], whole["forbidden"] = document.get("expected"), document.get("forbidden", [])
    whole.update((field, document[field]) for field in _OPTIONAL if field in document)
    return _renamed(whole, number)


@cache
def _base_text(name: str) -> str:
    return (BASES / f"{name}.json").read_text(encoding="utf-8")


def _base(name: object) -> JsonObject:
    names = sorted(path.stem for path in BASES.glob("*.json"))
    if name not in names:
        raise VariationError(f"base: {name!r} is not one of {', '.join(names)}")
    base: JsonObject = json.loads(_base_text(str(name)))
    return base


def _listed(document: Mapping[str, Any], field: str) -> Iterable[Mapping[str, Any]]:
    changes = document.get(field, [])
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        raise VariationError(f"{field}: is not a list of objects")
    return changes


def _changed(whole: JsonObject, change: Mapping[str, Any], *, where: str) -> JsonObject:
    try:
        changed: object = JsonPatch([change]).apply(whole)
    except (JsonPatchException, JsonPointerException):
        changed = None
    if not isinstance(changed, dict):
        operation, path = change.get("op"), change.get("path")
        raise VariationError(
            f"{where}: {operation!r} at {path!r} does not fit the base, or a part of it is missing"
        )
    return changed


def _renamed(whole: JsonObject, number: int) -> JsonObject:
    text = json.dumps(whole, ensure_ascii=False)
    word = word_of(number)
    for old, new in (
        (_UEI, f"Z{number:03d}"),
        (_PIID, f"C9{number:03d}"),
        (_ACTION, f"ACT-CASE-{number:03d}"),
        (_REQUEST, f"PR-26-90{number:03d}"),
        (_WORD, word),
        (_WORD.title(), word.title()),
    ):
        text = re.sub(re.escape(old), new, text)
    text = re.sub(
        rf"\b{_CAGE}(?=[A-Z]\d\d\b)", _CODED[number // len(_CODED)] + _CODED[number % len(_CODED)], text
    )
    renamed: JsonObject = json.loads(text)
    return renamed


def word_of(number: int) -> str:
    """An invented word for this number, unlike that of any other: a search by name must not find their records."""
    a, b, c = number % 20, number // 20 % 20, number // 400
    # Three checks, so that any two words differ in three letters at least.
    checks = (4 * a + 15 * b + 6 * c, 8 * a + 13 * b + 9 * c, 13 * a + 16 * b + 12 * c)
    return "".join(_SYLLABLES[place % 20] for place in (a, a + b + c, *checks))
