"""The words of a name that a list is asked about. The service wants every word of a question, in any order."""

import re

from app.procurement.legal_forms import is_form
from app.procurement.name_words import COMMON, FILLERS, TRADES
from app.procurement.names import distinctive_words, normalised, written_one_way
from app.reference import LEGAL_FORMS

_SHARED = COMMON | TRADES
_FORM_WORDS = frozenset(word for form in LEGAL_FORMS for word in form)


def questions(name: str) -> list[str]:
    """Two questions about a name, each of one word if it has two that tell: a record may spell either otherwise.

    These are the longest words that everybody writes alike. THE, a legal form, numbers, initials, words that are often
    abbreviated and words that many names share are left out, while others remain. Where one word is left, the other
    question has all the rest, unless that is one word that many names share.
    """
    words = telling(name)
    alike = written_one_way(words)
    rare = [word for word in alike if word not in _SHARED]
    first, *more = sorted(rare or alike or words, key=len, reverse=True)[:2] or [""]
    rest = more or [" ".join(word for word in words if word != first)]
    return [first, *rest] if rest[0] and rest[0] not in _SHARED else [first] if first else []


def telling(name: str) -> list[str]:
    """Every word but THE and its like, initials and a legal form, each once."""
    words = _words(name)
    kept = [word for word in words if len(word) > 1 and not (word in FILLERS or is_form(word))]
    # A legal form of several words, such as one with limited liability.
    kept = [word for word in kept if normalised(word) not in _FORM_WORDS.difference(distinctive_words(name))]
    return list(dict.fromkeys(kept or words))


def _words(name: str) -> list[str]:
    """In upper case, without what the service forbids. Hyphens and slashes part words."""
    return [word for each in re.findall(r"[\w'’.]+", name.upper()) if (word := each.strip(".'’_"))]
