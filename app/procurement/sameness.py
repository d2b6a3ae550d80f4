"""What two records that are about the same party have in common: identifiers, and words of their names."""

import re
from collections.abc import Collection, Iterator

from app.procurement.difference import TextPart
from app.procurement.names import same_name

_WORD = re.compile(r"[^\W_]+")
#: Letters and digits of these lengths, with a digit, are identifiers.
_UEI, _CAGE = 12, 5


def head(text: str) -> str:
    """The name and identifiers of a record, before its type: "NAME (UEI, CAGE)"."""
    return text.partition("): ")[0]


def marked_same(text: str, others: Collection[str]) -> tuple[TextPart, ...]:
    """A value in parts, with those words of its head marked that another value has as well."""
    known = {word.casefold() for other in others for word in _WORD.findall(head(other))}
    parts, place = list[TextPart](), 0
    for start, end in _stretches(head(text), known):
        parts += [TextPart(text[place:start]), TextPart(text[start:end], same=True)]
        place = end
    return tuple(part for part in (*parts, TextPart(text[place:])) if part.text)


def _stretches(text: str, known: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where these words stand; neighbors with only a blank between them are one stretch."""
    start = end = -1
    for word in _WORD.finditer(text):
        if word[0].casefold() not in known:
            continue
        if start >= 0 and not text[end : word.start()].strip():
            end = word.end()
            continue
        if start >= 0:
            yield start, end
        start, end = word.span()
    if start >= 0:
        yield start, end


def agreements(ours: str, theirs: str, *, known: Collection[str] = (), said: str = "") -> Iterator[str]:
    """What two records have in common, such as "same UEI ZZ03SUBSVND2".

    `known` are further identifiers of the first party, and `said` is the finding in words, which names an identifier
    that a third system gave.
    """
    own = {*_identifiers(ours), *known}
    for code in dict.fromkeys(_identifiers(theirs)):
        kind = "UEI" if len(code) == _UEI else "CAGE"
        if code in own or f"{kind} {code}" in said:
            yield f"same {kind} {code}"
    if same_name(_name(ours), _name(theirs)):
        yield "same name"


def _identifiers(text: str) -> list[str]:
    return [
        word
        for word in re.findall(r"\b[A-Z0-9]+\b", head(text))
        if len(word) in {_UEI, _CAGE} and any(mark.isdigit() for mark in word)
    ]


def _name(text: str) -> str:
    return head(text).partition(" (")[0]
