"""Switches: orders, and requests to order."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from app.credentials.switch_orders import SwitchKind, Turn
from app.web.api.shapes import Page, RequestModel, Shape, UtcTime
from app.web.api.shapes.alarms import reason


class SwitchOrder(Shape):
    """One order. `carried_out_at` is when vault or database took it, `done_at` when nothing that it was to end was alive."""

    order_id: UUID
    kind: SwitchKind
    target: str
    turn: Turn
    reason: str
    ordered_by: str
    ordered_by_name: str
    ordered_at: UtcTime
    carried_out_at: UtcTime | None
    done_at: UtcTime | None
    outcome: str | None


class SwitchQuery(RequestModel):
    """The number of orders, newest first."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50


class SwitchOrders(Page[SwitchOrder]):
    """The newest orders."""


class Switching(RequestModel):
    """Orders a switch. `target` is `agent`, the name of a tool or worker, or the ID of a run or credential."""

    kind: SwitchKind
    target: Annotated[str, Field(min_length=1, max_length=200)]
    turn: Turn
    reason: Annotated[str, Field(description="Why you do it."), AfterValidator(reason)]
