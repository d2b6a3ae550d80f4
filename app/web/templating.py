"""What every template finds: strict names, the page frame of `base.html`, and facts about this installation."""

from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from flask.templating import Environment
from jinja2 import StrictUndefined

from app.procurement.finding import NOT_PERFORMED
from app.settings import Settings

#: Pages named in the header of every page, as endpoint and text. A page links only to those that its reader may use.
NAVIGATION = (
    ("start.home", "Start"),
    ("flags.queue", "Flags"),
    ("actions.queue", "Actions"),
    ("runs.queue", "Runs"),
    ("three_sides.show", "Three sides"),
    ("stack.show", "State of the stack"),
    ("help.show", "Help"),
)


class Addresses:
    """`url_for` of the templates. Addresses of pages without parts and of files are remembered: a page has some thirty."""

    def __init__(self, app: Flask) -> None:
        self._made = app.url_for
        self._known: dict[tuple[str, str, str], str] = {}

    def __call__(self, endpoint: str, **values: Any) -> str:
        """As Flask's, for a request."""
        if values.keys() - {"filename"} or endpoint.startswith("."):
            return self._made(endpoint, **values)
        key = (request.root_path, endpoint, values.get("filename", ""))
        if key not in self._known:
            self._known[key] = self._made(endpoint, **values)
        return self._known[key]


class PlainEnvironment(Environment):
    """Gives templates the application's names in a plain dictionary.

    Jinja lays a chain of dictionaries over them and goes through it in Python at every import of a macro, some thirty
    times a page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names of the application, overlaid with `d`."""
        return {**self.globals, **d} if d else self.globals


def init_app(app: Flask, configuration: Settings) -> None:
    """Set up the templates of `app`. Call this before anything else uses `app.jinja_env`."""
    app.jinja_environment = PlainEnvironment
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        url_for=Addresses(app),
        demo=configuration.demo,
        far=configuration.far,
        second_person=configuration.second_person,
        runbook_url=configuration.runbook_url,
        session_times=[
            timedelta(seconds=seconds)
            for seconds in (configuration.session_idle, configuration.session_lifetime)
        ],
        uswds=(Path(app.static_folder or "") / "uswds/.ready").is_file(),
        navigation=NAVIGATION,
        serves=serves,
        presented=lambda: configuration.presenter_socket is not None,
        NOT_PERFORMED=NOT_PERFORMED,
    )


def serves(endpoint: str) -> bool:
    """Whether the application has this page."""
    return endpoint in current_app.view_functions
