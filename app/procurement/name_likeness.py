"""How alike the words of two names are: one to one, put together, in another order, or with words left over."""

from collections.abc import Collection

from app.procurement.name_parts import NameParts
from app.procurement.name_words import COMMON, FILLERS
from app.procurement.romanisation import sounds_alike
from app.procurement.word_likeness import SURE, alike, weight

_ROMANISED, _JOINED, _ONE_WORD_MORE = 0.92, 0.95, 0.75
#: What is a guess can also be another name: such a match is never a strong one.
_GUESSED = 0.89
#: Where each name says something that the other does not, that counts once more by this share.
_CONFLICT = 0.6
_INITIALS_DIFFER = 0.65
_SHORT_NAME = 5
_SURNAME_AND_GIVEN = _INITIALS = 2


def words_alike(one: NameParts, other: NameParts) -> float:
    """From 0 to 1, for names that do not have the same words."""
    if one.letters == other.letters and (one.joined != other.joined or len(one.letters) > _SHORT_NAME):
        return _JOINED
    words, others = _put_together(one.words, other.words), _put_together(other.words, one.words)
    if words == others:
        return _JOINED
    if one.form is None and other.form is None:
        words, others = _initials_apart(words, others), _initials_apart(others, words)
    if min(len(words), len(others)) == 1:
        return _single(words, others)
    divided_otherwise = len(words) != len(others) and sounds_alike("".join(words), "".join(others))
    return max(_ROMANISED if divided_otherwise else 0.0, _aligned(words, others))


def _put_together(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Two words in a row as one, where the other name has them as one: NORTH TERN, NORTHTERN."""
    joined = list(words)
    for at in range(len(words) - 1, 0, -1):
        both = joined[at - 1] + joined[at]
        if (len(both) > _SHORT_NAME or not both.isalpha()) and both in others:
            joined[at - 1 : at + 1] = [both]
    return tuple(joined) if len(joined) < len(words) else words


def _initials_apart(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Two initials that were written as one word, where the other name has words that begin with them: JR DOE, JOHN R DOE."""
    if words[-1] != others[-1] or len(words) < _SURNAME_AND_GIVEN or len(words[0]) != _INITIALS:
        return words
    begins = "".join(word[0] for word in others[:_INITIALS])
    apart = words[0] == begins and words[0] not in others and len(others) > _INITIALS
    return (*words[0], *words[1:]) if apart else words


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
        conflict = min(_said(left_one.values()), _said(left_other.values()))
        score -= _CONFLICT * 2 * conflict / sum(map(weight, one + other))
        if _initials_differ(left_one.values(), left_other.values()):
            score = min(score, _INITIALS_DIFFER)
    return max(0.0, min(score, _GUESSED) if guessed or full < _SURNAME_AND_GIVEN else score)


def _said(words: Collection[str]) -> float:
    """What words say where the other name has another word in their place: a word that many names share says as much as any."""
    return sum(
        max(weight(word), 1.0) if len(word) > 1 and word not in FILLERS else weight(word) for word in words
    )


def _initials_differ(one: Collection[str], other: Collection[str]) -> bool:
    """Whether words left over on both sides have an initial among them: the middle names of two persons."""
    return any(len(word) == 1 and word not in FILLERS for word in (*one, *other))
