"""How alike two words of names are, and how much each of them says."""

from functools import lru_cache

from rapidfuzz.distance import OSA

from app.procurement.name_words import COMMON, FILLERS, FULL_WORDS, TRADES
from app.procurement.romanisation import sounds_alike
from app.reference import GIVEN_NAMES
from app.reference.geography import STATES

#: Likeness below this is a guess: it never makes a strong match.
SURE = 0.9
_PLURAL, _ROMANISED, _INITIAL, _SHORT_NAME, _SLIP, _ABBREVIATED, _BEGINNING, _TWO_SLIPS, _SHORT_SLIP = (
    0.95, 0.92, 0.9, 0.88, 0.86, 0.84, 0.8, 0.7, 0.4,
)  # fmt: skip
_COMMON, _FILLER, _LETTER, _NUMBER, _TWO_LETTERS, _ACRONYM = 0.5, 0.1, 0.3, 2.0, 2.0, 1.6
#: One slip of the pen in a word of this many letters leaves it recognisable, two in one of that many.
_SLIP_FROM, _TWO_SLIPS_FROM, _SHORT_SLIP_FROM = 6, 10, 5
_ACRONYM_AT_MOST = 3
_TWO = 2
#: A word cut short has this many letters, and lacks at least that many.
_CUT_FROM, _CUT_BY = 5, 3
_VOWELS = frozenset("AEIOUY")
#: Words that have an abbreviation in common: ST, DIST.
_ONE_ABBREVIATION = (frozenset({"SAINT", "STREET"}), frozenset({"DISTRIBUTION", "DISTRICT"}))


def is_number(word: str) -> bool:
    """Whether a word, read in figures, is a number: "4", "1.", "B2" is not."""
    return word.rstrip(".").isdigit()


@lru_cache(maxsize=65_536)
def weight(word: str) -> float:
    """How much a word says about who is meant: a number much, a word that many names share little."""
    if is_number(word):
        return _NUMBER
    if word in FILLERS:
        return _FILLER
    if len(word) == 1:
        return _LETTER
    if word in COMMON or word in TRADES:
        return _COMMON
    if len(word) < _ACRONYM_AT_MOST:
        return _TWO_LETTERS
    return _ACRONYM if len(word) == _ACRONYM_AT_MOST else 1.0


def alike(a: str, b: str) -> float:
    """How alike two words are, from 0 to 1."""
    if a == b:
        return 1.0
    return _alike(a, b) if (len(a), a) < (len(b), b) else _alike(b, a)


@lru_cache(maxsize=65_536)
def _alike(a: str, b: str) -> float:
    """Of a word and one that is not shorter."""
    if is_number(a) or is_number(b):
        return 0.0
    if len(a) == 1:
        return _INITIAL if a[0] == b[0] else 0.0
    if len(a) >= _ACRONYM_AT_MOST and b in {f"{a}S", f"{a}ES", f"{a[:-1]}IES"}:
        return _PLURAL
    if sounds_alike(a, b) or (len(a) == _TWO and STATES.get(f"USA {b}") == a):
        return _ROMANISED
    return _guessed(a, b)


def _guessed(a: str, b: str) -> float:
    """What two words count that are not surely one: the best that holds."""
    slips = OSA.distance(a, b, score_cutoff=_TWO)
    same_start = a[0] == b[0]
    guesses = (
        (_SHORT_NAME, b in GIVEN_NAMES.get(a, ()) or a in GIVEN_NAMES.get(b, ())),
        (_SLIP, slips <= 1 and len(a) >= _SLIP_FROM),
        (_ABBREVIATED, _abbreviates(a, b) or {a, b} in _ONE_ABBREVIATION),
        (_BEGINNING, b in FULL_WORDS and len(a) >= _CUT_FROM and b.startswith(a)),
        (_TWO_SLIPS, slips <= _TWO and len(a) >= _TWO_SLIPS_FROM and same_start),
        (_SHORT_SLIP, slips <= 1 and len(a) >= _SHORT_SLIP_FROM and same_start),
    )
    return next((share for share, holds in guesses if holds), 0.0)


def _abbreviates(short: str, word: str) -> bool:
    """Whether one word is the other without vowels, as SVCS is of SERVICES."""
    if len(short) < _ACRONYM_AT_MOST or len(word) - len(short) < _CUT_BY or _VOWELS & set(short[1:]):
        return False
    letters = iter(word)
    return short[0] == word[0] and short[-1] == word[-1] and all(letter in letters for letter in short)
