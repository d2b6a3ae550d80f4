"""Vendors: one vendor across all actions."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from app.web.services import services

bp = Blueprint("vendors", __name__, url_prefix="/vendors")


@bp.get("/<uei>")
def show(uei: str) -> ResponseReturnValue:
    """A vendor's names in actions, its flags, and its latest registration."""
    page = services().queries.vendor(uei) or abort(404)
    return render_template("vendors/show.html", page=page)
