"""What every page is framed in: the navigation, the strip that says this is a demo, the design system where it is installed."""

from collections.abc import Iterator
from pathlib import Path

from flask import Flask, current_app

from app.procurement.finding import NOT_PERFORMED

#: Pages named in the head of every page, as endpoint and text; those not served here are left out.
NAVIGATION = (
    ("start.home", "Start"),
    ("flags.queue", "Flagged items"),
    ("actions.queue", "Actions"),
    ("runs.queue", "Runs"),
    ("stack.show", "State of the stack"),
    ("help.show", "Help"),
)


def init_app(app: Flask) -> None:
    """Give the templates of `app` what `base.html` asks for."""
    app.jinja_env.globals.update(
        uswds=(Path(app.static_folder or "") / "uswds/.ready").is_file(),
        navigation=navigation,
        serves=serves,
        NOT_PERFORMED=NOT_PERFORMED,
    )


def navigation() -> Iterator[tuple[str, str]]:
    """Endpoint and text of each page named in the head."""
    return ((endpoint, text) for endpoint, text in NAVIGATION if serves(endpoint))


def serves(endpoint: str) -> bool:
    """Whether the application has this page."""
    return endpoint in current_app.view_functions
