"""Where a visitor arrives."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

bp = Blueprint("start", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """The queue is the home of this application."""
    return redirect(url_for("flags.queue"))


@bp.get("/healthz")
def health() -> ResponseReturnValue:
    """Whether this process serves; asks nothing of the database."""
    return "ok\n", {"Content-Type": "text/plain; charset=utf-8"}
