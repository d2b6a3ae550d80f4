"""Runs: the list, one run in seven steps, and a request to stop it."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import usecases
from app.credentials.alarm_kinds import ALARM_KINDS, UNKNOWN_KIND
from app.credentials.progress import ENDED
from app.credentials.requests import UnknownRunError
from app.credentials.tables import RunState
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.report import reconcile_run
from app.review.queries import RunFilter
from app.web.end_summary import end_summary
from app.web.event_streams import event_stream
from app.web.list_queries import ME, PAGE, choice, cursor, days, text
from app.web.pictures.waterfall import waterfall
from app.web.services import services
from app.web.sign_in import person
from app.web.vault_side import vault_side

bp = Blueprint("runs", __name__, url_prefix="/runs")
#: Seconds between two looks at a run that a page follows.
LOOK_EVERY = 0.3
_STATES: Sequence[str] = [state.value for state in RunState]


@bp.get("")
def queue() -> ResponseReturnValue:
    """Runs that match the query, newest first."""
    state, after = choice("state", _STATES), cursor()
    query = {"action": text("action"), "requested_by": text("requested_by"), "within": days()}
    others = {name: value for name, value in query.items() if value}
    pages = services().queries
    lines = pages.runs(wanted=_filter(others, state), after=after, limit=PAGE + 1)
    counts = pages.run_counts(_filter(others)) if others else pages.run_counts()
    return render_template(
        "runs/list.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].run.run_id if len(lines) > PAGE else None,
        after=after,
        state=state,
        others=others,
        by_state={name: counts.get(name, 0) for name in _STATES},
        total=sum(counts.values()) if state is None else counts.get(state, 0),
        people=pages.people(),
    )


def _filter(others: dict[str, str], state: str | None = None) -> RunFilter:
    by = others.get("requested_by")
    days = others.get("within")
    return RunFilter(
        state=state,
        action=others.get("action"),
        requested_by=person().subject if by == ME else by,
        since=services().clock.now() - timedelta(days=int(days)) if days else None,
    )


@bp.get("/<uuid:run_id>/events")
def events(run_id: UUID) -> ResponseReturnValue:
    """Server-sent events `changed`: one at the beginning, and one whenever something new is recorded of the run."""
    pages, seen = services().queries, ""
    if pages.run_stamp(run_id) is None:
        abort(404)

    def look() -> str | None:
        nonlocal seen
        found = pages.run_stamp(run_id)
        if found is None or found == seen:
            return None
        seen = found
        return "event: changed\ndata: {}\n\n"

    return event_stream(look, every=LOOK_EVERY, instead=url_for(".show", run_id=run_id))


@bp.get("/<uuid:run_id>/live", endpoint="live")
@bp.get("/<uuid:run_id>")
def show(run_id: UUID) -> ResponseReturnValue:
    """One run: identity, policy, credentials, calls, the vault's log lines about it, and how the three sides compare."""
    page = services().queries.run(run_id) or abort(404)
    now = services().clock.now()
    endings = page.endings(now)
    return render_template(
        "runs/show.html",
        page=page,
        vault=vault_side(page, services().audit_log, services().database),
        compared=reconcile_run(services().database, ISSUING_PATHS, run_id),
        pictures=waterfall(page, now),
        endings=endings,
        ends=end_summary(page, endings),
        kinds=ALARM_KINDS,
        unknown_kind=UNKNOWN_KIND,
        people=page.people,
    )


@bp.get("/<uuid:run_id>/stop")
def confirm_stop(run_id: UUID) -> ResponseReturnValue:
    """Explain the effect of stopping, and ask for confirmation."""
    page = services().queries.run(run_id) or abort(404)
    if page.run.state in ENDED or page.run.stop_requested_at:
        return redirect(url_for(".show", run_id=run_id))
    return render_template("runs/stop.html", page=page, people=page.people)


@bp.post("/<uuid:run_id>/stop")
def stop(run_id: UUID) -> ResponseReturnValue:
    """Request that the run be stopped; the sweeper stops it within seconds."""
    try:
        requested = usecases.stop_run(services().sessions, run_id, requested_by=person().subject)
    except UnknownRunError:
        abort(404)
    if requested:
        flash("The run is being stopped. This page shows which ends are confirmed.", "info")
    else:
        flash("Nothing to stop: the run has ended, or is already being stopped.", "info")
    return redirect(url_for(".show", run_id=run_id), HTTPStatus.SEE_OTHER)
