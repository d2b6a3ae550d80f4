"""How Jinja finds what every template may use."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class PlainEnvironment(Environment):
    """Gives templates the application's names in a plain dictionary.

    Jinja lays a chain of dictionaries over them and goes through it in Python at every import of a macro, some thirty
    times a page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names of the application, overlaid with `d`."""
        return {**self.globals, **d} if d else self.globals
