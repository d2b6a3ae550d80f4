"""The JSON interface for programs, below `/api/v1`: the same things as the pages, under the same permissions.

`operations` lists what can be asked, `shapes` says what goes in and out, `openapi` makes the document of both.
"""

from flask import Flask

from app.web.api import actions, calls, decisions, flags, me, openapi, problem_details, runs
from app.web.api.operations import OPERATIONS, bp

__all__ = ["OPERATIONS", "actions", "calls", "decisions", "flags", "init_app", "me", "openapi", "runs"]


def init_app(app: Flask) -> None:
    """Add the interface to `app`."""
    problem_details.init_app(app)
    app.register_blueprint(bp)
