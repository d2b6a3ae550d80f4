"""Names of firms, persons and vessels: whether two are the same, written differently.

A legal form (INC, LLC, …) is never dropped silently: a name that differs only by it can be another legal person.
"""

from collections.abc import Iterable
from dataclasses import replace

from app.procurement.legal_forms import is_form
from app.procurement.name_likeness import words_alike
from app.procurement.name_parts import NameParts, each_parts, names_on_one_line, normalised, parts_of
from app.procurement.name_words import FORM_KINDS, is_read_otherwise

__all__ = [
    "POSSIBLE", "STRONG", "distinctive_words", "legal_form", "names_on_one_line", "normalised", "same_but_for_article",
    "same_but_for_form", "same_name", "same_tokens", "similarity", "written_one_way",
]  # fmt: skip

#: From here on a match is looked at before signing, where the place agrees too.
STRONG = 0.90
#: Below this, two names are different names.
POSSIBLE = 0.70

_FORM_MISSING, _FORM_DIFFERS = 0.04, 0.12
_REORDERED = _WITHOUT_THE = 0.98
#: A person of another generation is another person.
_GENERATION_DIFFERS, _GENERATION_MISSING = 0.6, 0.08
_GENERATIONS = frozenset("2345")
_SHORT_NAME = 5


def legal_form(name: str) -> str | None:
    """The legal form of a name in its short spelling: "Example Marine, Incorporated" has INC."""
    return parts_of(name).form


def distinctive_words(name: str) -> tuple[str, ...]:
    """The words of a name without THE and the legal form, abbreviations in full."""
    return parts_of(name).words


def written_one_way(words: Iterable[str]) -> list[str]:
    """Those words of a name that everybody writes alike: no THE, legal form, number, initial, hyphen or abbreviation."""
    return [
        word
        for word in words
        if word.isalpha() and len(word) > 1 and not (is_form(word) or is_read_otherwise(word))
    ]


def same_name(a: str, b: str) -> bool:
    """Equal but for case, accents, punctuation, abbreviations and the spelling of the legal form."""
    return _plain(parts_of(a)) == _plain(parts_of(b))


def same_but_for_form(a: str, b: str) -> bool:
    """Equal once the legal form is left out, and different with it."""
    one, other = _plain(parts_of(a)), _plain(parts_of(b))
    return one.form != other.form and replace(one, form=None) == replace(other, form=None)


def same_but_for_article(a: str, b: str) -> bool:
    """Equal but for a THE that only one of them has."""
    one, other = _plain(parts_of(a)), _plain(parts_of(b))
    return (one.article is None) != (other.article is None) and replace(one, article=None) == replace(
        other, article=None
    )


def same_tokens(a: str, b: str) -> bool:
    """The same words in whatever order, THE and the legal form among them."""
    one, other = parts_of(a), parts_of(b)
    return (one.form, one.generation, one.article is None, sorted(one.words)) == (
        other.form,
        other.generation,
        other.article is None,
        sorted(other.words),
    )


def similarity(a: str, b: str) -> float:
    """From 0 (different names) to 1 (the same but for spelling), rounded to two digits.

    Where a line holds several names, such as a legal name and what the firm does business as, the most similar two count.
    """
    return max(_score(one, other) for one in each_parts(a) for other in each_parts(b))


def _plain(name: NameParts) -> NameParts:
    return replace(name, letters="", joined=False)


def _score(one: NameParts, other: NameParts) -> float:
    if not one.letters or not other.letters:
        return 0.0
    one, other = _of_one_kind(one, other), _of_one_kind(other, one)
    if one.words == other.words:
        score = 1.0 if (one.article is None) == (other.article is None) else _WITHOUT_THE
    elif sorted(one.words) == sorted(other.words):
        score = _REORDERED
    else:
        score = words_alike(one, other)
    if one.generation and other.generation and one.generation != other.generation:
        score = min(score, _GENERATION_DIFFERS)
    elif one.generation != other.generation:
        score -= _GENERATION_MISSING
    return round(max(0.0, score - _form_penalty(one, other)), 2)


def _of_one_kind(name: NameParts, other: NameParts) -> NameParts:
    """A number at the end is a generation where the other name says that it is one. There, III is 3RD."""
    number = name.words[-1].rstrip(".")
    if len(name.words) > 1 and number in _GENERATIONS and not name.generation:
        if other.generation == number:
            return replace(name, words=name.words[:-1], generation=number)
        if other.words[-1].rstrip(".") == number:
            return replace(name, words=(*name.words[:-1], number))
    return name


def _form_penalty(one: NameParts, other: NameParts) -> float:
    """The legal form counts for more where the rest of the name is short: ABC INC, ABC LLC."""
    if one.form == other.form:
        return 0.0
    kinds, others = _kinds(one.form), _kinds(other.form)
    penalty = _FORM_MISSING if not kinds or not others or kinds & others else _FORM_DIFFERS
    little = len(one.words) == 1 and len(one.words[0]) <= _SHORT_NAME
    return penalty * 3 if little else penalty


def _kinds(form: str | None) -> set[str]:
    return {FORM_KINDS.get(word, word) for word in (form or "").split()}
