"""The guided tour for presenters, in the demo only."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.web.presenting import known_state, order
from app.web.tour_scenes import SCENES

bp = Blueprint("tour", __name__, url_prefix="/tour")


@bp.get("")
def show() -> ResponseReturnValue:
    """What to say, what to do and where, in ten minutes."""
    state, _ = known_state()
    return render_template(
        "tour.html", scenes=SCENES, can_start_again=state is not None and state.can_start_again
    )


@bp.post("/new-start")
def start_again() -> ResponseReturnValue:
    """Have the demo started anew, with empty records and logs."""
    if order("reset"):
        return render_template("starting_again.html"), HTTPStatus.ACCEPTED
    return redirect(url_for(".show"), HTTPStatus.SEE_OTHER)
