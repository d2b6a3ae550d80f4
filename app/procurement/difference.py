"""Where written values differ, regardless of case, blanks and punctuation."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

#: The most words of a value that are compared; the rest is shown without comparison.
_MOST_WORDS = 200
#: Words of at least this many characters, this much alike, are compared character by character.
_LONG, _ALIKE = 5, 0.6
#: The most pairs of characters of two values that are compared, since time grows with them. Other words differ as a whole.
_MOST_PAIRS = 40_000
_WORD = re.compile(r"\S+")
#: Marks that change a number: its sign, its decimal point, a percent sign.
_OF_NUMBERS = re.compile(r"^-(?=\$?\d)|(?<=\d)\.(?=\d)|(?<=\d)%")
_NO_CENTS = re.compile(r"^(-?\d+)\.0+$")


@dataclass(frozen=True, slots=True)
class TextPart:
    """A stretch of a value as it is written; `differs` from at least one of the other values, or is the `same` in one."""

    text: str
    differs: bool = False
    same: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """One value in parts, which together are the value. `same_as` holds the positions of equal values."""

    parts: tuple[TextPart, ...]
    same_as: tuple[int, ...] = ()

    @property
    def differing(self) -> tuple[str, ...]:
        """The parts that differ."""
        return tuple(part.text.strip() for part in self.parts if part.differs)

    @property
    def throughout(self) -> bool:
        """Whether it has nothing in common with another value."""
        return all(part.differs or not _key(part.text) for part in self.parts)


def differences(values: Sequence[str]) -> tuple[Written, ...]:
    """Each value with what differs from any of the others."""
    words = [_words(value) for value in values]
    whole = ["".join(word.key for word in value_words) for value_words in words]
    return tuple(
        Written(
            _parts(value, _marked(own, words[:place] + words[place + 1 :])),
            tuple(at for at, other in enumerate(whole) if at != place and other == whole[place]),
        )
        for place, (value, own) in enumerate(zip(values, words, strict=True))
    )


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    text: str
    key: str


def _words(value: str) -> list[_Word]:
    found = (_Word(match.start(), match.end(), match[0], _key(match[0])) for match in _WORD.finditer(value))
    return [word for word in found if word.key][:_MOST_WORDS]


def _key(word: str) -> str:
    plain = unicodedata.normalize("NFKC", word).casefold()
    telling = {match.start() for match in _OF_NUMBERS.finditer(plain)}
    return _NO_CENTS.sub(r"\1", "".join(c for at, c in enumerate(plain) if c.isalnum() or at in telling))


def _marked(own: list[_Word], others: Sequence[list[_Word]]) -> list[tuple[int, int]]:
    """Where the value differs, as (start, end) in it, in order and apart from each other."""
    found = sorted(place for other in others for place in _against(own, other))
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _against(own: list[_Word], other: list[_Word]) -> Iterator[tuple[int, int]]:
    ours, theirs = [word.key for word in own], [word.key for word in other]
    if "".join(ours) == "".join(theirs):
        return  # the same with blanks elsewhere
    left = _MOST_PAIRS
    for kind, first, last, from_, to in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "replace" and last - first == to - from_:
            for mine, counterpart in zip(own[first:last], other[from_:to], strict=True):
                if (pairs := len(mine.text) * len(counterpart.text)) > left:
                    yield mine.start, mine.end
                    continue
                left -= pairs
                yield from _within(mine, counterpart)
        elif kind in {"replace", "delete"}:
            yield own[first].start, own[last - 1].end


def _within(mine: _Word, counterpart: _Word) -> Iterator[tuple[int, int]]:
    """Where a word differs from its counterpart: characters of a name or identifier, else the whole word."""
    letters = any(mark.isalpha() for mark in mine.key)
    match = SequenceMatcher(None, mine.text.casefold(), counterpart.text.casefold(), autojunk=False)
    if (
        not letters
        or len(mine.key) < _LONG
        or len(mine.text.casefold()) != len(mine.text)
        or match.ratio() < _ALIKE
    ):
        yield mine.start, mine.end
        return
    marks = [
        (mine.start + first, mine.start + last)
        for kind, first, last, _, _ in match.get_opcodes()
        if kind in {"replace", "delete"} and _key(mine.text[first:last])
    ]
    yield from marks or [(mine.start, mine.end)]


def _parts(value: str, marked: Sequence[tuple[int, int]]) -> tuple[TextPart, ...]:
    parts: list[TextPart] = []
    place = 0
    for start, end in marked:
        parts += [TextPart(value[place:start]), TextPart(value[start:end], differs=True)]
        place = end
    return tuple(part for part in (*parts, TextPart(value[place:])) if part.text)
