"""Officers' labels for stored values, the same on pages, in exports and in reports."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from app.procurement.systems import SYSTEMS

#: Where values and answers come from.
SOURCES: Mapping[str, str] = {
    **{system.name: system.label for system in SYSTEMS},
    "action": "The submitted action",
    "rules": "The rules of this tool",
}
KINDS: Mapping[str, str] = {
    "signed-token": "Signed token",
    "api-key": "API key",
    "database-user": "Database user",
}
ACTION_TYPES: Mapping[str, str] = {
    "new_award": "New award",
    "modification": "Modification",
    "option": "Option exercise",
}
DECISIONS: Mapping[str, str] = {
    "confirmed": "Confirmed",
    "not_a_discrepancy": "Not a discrepancy",
    "resolved": "Resolved",
    "accepted": "Accepted with determination",
    "referred": "Referred",
}
STATUSES: Mapping[str, str] = {
    "open": "Open",
    "awaiting_concurrence": "Waits for a second person",
    "confirmed": "Confirmed",
    "referred": "Referred",
    "closed": "Closed",
}
EVENTS: Mapping[str, str] = {
    "assigned": "Assigned",
    "decided": "Decided",
    "concurred": "Second person concurred",
    "declined": "Second person declined",
    "undone": "Decision undone",
    "commented": "Comment",
}
STATES: Mapping[str, str] = {"dispatched": "under way", "requested": "waiting"}

#: Invisible characters that change how a text reads: control, direction, zero width.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def worded(words: Mapping[str, str], name: str) -> str:
    """The label of `name`, or `name` itself if it has none."""
    return words.get(name, name)


def without_unseen(text: str) -> str:
    """The text with a � for each invisible character, so that a reader sees what is stored."""
    if text.isascii() and text.isprintable():
        return text  # nearly every text, and much faster to find out
    return _UNSEEN.sub("�", text)


def unseen(text: str) -> Iterator[int]:
    """The positions of invisible characters, counted from 0."""
    return (match.start() for match in _UNSEEN.finditer(text))


def lasting(span: timedelta | None) -> str:
    """A length of time in its two largest units, such as "3 min 20 s" or "0.24 s"."""
    if span is None:
        return "unknown"
    seconds = span.total_seconds()
    if -1 < seconds < 0:  # written just after the page asked what time it is
        seconds = 0
    if seconds < 10:  # noqa: PLR2004  # below this, parts of a second count
        return f"{seconds:.2f} s"
    whole = round(seconds)
    for name, length, smaller, part in (
        ("d", 86_400, "h", 3_600),
        ("h", 3_600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def plural(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun: "1 run", "2 runs"."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
