"""Names of firms, persons and vessels: whether two are the same, written differently.

A legal form (INC, LLC, …) is never dropped silently: a name that differs only by it can be another legal person.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from app.procurement.name_words import COMMON, FILLERS, FORMS, LONG_FORMS, SHORT, sounds_alike

#: From here on a match is looked at before signing, where the place agrees too.
STRONG = 0.90
#: Below this, two names are different names.
POSSIBLE = 0.70

_STROKES = str.maketrans({"Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Æ": "AE", "Œ": "OE", "Þ": "TH", "Ħ": "H"})
_APOSTROPHES = re.compile("['’‘`ʼʻ]")
_NO_WORD = re.compile(r"[\W_]+")
#: Single letters in a row: what dots and blanks make of an acronym.
_INITIALS = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_](?!\S))+")
_WEIGHT_COMMON, _WEIGHT_FILLER, _WEIGHT_INITIAL, _WEIGHT_NUMBER = 0.5, 0.1, 0.3, 2.0
_FORM_MISSING, _FORM_DIFFERS = 0.04, 0.12
#: One slip of the pen in a word of this many letters leaves it recognisable.
_TYPO_FROM = 6
_TYPO, _ROMANISED, _INITIAL, _JOINED, _REORDERED = 0.86, 0.92, 0.9, 0.95, 0.98
#: One slip can also be another name: such a match is never a strong one.
_SLIPPED = 0.89
_SHORT_NAME = 5
#: Characters of a name beyond this many are not compared.
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class _Name:
    """A name taken apart: its words without the legal form, and the form where there is one."""

    words: tuple[str, ...]
    form: str | None


def normalised(name: str) -> str:
    """Upper case without accents and punctuation, & as AND, dotted acronyms joined, single spaces."""
    return _remembered(name) if len(name) <= _LONGEST else _normalised(name)


def legal_form(name: str) -> str | None:
    """The legal form a name ends with, in its short spelling: "Example Marine, Incorporated" has INC."""
    return _parts(name).form


def same_name(a: str, b: str) -> bool:
    """Equal but for case, accents, punctuation and the spelling of the legal form."""
    return _parts(a) == _parts(b)


def same_but_for_form(a: str, b: str) -> bool:
    """Equal once the legal form is left out, and different with it."""
    return _parts(a).words == _parts(b).words and _parts(a).form != _parts(b).form


def same_tokens(a: str, b: str) -> bool:
    """The same words in whatever order, the legal form among them."""
    one, other = _parts(a), _parts(b)
    return one.form == other.form and sorted(one.words) == sorted(other.words)


def similarity(a: str, b: str) -> float:
    """From 0 (different names) to 1 (the same but for spelling), rounded to two digits."""
    one, other = _parts(a), _parts(b)
    if not one.words or not other.words:
        return 0.0
    if one == other:
        return 1.0
    short = min(len(one.words), len(other.words)) == 1
    score = _single(one.words, other.words) if short else _several(one.words, other.words)
    if one.words != other.words and sorted(one.words) == sorted(other.words):
        score = _REORDERED
    return round(max(0.0, score - _form_penalty(one, other)), 2)


def _normalised(name: str) -> str:
    text = (
        name.upper() if name.isascii() else _unaccented(_unaccented(name).upper()).upper().translate(_STROKES)
    )
    text = _APOSTROPHES.sub("", text.replace("&", " AND ").replace("+", " AND "))
    words = " ".join(_NO_WORD.sub(" ", text).split())
    return _INITIALS.sub(lambda run: run[0].replace(" ", ""), words)


_remembered = lru_cache(maxsize=65_536)(_normalised)


def _unaccented(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def _parts(name: str) -> _Name:
    return _taken_apart(name[:_LONGEST])


@lru_cache(maxsize=65_536)
def _taken_apart(name: str) -> _Name:
    words = normalised(name).split()
    forms: list[str] = []
    while len(words) > 1:
        long = next(
            (key for key in LONG_FORMS if tuple(words[-len(key) :]) == key and len(words) > len(key)), None
        )
        if long is not None:
            forms.insert(0, LONG_FORMS[long])
            del words[-len(long) :]
        elif words[-1] in FORMS:
            forms.insert(0, FORMS[words.pop()])
        elif forms and words[-1] == "AND":
            words.pop()
        else:
            break
    return _Name(tuple(SHORT.get(word, word) for word in words), " ".join(forms) or None)


def _form_penalty(one: _Name, other: _Name) -> float:
    """The legal form counts for more where the rest of the name is short: ABC INC, ABC LLC."""
    if one.form == other.form:
        return 0.0
    penalty = _FORM_DIFFERS if one.form and other.form else _FORM_MISSING
    little = len(one.words) == 1 and len(one.words[0]) <= _SHORT_NAME
    return penalty * 3 if little else penalty


def _single(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """A name of one word: an acronym or a short word matches itself and nothing else, and no likeness is a strong one."""
    if len(one) != len(other):
        joined = "".join(one), "".join(other)
        return _JOINED if joined[0] == joined[1] and len(joined[0]) > _SHORT_NAME else 0.0
    if one == other:
        return 1.0
    long = min(len(one[0]), len(other[0])) > _SHORT_NAME
    return min(_alike(one[0], other[0]), _SLIPPED) if long else 0.0


def _several(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    joined = "".join(one), "".join(other)
    if joined[0] == joined[1]:
        return _JOINED
    divided_otherwise = len(one) != len(other) and sounds_alike(*joined)
    return max(_ROMANISED if divided_otherwise else 0.0, _aligned(one, other))


def _aligned(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Each word paired with the one most like it; words left over on either side count against."""
    likely = ((_alike(a, b), i, j) for i, a in enumerate(one) for j, b in enumerate(other))
    pairs = sorted((pair for pair in likely if pair[0]), key=lambda pair: (-pair[0], pair[1], pair[2]))
    if not pairs:
        return 0.0
    taken_one: set[int] = set()
    taken_other: set[int] = set()
    shared, slips = 0.0, False
    for alike, i, j in pairs:
        if i not in taken_one and j not in taken_other:
            taken_one.add(i)
            taken_other.add(j)
            slips = slips or alike == _TYPO
            shared += alike * (_weight(one[i]) + _weight(other[j]))
    score = shared / sum(map(_weight, one + other))
    return min(score, _SLIPPED) if slips else score


def _weight(word: str) -> float:
    if word.isdigit():
        return _WEIGHT_NUMBER
    if word in FILLERS:
        return _WEIGHT_FILLER
    if len(word) == 1:
        return _WEIGHT_INITIAL
    return _WEIGHT_COMMON if word in COMMON else 1.0


def _alike(a: str, b: str) -> float:
    """How alike two words are, from 0 to 1."""
    if a == b:
        return 1.0
    if a.isdigit() or b.isdigit():
        return 0.0
    if min(len(a), len(b)) == 1:
        return _INITIAL if a[0] == b[0] else 0.0
    if sounds_alike(a, b):
        return _ROMANISED
    close = min(len(a), len(b)) >= _TYPO_FROM and OSA.distance(a, b, score_cutoff=1) <= 1
    return _TYPO if close else 0.0
