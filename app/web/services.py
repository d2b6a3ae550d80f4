"""What the views ask: made once per application, found through it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import Flask, current_app

from app.connections.database import Sessions
from app.contract_file.exporter import Exporter
from app.review.queries import Pages
from app.review.reviews import Reviews
from app.review.saved_views import SavedViews
from app.web.probes import Probes

_KEY = "triage.services"


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """The database for `app.usecases`, the read models, officers' decisions, people's saved views, the probes of the stack's parts, exports, and the vault's audit log if there is one.

    `close` ends the connections behind them; a served application does so by ending.
    """

    sessions: Sessions
    queries: Pages
    reviews: Reviews
    saved_views: SavedViews
    probes: Probes
    exporter: Exporter
    audit_log: Path | None
    close: Callable[[], None]

    def init_app(self, app: Flask) -> None:
        """Make this what `services` finds in requests of `app`."""
        app.extensions[_KEY] = self


def services() -> Services:
    """The services of the current application."""
    return cast("Services", current_app.extensions[_KEY])
