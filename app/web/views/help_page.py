"""Help for users."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.procurement.labels import DECISIONS, STATUSES
from app.web.services import services

bp = Blueprint("help", __name__)


@bp.get("/help")
def show() -> ResponseReturnValue:
    """Flags, decisions, the seven steps, keys, and how long a session lasts."""
    return render_template(
        "help.html",
        decisions=DECISIONS,
        statuses=STATUSES,
        ageing=services().ageing,
        draft_days=services().drafts.kept.days,
    )
