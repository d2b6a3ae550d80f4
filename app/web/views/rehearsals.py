"""Rehearsed attacks on the demo: what each tries, how it ended, and an order to carry it out."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.web.presenting import known_state, order
from app.web.services import services

bp = Blueprint("rehearsals", __name__, url_prefix="/rehearsals")


@bp.get("")
def show() -> ResponseReturnValue:
    """Every attack with its last outcome."""
    state, problem = known_state()
    outcomes = [each.outcome for each in state.attacks if each.outcome] if state else []
    lines = [outcome.vault_line.request_id for outcome in outcomes if outcome.vault_line]
    return render_template(
        "rehearsals.html",
        state=state,
        problem=problem,
        recorded=services().queries.recorded_lines(lines),
    )


@bp.post("")
def start() -> ResponseReturnValue:
    """Carry out the attacks named in the form, or all."""
    names = request.form.getlist("attack")
    order("rehearse", "Started. The results appear here as they come.", attacks=names)
    return redirect(url_for(".show"), HTTPStatus.SEE_OTHER)
