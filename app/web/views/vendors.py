"""Vendors: everything known of one, across all actions."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from app.web.services import services

bp = Blueprint("vendors", __name__, url_prefix="/vendors")


@bp.get("/<uei>")
def show(uei: str) -> ResponseReturnValue:
    """How actions name a vendor, what was flagged about it, and how it was last registered."""
    page = services().queries.vendor(uei) or abort(404)
    return render_template("vendors/show.html", page=page)
