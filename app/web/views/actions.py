"""Procurement actions: the list, one action, and a request for a new run."""

from functools import partial
from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import usecases
from app.procurement.federal_time import eastern_day
from app.review.referrals import referral_words
from app.store.actions import UnknownActionError
from app.web.list_queries import PAGE, text
from app.web.presenting import order
from app.web.recording.event_notes import note
from app.web.services import services
from app.web.sign_in import person

bp = Blueprint("actions", __name__, url_prefix="/actions")


@bp.get("")
def queue() -> ResponseReturnValue:
    """Actions that match the query, last submitted first."""
    q, after = text("q"), text("after")
    lines = services().queries.actions(text=q, after=after, limit=PAGE + 1)
    return render_template(
        "actions/list.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].action.action_id if len(lines) > PAGE else None,
        after=after,
        q=q,
    )


@bp.get("/<action_id>")
def show(action_id: str) -> ResponseReturnValue:
    """One action: its facts, runs, flags, review history and exports."""
    page = services().queries.action(action_id) or abort(404)
    now = services().clock.now()
    return render_template(
        "actions/show.html",
        page=page,
        people=page.people,
        now=now,
        referral=partial(referral_words, today=eastern_day(now)),
    )


@bp.post("/<action_id>/runs")
def request_run(action_id: str) -> ResponseReturnValue:
    """Request a new run, unless one is under way; then show the run."""
    if request.form.get("slowly") and services().presenter:
        order("slow")
    try:
        run_id, new = usecases.request_again(services().sessions, action_id, requested_by=person().subject)
    except UnknownActionError:
        abort(404)
    note(run=run_id, new=new)
    if new:
        flash(
            "The records are being re-pulled. It takes a few seconds; this is the page of the run.", "success"
        )
    else:
        flash("A run of this action is already under way, so no second one was started.", "info")
    return redirect(url_for("runs.show", run_id=run_id), HTTPStatus.SEE_OTHER)
