"""The legal form of a name: what it is, and the name without it."""

from collections import defaultdict

from rapidfuzz.distance import OSA

from app.procurement.name_words import LEADING_ENDS, LEADING_FORMS, LEADING_STARTS
from app.reference import LEGAL_FORMS

_TWO_LETTERS, _LONG_FORM = 2, 7


def _by_word(at: int) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Legal forms by their first or last word, long ones first."""
    table: defaultdict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for spelling, form in sorted(LEGAL_FORMS.items(), key=lambda entry: -len(entry[0])):
        table[spelling[at]].append((spelling, form))
    return dict(table)


_ENDINGS, _BEGINNINGS = _by_word(-1), _by_word(0)


#: Forms in one long word by its first letter, where a slip of the pen leaves the word recognisable.
_LONG_FORMS: defaultdict[str, list[str]] = defaultdict(list)
for _spelling in LEGAL_FORMS:
    if len(_spelling) == 1 and len(_spelling[0]) >= _LONG_FORM:
        _LONG_FORMS[_spelling[0][0]].append(_spelling[0])


def is_form(word: str) -> bool:
    """Whether a word alone is a legal form: LLC, AKTIEBOLAG."""
    return (word,) in LEGAL_FORMS


def _mend_form(words: list[str]) -> None:
    """Corrects a slip in a long legal form at the end: INCORPORATD, AKTIENGESELSCHAFT."""
    last = words[-1] if len(words) > 1 else ""
    if len(last) >= _LONG_FORM - 1 and (last,) not in LEGAL_FORMS:
        meant = next(
            (form for form in _LONG_FORMS.get(last[0], ()) if OSA.distance(last, form, score_cutoff=1) <= 1),
            None,
        )
        if meant is not None:
            words[-1] = meant


def without_trailing_form(words: list[str]) -> str | None:
    """Takes all forms from the end, unless nothing else is left: CO, LTD."""
    _mend_form(words)
    forms: list[str] = []
    while len(words) > 1:
        found = next(
            (
                (spelling, form)
                for spelling, form in _ENDINGS.get(words[-1], ())
                if len(words) > len(spelling) and tuple(words[-len(spelling) :]) == spelling
            ),
            None,
        )
        if found is not None:
            forms.insert(0, found[1])
            del words[-len(found[0]) :]
        elif forms and words[-1] == "AND":
            words.pop()
        else:
            break
    return " ".join(forms) or None


def without_leading_form(words: list[str], *, alone: bool) -> str | None:
    """Takes a form from the front: one of two letters only where the name has no other, and two words are left."""
    for spelling, form in _BEGINNINGS.get(words[0], ()) if words else ():
        left = len(words) - len(spelling)
        enough = left > 1 and alone if len(spelling[0]) == _TWO_LETTERS else left > 0
        if enough and _may_lead(spelling) and tuple(words[: len(spelling)]) == spelling:
            del words[: len(spelling)]
            return form
    return None


def _may_lead(spelling: tuple[str, ...]) -> bool:
    if len(spelling) == 1:
        return spelling[0] in LEADING_FORMS
    return spelling[0] in LEADING_STARTS or spelling[-1] in LEADING_ENDS
