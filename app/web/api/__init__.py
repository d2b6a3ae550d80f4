"""The JSON API below `/api/v1`, with the same permissions as the pages.

`operations` registers the endpoints, `shapes` defines their JSON, `openapi` documents both.
"""

from flask import Flask

from app.web.api import (
    actions,
    alarms,
    calls,
    decisions,
    flags,
    log_lines,
    me,
    metrics,
    openapi,
    problem_details,
    runs,
    security_events,
    switches,
    three_sides,
)
from app.web.api.operations import OPERATIONS, bp

__all__ = [
    "OPERATIONS",
    "actions",
    "alarms",
    "calls",
    "decisions",
    "flags",
    "init_app",
    "log_lines",
    "me",
    "metrics",
    "openapi",
    "runs",
    "security_events",
    "switches",
    "three_sides",
]


def init_app(app: Flask) -> None:
    """Add the API to `app`."""
    problem_details.init_app(app)
    app.register_blueprint(bp)
