"""Reads query parameters as strictly as SAM.gov does: an unknown parameter is a bad request."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from mocks.refusals import RefusalError

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

_FORBIDDEN = frozenset("&|{}^\\")
_CODES = 100
_ROW_CAP = 10_000


class Query:
    """The parameters of one request. Each method raises `RefusalError` 400 for an invalid value."""

    def __init__(self, given: "MultiDict[str, str]", known: Collection[str]) -> None:
        for name in given:
            # The answer does not repeat names and values, which may be secrets.
            if name not in known:
                raise RefusalError(400, "an unknown parameter was supplied")
            if len(given.getlist(name)) > 1:
                raise RefusalError(400, f"{name} was supplied more than once")
            if _FORBIDDEN.intersection(given[name]):
                raise RefusalError(400, f"{name} contains a forbidden character")
        self._given = given

    def text(self, name: str) -> str | None:
        """The value; None if it is missing or empty."""
        return self._given.get(name) or None

    def required(self, name: str) -> str:
        """The value of a required parameter."""
        value = self.text(name)
        if value is None:
            raise RefusalError(400, f"{name} is required")
        return value

    def any_of(self, name: str) -> list[str] | None:
        """One code, or up to 100 as `[A~B]`, without duplicates, in their order."""
        value = self.text(name)
        if value is None:
            return None
        bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        codes = list(dict.fromkeys(code.strip().upper() for code in bare.split("~")))
        if len(codes) > _CODES:
            raise RefusalError(400, f"{name} takes up to {_CODES} values")
        return codes

    def number(self, name: str, *, default: int, least: int = 0, most: int) -> int:
        """A whole number in range."""
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most):  # noqa: PLR2004
            raise RefusalError(400, f"{name} must be a whole number from {least} to {most}")
        return int(value)

    def choice(self, name: str, choices: Sequence[str], *, default: str) -> str:
        """One of `choices`."""
        value = self.text(name) or default
        if value not in choices:
            raise RefusalError(400, f"{name} must be one of {', '.join(choices)}")
        return value

    def page(self) -> tuple[int, int]:
        """Page (from 0) and size (1 to 10) as in the entity and exclusions services."""
        page, size = (
            self.number("page", default=0, most=999),
            self.number("size", default=10, least=1, most=10),
        )
        if page * size > _ROW_CAP:
            raise RefusalError(400, f"page and size reach beyond {_ROW_CAP} rows")
        return page, size
