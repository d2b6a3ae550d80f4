"""One flagged item, with the lineage of its values. The queue is in `app.web.views.queue`."""

from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.web.flag_page import flag_page

bp = Blueprint("flags", __name__, url_prefix="/flags")


@bp.get("/<uuid:flag_id>")
def show(flag_id: UUID) -> ResponseReturnValue:
    """One finding, its values side by side, and the credential behind each."""
    return flag_page(flag_id)
