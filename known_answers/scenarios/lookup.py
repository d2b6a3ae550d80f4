"""How the mocks find rows and faults of scenarios: indexed once, so that a request reads no file."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.loader import Case
from known_answers.scenarios.scenario import FaultMode, ServiceName

Rows = Mapping[str, list[JsonObject]]
_PERSON = ("firstName", "middleName", "lastName")


def rows_by(cases: Iterable[Case], source: ServiceName, key: Callable[[JsonObject], str | None]) -> Rows:
    """The rows of one source by `key`, in the order of the files; rows whose key is None under ""."""
    index: defaultdict[str, list[JsonObject]] = defaultdict(list)
    for case in cases:
        for row in case.rows(source):
            index[key(row) or ""].append(row)
    return dict(index)


def faults_by_key(cases: Iterable[Case], source: ServiceName) -> dict[str, FaultMode]:
    """The fault of a service, by the PIID or UEI in the request."""
    return {
        key: case.scenario.faults[source]
        for case in cases
        if source in case.scenario.faults
        for key in case.scenario.keys
    }


def words(text: str) -> Iterator[str]:
    """The words of a name, without punctuation and in capitals."""
    return (word.upper() for word in re.findall(r"\w+", text.replace("'", "").replace(".", "")))


def words_of(row: JsonObject) -> frozenset[str]:
    """The words by which a search finds an exclusion record."""
    return frozenset(word for name in names_of(row) for word in words(name))


def names_of(row: JsonObject) -> list[str]:
    """The names of an exclusion record: its own, that of a person, and its aliases."""
    identification, other = row["exclusionIdentification"], row["exclusionOtherInformation"]
    return [
        name
        for name in (
            identification.get("entityName"),
            " ".join(filter(None, (identification.get(part) for part in _PERSON))),
            *(alias["exclusionName"] for alias in other["references"]["referencesList"] or ()),
            *(alias.get("exclusionName") for alias in other["moreLocations"]),
        )
        if name
    ]
