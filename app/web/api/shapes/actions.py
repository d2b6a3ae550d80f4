"""Procurement actions: submission, list and details."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel

from app.intake import MOST_ACTIONS
from app.intake.form import SubmittedAction
from app.procurement.action import ActionType, ProcurementAction
from app.web.api.shapes import Page, RequestModel, Shape, Sought, UtcTime
from app.web.api.shapes.flags import FlagBrief
from app.web.api.shapes.runs import RunItem


class Submitting(
    RootModel[
        SubmittedAction | Annotated[list[SubmittedAction], Field(min_length=1, max_length=MOST_ACTIONS)]
    ]
):
    """One action or a list of them, as for `triage submit`. All are stored or none."""


class SubmitQuery(RequestModel):
    """Options of a submission."""

    run: Literal["true", "false"] = Field(
        default="false", description="Whether to request a run of each action."
    )


class SubmittedItem(Shape):
    """One submitted action; `new` says whether it was unknown before, `run_id` is the requested run."""

    action_id: str
    new: bool
    run_id: UUID | None


class SubmissionResult(Shape):
    """The result of a submission, in the order sent."""

    actions: list[SubmittedItem]


class ActionQuery(RequestModel):
    """Filters for actions, last submitted first."""

    q: Sought | None = Field(default=None, description="The start of an ID or PIID, or words.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Sought | None = Field(default=None, description="The last ID of the previous page; see `next`.")


class ActionItem(Shape):
    """An action in the list, with its latest run and the number of current flags not closed."""

    action_id: str
    action_type: ActionType
    piid: str
    modification: str | None
    amount: Decimal
    effective_date: date
    description: str
    submitted_at: UtcTime
    latest_run: UUID | None
    open_flags: int
    blocking_flags: int


class Actions(Page[ActionItem]):
    """One page of actions."""


class ChecklistPoint(Shape):
    """One point of the checklist; `open_because` is empty if it is done."""

    text: str
    required: bool = Field(description="Whether the action is ready to sign only when this is done.")
    open_because: str


class ReadyToSign(Shape):
    """Whether the action is ready to sign, as far as its checks can show, and the checklist behind the answer."""

    ready: bool
    checklist: list[ChecklistPoint]


class Action(Shape):
    """One action as submitted, its latest runs (at most 20), and the flags of the latest completed run."""

    action: ProcurementAction
    submitted_at: UtcTime
    sign_off: ReadyToSign
    under_way: UUID | None = Field(description="The run under way, if there is one.")
    runs: list[RunItem]
    flags: list[FlagBrief]
