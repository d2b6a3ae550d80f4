"""The state of the stack."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.web.services import services

bp = Blueprint("stack", __name__, url_prefix="/stack")


@bp.get("")
def show() -> ResponseReturnValue:
    """Every part, the queue of record, and the background processes; works even if parts are down."""
    return render_template(
        "stack.html", stack=services().probes.look(), events_behind=services().event_outbox.behind
    )
