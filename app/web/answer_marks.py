"""Marks the places of a compared value in the raw text of an answer.

Neither text is trusted: the answer may be of any form and size, and what is sought is only ever taken literally.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: The most texts sought for one value, their lengths, the most places marked, and how far a neighbor may be away.
_SOUGHT, _SHORTEST, _LONGEST, _MARKED, _NEAR = 16, 2, 400, 200, 1_200
#: How deep a fact is read.
_DEEPEST = 8
_MONEY = re.compile(r"-?\$([\d,]+)\.(\d\d)")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedPiece:
    """A stretch of the text. `mark` says that it is a place of the value, `first` that a link leads here."""

    text: str
    mark: bool = False
    first: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """The text in pieces, which together are the text, and how many places there are; not all need be marked."""

    pieces: tuple[MarkedPiece, ...]
    places: int


def forms(value: str, fact: Mapping[str, Any]) -> list[str]:
    """How an answer may write a value: as shown, as a number or date, or in those parts that the fact holds."""
    found = dict.fromkeys(_written(value))
    for part in () if _MONEY.fullmatch(value) else _leaves(fact):
        if part and part != value and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", value):
            found.update(dict.fromkeys(_written(part)))
    fitting = [each for each in found if _SHORTEST <= len(each) <= _LONGEST]
    return sorted(fitting, key=len, reverse=True)[:_SOUGHT]


def marked(text: str, sought: list[str]) -> Marked:
    """The text with every place of one of these texts; the first is where most of them are near each other."""
    places = list(_places(text, sought))
    if not places:
        return Marked(pieces=(MarkedPiece(text=text),) if text else (), places=0)
    first = _densest(text, places)
    shown = sorted({*places[:_MARKED], first})
    pieces, at = list[MarkedPiece](), 0
    for start, end in shown:
        pieces += [
            MarkedPiece(text=text[at:start]),
            MarkedPiece(text=text[start:end], mark=True, first=(start, end) == first),
        ]
        at = end
    return Marked(
        pieces=tuple(each for each in (*pieces, MarkedPiece(text=text[at:])) if each.text), places=len(places)
    )


def _written(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    if amount := _MONEY.fullmatch(value):
        sign, whole = "-" if value.startswith("-") else "", amount[1].replace(",", "")
        yield f"{sign}{whole}.{amount[2]}"
        if amount[2].endswith("0"):
            yield f"{sign}{whole}.{amount[2][0]}"
        if amount[2] == "00":
            yield f"{sign}{whole}"
    for year, month, day in _DAY.findall(value)[:2]:
        yield from (
            f"{year}-{month}-{day}",
            f"{month}/{day}/{year}",
            f"{month}-{day}-{year}",
            f"{year}{month}{day}",
        )


def _leaves(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts and numbers in a fact, which is as deep as our own records are."""
    if depth > _DEEPEST or value is None or isinstance(value, bool):
        return
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each, depth + 1)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each, depth + 1)
    else:
        yield str(value)


def _places(text: str, sought: list[str]) -> Iterator[tuple[int, int]]:
    """Where one of the texts stands as a whole word or number."""
    if not sought:
        return
    anyone = "|".join(re.escape(each) for each in sought)
    for match in re.finditer(rf"(?<![\w.])(?:{anyone})(?![\w]|\.\d)", text, re.IGNORECASE):
        yield match.span()


def _densest(text: str, places: list[tuple[int, int]]) -> tuple[int, int]:
    """The place with the most different texts near it, the longest and first of these: most likely the record itself."""
    starts = [start for start, _ in places]

    def worth(at: int) -> tuple[int, int, int]:
        start, end = places[at]
        low, high = bisect_left(starts, start - _NEAR), bisect_right(starts, end + _NEAR)
        near = {text[one:other].casefold() for one, other in places[low : min(high, low + _SOUGHT * 4)]}
        return len(near), end - start, -start

    return places[max(range(len(places)), key=worth)]
