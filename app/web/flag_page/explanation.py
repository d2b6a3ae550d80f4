"""The explanation of a finding in two parts: what a reader sees at once, and the rest."""

import re

#: The most characters that are seen at once.
_SEEN = 330
_SENTENCE_END = re.compile(r"(?<=[.;]) (?=[A-Z])")


def in_short(text: str) -> tuple[str, str]:
    """Whole sentences up to the limit, and the rest; a longer first sentence is split between words."""
    if len(text) <= _SEEN:
        return text, ""
    ends = [match.start() for match in _SENTENCE_END.finditer(text) if match.start() <= _SEEN]
    at = ends[-1] if ends else text.rfind(" ", 0, _SEEN)
    at = at if at > 0 else _SEEN
    return text[:at], text[at:].strip()
