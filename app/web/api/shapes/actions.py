"""Procurement actions: what is submitted, and how they stand."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel

from app.intake.form import SubmittedAction
from app.procurement.action import ActionType, ProcurementAction
from app.web.api.shapes import Page, RequestModel, Shape, Sought, UtcTime
from app.web.api.shapes.flags import FlagBrief
from app.web.api.shapes.runs import RunItem

#: Actions of one submission: a day's work has about 400.
MOST = 500


class Submitting(
    RootModel[SubmittedAction | Annotated[list[SubmittedAction], Field(min_length=1, max_length=MOST)]]
):
    """One action, or a list of them: the same as `triage submit` takes. Stored all or none."""


class SubmitQuery(RequestModel):
    """What else is to be done with what is submitted."""

    run: Literal["true", "false"] = Field(
        default="false", description="Whether to request a run of each action."
    )


class SubmittedItem(Shape):
    """One of the actions; `new` says whether it was not known before, `run_id` the run that was requested."""

    action_id: str
    new: bool
    run_id: UUID | None


class SubmissionResult(Shape):
    """What came of a submission, in the order it was sent."""

    actions: list[SubmittedItem]


class ActionQuery(RequestModel):
    """Which actions, last submitted first."""

    q: Sought | None = Field(default=None, description="The beginning of an id or PIID, or words.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Sought | None = Field(default=None, description="The last id of the page before; see `next`.")


class ActionItem(Shape):
    """An action in the list: its newest run, and how many of its current flags are not closed."""

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


class Action(Shape):
    """One action as it was submitted, its newest runs (20 at most), and its flags of the latest completed one."""

    action: ProcurementAction
    submitted_at: UtcTime
    under_way: UUID | None = Field(description="The run that is not over, if there is one.")
    runs: list[RunItem]
    flags: list[FlagBrief]
