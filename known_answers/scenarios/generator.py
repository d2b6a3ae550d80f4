"""Generates actions: the hand-written ones first, then random plausible ones, about 70 % of them without a defect.

`python -m known_answers.scenarios.generator --out DIR --actions N --seed S` writes `DIR/cases/*.json` and `DIR/inbox.json`,
the list of all actions to submit.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from known_answers.scenarios.agreement import state_agreement
from known_answers.scenarios.contract_statements import fiscal_year
from known_answers.scenarios.decoys import DECOYS
from known_answers.scenarios.defects import DEFECTS, Defect, silent_source
from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.loader import HAND_WRITTEN, load_cases
from known_answers.scenarios.scenario_builder import Firm, ScenarioBuilder

#: The hand-written cases for demonstrations; the others each test a single rule.
DEMONSTRATION = "[0-9]*.json"
_FIRST_DAY = date(2026, 9, 1)
_DAYS = 200
_CLEAN = 0.70
_SILENT = 0.08
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_CONSONANTS, _VOWELS = "BDFGKLMNPRSTVWZ", "AEIOU"
_WORDS = (len(_CONSONANTS) * len(_VOWELS)) ** 4
#: Coprime to the number of words, so that no word comes twice.
_SPREAD = 7_654_321
_TRADES = (
    "ENGINEERING",
    "LOGISTICS",
    "SURVEY",
    "SYSTEMS",
    "FACILITIES",
    "ANALYTICS",
    "MARINE SERVICES",
    "RECORDS",
)
_FORMS = ("INC", "LLC", "CORP", "CO")
_WORK = (
    "engineering support",
    "facility upkeep",
    "survey services",
    "records conversion",
    "fleet maintenance",
)


def write(out: Path, *, actions: int, seed: int) -> None:
    """Replace the scenarios in `out`. The same arguments give the same bytes."""
    cases = out / "cases"
    cases.mkdir(parents=True, exist_ok=True)
    for leftover in cases.glob("*.json"):
        leftover.unlink()
    inbox = []
    for slug, document in _documents(actions, seed):
        (cases / f"{slug}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
        inbox.append(document["action"])
    (out / "inbox.json").write_text(json.dumps(inbox, indent=1), encoding="utf-8")


def generate(number: int, rng: Random) -> JsonObject:
    """One action in the format of scenario files; `number` makes its identifiers unique."""
    draft = _clean(number, rng)
    if rng.random() < _CLEAN:
        if rng.random() < 0.4:  # noqa: PLR2004
            rng.choice(DECOYS)(draft)
        return draft.as_file()
    silent = rng.random() < _SILENT
    wanted = rng.choices((1, 2, 3), (78, 17, 5))[0] - silent
    applied: list[Defect] = []
    remaining = list(DEFECTS)
    while len(applied) < wanted and remaining:
        defect = rng.choices(remaining, [DEFECTS[defect] for defect in remaining])[0]
        remaining.remove(defect)
        if defect(draft):
            applied.append(defect)
    if silent:
        silent_source(draft)
        applied.append(silent_source)
    names = ", ".join(defect.__name__ for defect in applied)
    draft.title = f"{draft.action_type} with: {names}".replace("_", " ")
    return draft.as_file()


def _documents(actions: int, seed: int) -> Iterator[tuple[str, JsonObject]]:
    by_hand = load_cases(HAND_WRITTEN, names=DEMONSTRATION)[:actions]
    for case in by_hand:
        yield case.slug, dict(case.document)
    rng = Random(seed)  # noqa: S311  # reproducible data, nothing secret
    for number in range(1, actions - len(by_hand) + 1):
        yield f"generated-{number:06d}", generate(number, rng)


def _clean(number: int, rng: Random) -> ScenarioBuilder:
    action_type = rng.choices(("new_award", "modification", "option"), (35, 45, 20))[0]
    day = _FIRST_DAY + timedelta(days=rng.randrange(_DAYS))
    awarded = fiscal_year(day) % 100 - (action_type != "new_award")
    place = 0 if action_type == "new_award" else rng.randint(1, 40)
    # One in twenty is from before the present numbering, whose modifications have bare numbers.
    old = number % 20 == 7  # noqa: PLR2004
    modification = (str(place) if old else f"P{place:05d}") if place else None
    draft = ScenarioBuilder(
        rng=rng,
        action_id=f"ACT-{day.year}-{10_000 + number}",
        action_type=action_type,
        piid=f"EPZ{awarded}{number:06d}" if old else f"70ZZ01{awarded}C{number:06d}",
        modification=modification,
        amount=_amount(action_type, rng),
        day=day,
        description=f"{action_type.replace('_', ' ').capitalize()}: {rng.choice(_WORK)}",
        firms=_firms(number, rng),
    )
    instrument = rng.choice(("SF-1449", "SF-26", "SF-33", "OF-347")) if modification is None else "SF-30"
    state_agreement(draft, instrument=instrument, reported=rng.random() < 0.8, booked=rng.random() < 0.9)  # noqa: PLR2004
    return draft


def _amount(action_type: str, rng: Random) -> Decimal:
    dollars = Decimal(int(10 ** rng.uniform(4.2, 6.4)) // 50 * 50)
    if action_type != "modification":
        return dollars
    return rng.choices((dollars, Decimal(0), -dollars / 4), (65, 20, 15))[0].quantize(Decimal("0.01"))


def _firms(number: int, rng: Random) -> list[Firm]:
    roles = [
        "prime",
        *rng.choices(("subcontractor", "owner"), (70, 30), k=rng.choices((1, 2, 3), (20, 60, 20))[0]),
    ]
    return [
        Firm(uei=_uei(number, place, rng), name=_name(number, place, rng), role=role, cage=_cage(rng))
        for place, role in enumerate(roles)
    ]


def _uei(number: int, place: int, rng: Random) -> str:
    """Unique by its number; letters between keep nine digits from standing in a row."""
    serial = f"{number:06d}"
    return (
        f"ZX{place}{serial[:3]}{rng.choice(_LETTERS)}{serial[3:]}{rng.choice(_LETTERS)}{rng.choice(_LETTERS)}"
    )


def _cage(rng: Random) -> str:
    return f"9{rng.choice(_LETTERS)}{rng.choice(_LETTERS)}{rng.randrange(100):02d}"


def _name(number: int, place: int, rng: Random) -> str:
    """A unique name, unlike others: a search by name must not find another action's records."""
    rest, syllables = (number * 4 + place) * _SPREAD % _WORDS, ""
    for _ in range(4):
        rest, syllable = divmod(rest, len(_CONSONANTS) * len(_VOWELS))
        consonant, vowel = divmod(syllable, len(_VOWELS))
        syllables += _CONSONANTS[consonant] + _VOWELS[vowel]
    return f"{syllables} {rng.choice(_TRADES)} {rng.choice(_FORMS)}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write the data the mocks serve, and the actions to submit.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--actions", type=int, required=True, help="how many, hand-written ones included")
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    if not 1 <= arguments.actions <= 999_999:  # noqa: PLR2004
        parser.error(f"--actions: {arguments.actions} is not between 1 and 999999")
    write(arguments.out, actions=arguments.actions, seed=arguments.seed)


if __name__ == "__main__":
    main()
