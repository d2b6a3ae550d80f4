"""Read and handle alarms."""

from http import HTTPStatus
from uuid import UUID

from flask import Response, abort

from app import usecases
from app.credentials.alarm_handling import UnknownAlarmError
from app.credentials.tables import AlarmState
from app.review.queries.alarms import AlarmFilter
from app.web.api.operations import following, operation, reply
from app.web.api.problem_details import NOT_NOW, ProblemError
from app.web.api.shapes.alarms import Alarm, AlarmDetail, AlarmQuery, Alarms, Closing
from app.web.services import services
from app.web.sign_in import person


@operation("GET", "/alarms", query=AlarmQuery, answers={200: Alarms})
def alarms(query: AlarmQuery) -> Response:
    """Alarms, newest first, closed ones included unless you name a state."""
    wanted = AlarmFilter(
        states=(query.state.value,) if query.state else (),
        severity=query.severity,
        kind=query.kind,
        run_id=query.run_id,
    )
    lines = services().queries.alarms(wanted, after=query.after, limit=query.limit + 1)
    shown, more = lines[: query.limit], len(lines) > query.limit
    return reply(
        Alarms(items=[Alarm.of(each) for each in shown], next=following(shown[-1].alarm_id if more else None))
    )


@operation("GET", "/alarms/{alarm_id}", answers={200: AlarmDetail}, refusals=(404,))
def alarm(alarm_id: UUID) -> Response:
    """One alarm: what it means, what to do, what was done, and whether it was sent."""
    return reply(_detail(alarm_id))


@operation("POST", "/alarms/{alarm_id}/acknowledgements", answers={200: AlarmDetail}, refusals=(404, 409))
def acknowledge_alarm(alarm_id: UUID) -> Response:
    """Record that you look into an alarm. 409 if somebody acknowledged or closed it before."""
    return _handle(alarm_id, AlarmState.ACKNOWLEDGED)


@operation(
    "POST",
    "/alarms/{alarm_id}/closings",
    body=Closing,
    answers={200: AlarmDetail},
    refusals=(404, 409, 413, 415, 422),
)
def close_alarm(alarm_id: UUID, body: Closing) -> Response:
    """Close an alarm with a reason, for good. 409 if it is closed already."""
    return _handle(alarm_id, AlarmState.CLOSED, body.reason)


def _handle(alarm_id: UUID, state: AlarmState, reason: str = "") -> Response:
    me = person()
    try:
        changed = usecases.handle_alarm(
            services().sessions, alarm_id, state, by=me.subject, by_name=me.name, reason=reason
        )
    except UnknownAlarmError:
        abort(404)
    detail = _detail(alarm_id)
    if not changed:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            f"The alarm is {detail.state.value}. Nothing was changed.",
            kind=NOT_NOW,
            title="The state of the alarm does not allow this",
        )
    return reply(detail)


def _detail(alarm_id: UUID) -> AlarmDetail:
    return AlarmDetail.of_page(services().queries.alarm(alarm_id) or abort(404))
