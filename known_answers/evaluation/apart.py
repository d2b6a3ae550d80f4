"""Whether scenarios can be served side by side: no search in one may find an exclusion record of another.

The public list knows nothing of scenarios and answers with every record that fits, and so do the mocks. That contracts,
vendors and accounting lines are one scenario's only is seen to by `load_cases`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from app.procurement.action import ProcurementAction
from known_answers.scenarios.exclusion_names import words, words_of
from known_answers.scenarios.loader import Case, ScenarioError
from workers.tools.debarment import questions

_NAME, _CODES = "exclusionName", ("ueiSAM", "cageCode")
#: A parameter and a word or code by which a record is found.
_Key = tuple[str, str]


def stay_apart(cases: Sequence[tuple[Case, ProcurementAction]]) -> None:
    """Raise `ScenarioError` that names two scenarios, the question of one and the record of the other it finds."""
    owners: list[str] = []
    places: defaultdict[_Key, set[int]] = defaultdict(set)
    for case, _ in cases:
        for row in case.rows("debarment"):
            identification = row["exclusionIdentification"]
            for key in (
                *((_NAME, word) for word in words_of(row)),
                *((each, identification.get(each) or "") for each in _CODES),
            ):
                places[key].add(len(owners))
            owners.append(case.slug)
    for case, action in cases:
        for question in questions(action):
            strangers = {owners[place] for place in _found(question, places)} - {case.slug}
            if strangers:
                asked = ", ".join(f"{name} {value!r}" for name, value in question.items())
                raise ScenarioError(
                    f"{case.slug}.json: action.vendors: a search by {asked} finds an exclusion record"
                    f" of {min(strangers)}.json"
                )


def _found(question: Mapping[str, str], places: Mapping[_Key, set[int]]) -> Iterator[int]:
    """The records that fit: all words of a name, any one of the codes."""
    for name, value in question.items():
        if name == _NAME:
            fitting = [places.get((name, word), set()) for word in words(value)]
            yield from set.intersection(*fitting) if fitting else ()
        else:
            for code in value.strip("[]").split("~"):
                yield from places.get((name, code), ())
