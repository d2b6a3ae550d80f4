"""What an address may ask of a list: filters from a known set, and where the next page begins."""

from collections.abc import Collection
from uuid import UUID

from flask import abort, request

#: Lines of a list on one page.
PAGE = 25


def choice(name: str, known: Collection[str]) -> str | None:
    """The value of a filter, None when it is not set. Ends the request with 400 for an unknown value."""
    value = request.args.get(name) or None
    if value is not None and value not in known:
        abort(400)
    return value


def cursor() -> UUID | None:
    """The id after which the page begins, None for the first page. Ends the request with 400 if it is no id."""
    value = request.args.get("after")
    if not value:
        return None
    try:
        return UUID(value)
    except ValueError:
        abort(400)
