"""The words of a name that a list is asked about. The service wants every word of a question, in any order."""

import re

from app.procurement.legal_forms import is_form
from app.procurement.name_words import COMMON, FILLERS, TRADES
from app.procurement.names import written_one_way

#: Words of one name that are asked about, each by itself: a record may have another spelling of any of them.
_ASKED = 2


def distinctive(name: str) -> list[str]:
    """The longest words that everybody writes alike, two at most.

    THE, a legal form, numbers, initials and words that are often abbreviated are left out, and words that many names
    share, while others remain.
    """
    words = _words(name)
    alike = written_one_way(words)
    rare = [word for word in alike if word not in COMMON | TRADES]
    return sorted(dict.fromkeys(rare or alike or words), key=len, reverse=True)[:_ASKED]


def telling(name: str) -> list[str]:
    """Every word but THE and its like, initials and a legal form, each once."""
    words = _words(name)
    kept = [word for word in words if len(word) > 1 and not (word in FILLERS or is_form(word))]
    return list(dict.fromkeys(kept or words))


def _words(name: str) -> list[str]:
    """In upper case, without what the service forbids. Hyphens and slashes part words."""
    return [word for each in re.findall(r"[\w'’.]+", name.upper()) if (word := each.strip(".'’_"))]
