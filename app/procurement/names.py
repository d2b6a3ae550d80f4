"""Names of firms, persons and vessels: whether two are the same, written differently.

A legal form (INC, LLC, …) is never dropped silently: a name that differs only by it can be another legal person.
"""

from dataclasses import replace

from app.procurement.name_parts import NameParts, each_parts, names_on_one_line, normalised, parts_of
from app.procurement.name_words import COMMON, FILLERS, FORM_KINDS
from app.procurement.romanisation import sounds_alike
from app.procurement.word_likeness import SURE, alike, weight

__all__ = [
    "POSSIBLE", "STRONG", "distinctive_words", "legal_form", "names_on_one_line", "normalised", "same_but_for_article",
    "same_but_for_form", "same_name", "same_tokens", "similarity",
]  # fmt: skip

#: From here on a match is looked at before signing, where the place agrees too.
STRONG = 0.90
#: Below this, two names are different names.
POSSIBLE = 0.70

_FORM_MISSING, _FORM_DIFFERS = 0.04, 0.12
_ROMANISED, _JOINED, _REORDERED, _WITHOUT_THE = 0.92, 0.95, 0.98, 0.98
#: What is a guess can also be another name: such a match is never a strong one.
_GUESSED = 0.89
#: A person of another generation is another person.
_GENERATION_DIFFERS, _GENERATION_MISSING = 0.6, 0.08
_ONE_WORD_MORE = 0.75
#: Where each name says something that the other does not, that counts once more by this share.
_CONFLICT = 0.5
_INITIALS_DIFFER = 0.65
_SHORT_NAME = 5
_SURNAME_AND_GIVEN = 2


def legal_form(name: str) -> str | None:
    """The legal form of a name in its short spelling: "Example Marine, Incorporated" has INC."""
    return parts_of(name).form


def distinctive_words(name: str) -> tuple[str, ...]:
    """The words of a name without THE and the legal form, abbreviations in full."""
    return parts_of(name).words


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
    if not one.words or not other.words:
        return 0.0
    one, other = _of_one_kind(one, other), _of_one_kind(other, one)
    if one.words == other.words:
        score = 1.0 if (one.article is None) == (other.article is None) else _WITHOUT_THE
    elif sorted(one.words) == sorted(other.words):
        score = _REORDERED
    else:
        score = _compared(one, other)
    if one.generation and other.generation and one.generation != other.generation:
        score = min(score, _GENERATION_DIFFERS)
    elif one.generation != other.generation:
        score -= _GENERATION_MISSING
    return round(max(0.0, score - _form_penalty(one, other)), 2)


def _of_one_kind(name: NameParts, other: NameParts) -> NameParts:
    """A number at the end is a generation where the other name says that it is one."""
    if (
        other.generation
        and not name.generation
        and name.words[-1] == other.generation
        and len(name.words) > 1
    ):
        return replace(name, words=name.words[:-1], generation=name.words[-1])
    return name


def _form_penalty(one: NameParts, other: NameParts) -> float:
    """The legal form counts for more where the rest of the name is short: ABC INC, ABC LLC."""
    if one.form == other.form:
        return 0.0
    penalty = _FORM_DIFFERS
    if (
        not one.form
        or not other.form
        or FORM_KINDS.get(one.form, one.form) == FORM_KINDS.get(other.form, other.form)
    ):
        penalty = _FORM_MISSING
    little = len(one.words) == 1 and len(one.words[0]) <= _SHORT_NAME
    return penalty * 3 if little else penalty


def _compared(one: NameParts, other: NameParts) -> float:
    if one.letters == other.letters and (one.joined != other.joined or len(one.letters) > _SHORT_NAME):
        return _JOINED
    words, others = _put_together(one.words, other.words), _put_together(other.words, one.words)
    if words == others:
        return _JOINED
    if min(len(words), len(others)) == 1:
        return _single(words, others)
    divided_otherwise = len(words) != len(others) and sounds_alike("".join(words), "".join(others))
    return max(_ROMANISED if divided_otherwise else 0.0, _aligned(words, others))


def _put_together(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Two words in a row as one, where the other name has them as one: NORTH TERN, NORTHTERN."""
    joined = list(words)
    for at in range(len(words) - 1, 0, -1):
        both = joined[at - 1] + joined[at]
        if len(both) > _SHORT_NAME and both in others:
            joined[at - 1 : at + 1] = [both]
    return tuple(joined) if len(joined) < len(words) else words


def _single(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """A name of one word: an acronym or a short word matches itself and nothing else, and no likeness is a strong one."""
    if len(one) != len(other):
        short, long = sorted((one, other), key=len)
        more = [word for word in long if word != short[0] and word not in FILLERS]
        common = len(more) == 1 and more[0] in COMMON and len(short[0]) > _SHORT_NAME
        return _ONE_WORD_MORE if common and short[0] in long else 0.0
    if one == other:
        return 1.0
    long_enough = min(len(one[0]), len(other[0])) > _SHORT_NAME
    return min(alike(one[0], other[0]), _GUESSED) if long_enough else 0.0


def _aligned(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Each word paired with the one most like it. Words left over count against, and more so where both names have such."""
    likely = ((alike(a, b), i, j) for i, a in enumerate(one) for j, b in enumerate(other))
    pairs = sorted((pair for pair in likely if pair[0]), key=lambda pair: (-pair[0], pair[1], pair[2]))
    if not pairs:
        return 0.0
    left_one, left_other = dict(enumerate(one)), dict(enumerate(other))
    shared, full, guessed = 0.0, 0, False
    for likeness, i, j in pairs:
        if i in left_one and j in left_other:
            word, like = left_one.pop(i), left_other.pop(j)
            full += min(len(word), len(like)) > 1
            guessed = guessed or likeness < SURE
            shared += likeness * (weight(word) + weight(like))
    score = shared / sum(map(weight, one + other))
    if left_one and left_other:
        conflict = min(sum(map(weight, left_one.values())), sum(map(weight, left_other.values())))
        score -= _CONFLICT * 2 * conflict / sum(map(weight, one + other))
        if any(len(word) == 1 for word in left_one.values()) and any(
            len(word) == 1 for word in left_other.values()
        ):
            score = min(score, _INITIALS_DIFFER)
    return max(0.0, min(score, _GUESSED) if guessed or full < _SURNAME_AND_GIVEN else score)
