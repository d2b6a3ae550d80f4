"""Alarms for security operators: the list, one alarm, and what a person does about it."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import usecases
from app.credentials.alarm_handling import UnknownAlarmError
from app.credentials.alarm_kinds import ALARM_KINDS, AlarmSeverity, kind_of
from app.credentials.tables import AlarmState
from app.procurement.free_text import REASON_LIMIT, refusal, tidied
from app.review.queries.alarms import NOT_CLOSED, AlarmFilter
from app.web.list_queries import PAGE, choice, cursor
from app.web.services import services
from app.web.sign_in import person

bp = Blueprint("alarms", __name__, url_prefix="/alarms")
#: The value of `state` for all alarms; without one, those that are not closed are listed.
_ANY = "any"
_STATES = (*(state.value for state in AlarmState), _ANY)


@bp.get("")
def queue() -> ResponseReturnValue:
    """Alarms that match the query, newest first."""
    state, after = choice("state", _STATES), cursor()
    severity = choice("severity", [each.value for each in AlarmSeverity])
    kind = choice("kind", ALARM_KINDS)
    states = NOT_CLOSED if state is None else () if state == _ANY else (state,)
    wanted = AlarmFilter(states=states, severity=AlarmSeverity(severity) if severity else None, kind=kind)
    lines = services().queries.alarms(wanted, after=after, limit=PAGE + 1)
    others = {name: value for name, value in (("severity", severity), ("kind", kind)) if value}
    return render_template(
        "alarms/list.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].alarm_id if len(lines) > PAGE else None,
        after=after,
        state=state,
        states=_STATES,
        severities=[each.value for each in AlarmSeverity],
        kinds=list(ALARM_KINDS),
        kind_of=kind_of,
        others=others,
    )


@bp.get("/<uuid:alarm_id>")
def show(alarm_id: UUID) -> ResponseReturnValue:
    """One alarm: what it means, what to do, what was done, and whether it was sent."""
    return _page(alarm_id)


@bp.post("/<uuid:alarm_id>/acknowledgement")
def acknowledge(alarm_id: UUID) -> ResponseReturnValue:
    """Record that the person looks into it."""
    return _handle(alarm_id, AlarmState.ACKNOWLEDGED, "The alarm is acknowledged in your name.")


@bp.post("/<uuid:alarm_id>/closing")
def close(alarm_id: UUID) -> ResponseReturnValue:
    """Close it with a reason, or show the form again."""
    reason = tidied(request.form.get("reason", ""))
    problem = refusal(reason, limit=REASON_LIMIT, lines=True) if reason else "Enter a reason."
    if problem:
        return _page(alarm_id, reason=reason, error=problem, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _handle(alarm_id, AlarmState.CLOSED, "The alarm is closed.", reason)


def _page(
    alarm_id: UUID, *, reason: str = "", error: str = "", status: HTTPStatus = HTTPStatus.OK
) -> ResponseReturnValue:
    page = services().queries.alarm(alarm_id) or abort(404)
    return render_template("alarms/show.html", page=page, reason=reason, error=error), status


def _handle(alarm_id: UUID, state: AlarmState, done: str, reason: str = "") -> ResponseReturnValue:
    me = person()
    try:
        changed = usecases.handle_alarm(
            services().sessions, alarm_id, state, by=me.subject, by_name=me.name, reason=reason
        )
    except UnknownAlarmError:
        abort(404)
    if changed:
        flash(done, "success")
    else:
        flash("Nothing was changed: somebody handled this alarm before.", "info")
    return redirect(url_for(".show", alarm_id=alarm_id), HTTPStatus.SEE_OTHER)
