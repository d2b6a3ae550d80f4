"""Read and order switches."""

from http import HTTPStatus
from uuid import UUID

from flask import Response, abort

from app import usecases
from app.credentials.switch_orders import NothingToSwitchError, UnknownTargetError
from app.web.api.operations import operation, reply
from app.web.api.problem_details import NOT_NOW, ProblemError
from app.web.api.shapes.switches import Switching, SwitchOrder, SwitchOrders, SwitchQuery
from app.web.recording.event_notes import note
from app.web.services import services
from app.web.sign_in import person


@operation("GET", "/switches", query=SwitchQuery, answers={200: SwitchOrders})
def switches(query: SwitchQuery) -> Response:
    """Orders to cut off the agent, a tool, a worker, a run or a credential, newest first."""
    orders = services().queries.switches(limit=query.limit).orders
    return reply(SwitchOrders(items=[SwitchOrder.model_validate(each) for each in orders], next=None))


@operation("GET", "/switches/{order_id}", answers={200: SwitchOrder}, refusals=(404,))
def switch_order(order_id: UUID) -> Response:
    """One order, and what became of it."""
    found = services().queries.switch_order(order_id) or abort(404)
    return reply(SwitchOrder.model_validate(found))


@operation(
    "POST",
    "/switches",
    body=Switching,
    answers={202: SwitchOrder},
    refusals=(404, 409, 413, 415, 422),
)
def order_switch(body: Switching) -> Response:
    """Order a switch, which another process carries out within a second. 409 if there is nothing to switch."""
    me = person()
    try:
        new = usecases.order_switch(
            services().sessions,
            body.kind,
            body.target,
            body.turn,
            by=me.subject,
            by_name=me.name,
            reason=body.reason,
        )
    except UnknownTargetError:
        abort(404)
    except NothingToSwitchError as nothing:
        raise _nothing(str(nothing)) from None
    note(switch=f"{body.kind} {body.target} {body.turn}", new=new is not None)
    if new is None:
        raise _nothing(f"It was already switched {body.turn}.")
    found = services().queries.switch_order(new) or abort(404)
    return reply(SwitchOrder.model_validate(found), status=HTTPStatus.ACCEPTED)


def _nothing(why: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.CONFLICT,
        f"{why} Nothing was ordered.",
        kind=NOT_NOW,
        title="There is nothing to switch",
    )
