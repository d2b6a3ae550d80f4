"""Limits on the text that officers write: its length, and no invisible characters."""

import unicodedata

from app.procurement.labels import unseen

#: Characters of a reason, and of the name of the document it rests on.
REASON_LIMIT = 4_000
REFERENCE_LIMIT = 200


def tidied(text: str) -> str:
    """The text without blanks at its ends, with line ends as one character, as browsers send two."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def refusal(text: str, *, limit: int, lines: bool) -> str | None:
    """Why this text is refused, in words for its author; None if it is accepted. `lines`: whether it may have several.

    Invisible characters are refused: with them a reason could read differently from what is stored.
    """
    if len(text) > limit:
        return f"It has {len(text):,} characters; at most {limit:,} are taken."
    hidden = next(unseen(text), None)
    if hidden is None and not lines and "\n" in text:
        return "Write it on one line."
    if hidden is None:
        return None
    name = unicodedata.name(text[hidden], "a control character").lower()
    return f"Character {hidden + 1:,} cannot be seen (U+{ord(text[hidden]):04X}, {name}). Take it out."
