"""A name taken apart: its words, its legal form, THE, and the generation of a person."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from app.procurement.legal_forms import without_leading_form, without_trailing_form
from app.procurement.name_words import GENERATIONS, written_out

_STROKES = str.maketrans({"Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Æ": "AE", "Œ": "OE", "Þ": "TH", "Ħ": "H"})
_APOSTROPHES = re.compile("['’‘`ʼʻ]")
_NO_WORD = re.compile(r"[\W_]+")
#: Single letters in a row: what dots and blanks make of an acronym.
_INITIALS = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_](?!\S))+")
#: What stands between the names of one firm or person.
_ALSO = re.compile(
    r"[\s,(;]+(?:d\s?[./]\s?b\s?[./]\s?a\b\.?|d b a|dba|doing business as|t/a|trading as|[afn]\s?[./]\s?k\s?[./]\s?a\b\.?|[afn]ka"
    r"|(?:also|formerly|now|previously) known as|formerly)[\s:]+",
    re.IGNORECASE,
)
#: Characters of a name beyond this many are not compared.
_LONGEST = 300
#: Names on one line beyond this many are not compared.
_MOST_NAMES = 4
#: Words of a person's name with the generation.
_WITH_GENERATION, _PERSON_AT_MOST = 3, 5
_ACRONYM_FROM = 3
#: JR, SNR; longer ones can be words of a firm's name.
_SHORT = 3
_SENIORITY = re.compile(r"[2-5]\.?")


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name by its parts. Two names with the same parts differ only in spelling."""

    #: Without form, THE and generation; abbreviations in full, numbers in figures.
    words: tuple[str, ...]
    #: INC, LLC, …, in the short spelling of its country.
    form: str | None = None
    #: Where THE stands: "first" or "last".
    article: str | None = None
    #: JR, SR, or the number of a person.
    generation: str | None = None
    #: All letters in a row as they are written, without AND.
    letters: str = ""
    #: Whether two of the words were joined by AND.
    joined: bool = False


def normalised(name: str) -> str:
    """Upper case without accents and punctuation, & as AND, dotted acronyms joined, single spaces."""
    return _remembered(name) if len(name) <= _LONGEST else _normalised(name)


def names_on_one_line(text: str) -> tuple[str, ...]:
    """The names in a text such as "Example Marine Inc, d/b/a Example Boats": one, or several."""
    return _divided(text[:_LONGEST])


def parts_of(name: str) -> NameParts:
    """The parts of a whole line as of one name."""
    return _taken_apart(name[:_LONGEST])


@lru_cache(maxsize=65_536)
def each_parts(name: str) -> tuple[NameParts, ...]:
    """The parts of each name on a line."""
    return tuple(map(parts_of, names_on_one_line(name)))


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


@lru_cache(maxsize=65_536)
def _divided(text: str) -> tuple[str, ...]:
    names = [name.strip(" ,;()") for name in _ALSO.split(text)]
    return tuple(name for name in names if _NO_WORD.sub("", name))[:_MOST_NAMES] or (text,)


@lru_cache(maxsize=65_536)
def _taken_apart(name: str) -> NameParts:
    words = _without_acronym(normalised(name).split())
    article = _without_the(words)
    form = without_trailing_form(words)
    article = _without_the(words) or article
    leading = without_leading_form(words, alone=form is None)
    form = " ".join(filter(None, (form, leading))) or None
    generation = _generation(words, person="," in name and form is None and article is None)
    return NameParts(
        words=written_out(words),
        form=form,
        article=article,
        generation=generation,
        letters="".join(word for word in words if word != "AND"),
        joined="AND" in words,
    )


def _without_acronym(words: list[str]) -> list[str]:
    """Takes away an acronym at the end that only repeats the words before it: SAMPLE MARINE TOWING (SMT)."""
    if len(words) <= _ACRONYM_FROM:
        return words
    *before, last = words
    initials = "".join(word[0] for word in before)
    return before if len(last) >= _ACRONYM_FROM and last in {initials, initials[:-1]} else words


def _without_the(words: list[str]) -> str | None:
    """Takes THE away from either end, unless nothing else is left."""
    if len(words) > 1 and words[0] == "THE":
        del words[0]
        return "first"
    if len(words) > 1 and words[-1] == "THE":
        words.pop()
        return "last"
    return None


def _generation(words: list[str], *, person: bool) -> str | None:
    """Takes JR or SR away where two words are left; from the name of a person, also II, III and the like."""
    if len(words) < _WITH_GENERATION:
        return None
    for at, word in enumerate(words[1:], 1):
        if word in GENERATIONS and (len(word) <= _SHORT or at == len(words) - 1):
            del words[at]
            return GENERATIONS[word]
    for at, number in enumerate(written_out(words)) if person and len(words) <= _PERSON_AT_MOST else ():
        if at and _SENIORITY.fullmatch(number):
            del words[at]
            return number.rstrip(".")
    return None
