"""The words an exclusion record can be found by: of its name, a person's parts of one, and its aliases."""

import re
from collections.abc import Iterator

from known_answers.scenarios.shape import JsonObject

_PARTS = ("entityName", "firstName", "middleName", "lastName")


def words(text: str) -> Iterator[str]:
    """The words of a name, without punctuation and in capitals."""
    return (word.upper() for word in re.findall(r"\w+", text.replace("'", "").replace(".", "")))


def words_of(row: JsonObject) -> frozenset[str]:
    """Every word the record answers to."""
    identification, other = row["exclusionIdentification"], row["exclusionOtherInformation"]
    named = [
        *(identification.get(part) for part in _PARTS),
        *(each["exclusionName"] for each in other["references"]["referencesList"] or ()),
        *(each.get("exclusionName") for each in other["moreLocations"]),
    ]
    return frozenset(word for name in named if name for word in words(name))
