"""Query parameters of lists: known filters, search text, and the cursor of the page.

Invalid parameters are ignored, and the page says so: `not_taken()` in components/messages.html.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, g, request

from app.procurement.labels import without_unseen

#: The signed-in person, in a filter by person.
ME = "me"
#: The most days a list can look back: ten years.
MOST_DAYS = 3_650
#: Lines per page.
PAGE = 25
#: The most characters of a search text.
LONGEST = 200
#: Digits of a number in the database, which holds any number of so many.
_DIGITS = 18
#: The most characters of a value that the page repeats.
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Ignored:
    """A query parameter that was ignored."""

    name: str
    value: str


def ignore(name: str, value: str) -> None:
    """Note a parameter for the page to report as ignored."""
    short = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
    _noted().append(Ignored(name, short))


def ignored() -> list[Ignored]:
    """The ignored parameters of this request."""
    return list(_noted())


def choice(name: str, known: Collection[str]) -> str | None:
    """The value of a filter; None if it is not set or not in `known`."""
    value = request.args.get(name) or None
    if value is not None and value not in known:
        ignore(name, value)
        return None
    return value


def text(name: str) -> str | None:
    """A free text, stripped; None if it is not set, too long, or has invisible characters."""
    value = request.args.get(name, "").strip()
    if not searchable(value):
        ignore(name, value)
        return None
    return value or None


def searchable(value: str) -> bool:
    """Whether this is a valid search text: not too long, and without invisible characters."""
    return len(value) <= LONGEST and without_unseen(value) == value


def cursor() -> UUID | None:
    """The id after which the page begins; None on the first page or if the value is not a UUID."""
    return identifier("after")


def identifier(name: str) -> UUID | None:
    """The id in a parameter; None if it is not set or is not a UUID."""
    value = request.args.get(name, "").strip()
    if not value:
        return None
    try:
        return UUID(value)
    except ValueError:
        ignore(name, value)
        return None


def number_cursor() -> int | None:
    """The number before which the page begins; None on the first page or if the value is not a number."""
    value = request.args.get("before")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= _DIGITS):
        ignore("before", value)
        return None
    return int(value)


def days() -> str | None:
    """The number of days to look back, as written; None if it is not set or is not one."""
    value = text("within")
    if value is None or (value.isascii() and value.isdecimal() and 0 < int(value) <= MOST_DAYS):
        return value
    ignore("within", value)
    return None


def init_app(app: Flask) -> None:
    """Give templates `ignored()`."""
    app.jinja_env.globals["ignored"] = ignored


def _noted() -> list[Ignored]:
    if "ignored" not in g:
        g.ignored = []
    noted: list[Ignored] = g.ignored
    return noted
