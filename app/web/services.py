"""The services that views use, created once per application."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import Flask, current_app
from sqlalchemy import Engine

from app.connections.database import Sessions
from app.contract_file.exporter import Exporter
from app.review.ageing import AgeingPolicy
from app.review.draft_records import Drafts
from app.review.queries import Pages
from app.review.reviews import Reviews
from app.review.saved_view_records import SavedViews
from app.web.database_clock import DatabaseClock
from app.web.presenter import Presenter
from app.web.probes import Probes
from app.web.recording.event_outbox import EventOutbox

_KEY = "triage.services"


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """The services of one application. `sessions` is the database for `app.usecases`, `queries` the read models.

    `database` is the same database for comparisons, each of which reads one snapshot.

    `clock` is the database's, by which credentials and sessions expire; `event_outbox` records security events.

    `audit_log` is the vault's audit log, None if it is not readable here. `presenter` carries out what is ordered for a demo, None elsewhere. `close` ends all connections.
    """

    sessions: Sessions
    database: Engine
    clock: DatabaseClock
    queries: Pages
    reviews: Reviews
    saved_views: SavedViews
    drafts: Drafts
    ageing: AgeingPolicy
    probes: Probes
    exporter: Exporter
    event_outbox: EventOutbox
    audit_log: Path | None
    presenter: Presenter | None
    close: Callable[[], None]

    def init_app(self, app: Flask) -> None:
        """Make this available through `services()` in `app`."""
        app.extensions[_KEY] = self


def services() -> Services:
    """The services of the current application."""
    return cast("Services", current_app.extensions[_KEY])
