"""What an address may ask of a list: filters from a known set, and where the next page begins.

What cannot be taken is left out, and the page says so: `not_taken()` in components/messages.html.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, g, request

from app.procurement.labels import without_unseen

#: Who asks, in a filter by person.
ME = "me"
#: Days a list can look back, at most: ten years.
MOST_DAYS = 3_650
#: Lines of a list on one page.
PAGE = 25
#: Characters of a text that is searched for, at most.
LONGEST = 200
#: Characters of a value that a notice repeats.
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part of an address that was not taken: what it is for, in words, and its value."""

    name: str
    value: str


def ignore(name: str, value: str) -> None:
    """Say on the page that this was not taken."""
    short = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
    _noted().append(Ignored(name, short))


def ignored() -> list[Ignored]:
    """What of this request's address was not taken."""
    return list(_noted())


def choice(name: str, known: Collection[str]) -> str | None:
    """The value of a filter; None when it is not set, or has a value that is not known."""
    value = request.args.get(name) or None
    if value is not None and value not in known:
        ignore(name, value)
        return None
    return value


def text(name: str) -> str | None:
    """A value that is free text, without blanks around it; None when it is not set, too long, or holds unseen characters."""
    value = request.args.get(name, "").strip()
    if not searchable(value):
        ignore(name, value)
        return None
    return value or None


def searchable(value: str) -> bool:
    """Whether this may be searched for: not too long, and nothing in it that cannot be seen."""
    return len(value) <= LONGEST and without_unseen(value) == value


def cursor() -> UUID | None:
    """The id after which the page begins; None for the first page, and for what is no id."""
    value = request.args.get("after")
    if not value:
        return None
    try:
        return UUID(value)
    except ValueError:
        ignore("after", value)
        return None


def init_app(app: Flask) -> None:
    """Give templates `ignored()`."""
    app.jinja_env.globals["ignored"] = ignored


def _noted() -> list[Ignored]:
    if "ignored" not in g:
        g.ignored = []
    noted: list[Ignored] = g.ignored
    return noted
