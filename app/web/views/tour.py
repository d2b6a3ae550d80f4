"""The guided tour for presenters, in the demo only."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from app.web.services import services
from app.web.tour_scenes import SCENES

bp = Blueprint("tour", __name__, url_prefix="/tour")


@bp.get("")
def show() -> ResponseReturnValue:
    """What to say, what to do and where, in ten minutes."""
    if not services().is_demo:
        abort(404)
    return render_template("tour.html", scenes=SCENES, minutes=sum(scene.minutes for scene in SCENES))
