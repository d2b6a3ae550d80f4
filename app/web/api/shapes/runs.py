"""Runs: the list, and one run with its plan, credentials and calls."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.credentials.tables import RunState
from app.web.api.shapes import Days, Page, RequestModel, Shape, Sought, UtcTime
from app.web.api.shapes.flags import FlagBrief
from app.web.api.shapes.value_lineage import Call, Credential, Denial, Identity, Unrecorded


class RunQuery(RequestModel):
    """Filters for runs, newest first."""

    state: RunState | None = None
    action: Sought | None = Field(default=None, description="The start of an action's ID or PIID.")
    requested_by: Sought | None = Field(default=None, description="A subject, or `me`.")
    within: Days | None = Field(default=None, description="Requested in the last N days.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: UUID | None = Field(default=None, description="The last ID of the previous page; see `next`.")


class Run(Shape):
    """One run for one action. `outcome` is its result, or its state until it completes."""

    run_id: UUID
    action_id: str
    state: RunState
    outcome: str = Field(examples=["flagged", "clear", "not fully checked"])
    attempt: int = Field(description="Number of the latest attempt, 0 before the first.")
    goal: str | None
    requested_by: str
    requested_at: UtcTime
    started_at: UtcTime | None
    finished_at: UtcTime | None
    waiting_reason: str | None
    failure: str | None
    stop_requested_at: UtcTime | None
    stop_requested_by: str | None


class RunItem(Run):
    """A run in the list, with its number of flags and how many of them report checks not performed."""

    piid: str
    flags: int
    not_performed: int


class Runs(Page[RunItem]):
    """One page of runs."""


class PlanStep(Shape):
    """One planned step: the system, the question, the reason, the checks that need it, and the outcome."""

    number: int
    tool: str
    question: str
    reason: str
    rules: list[str] | None
    helps: list[str] | None
    after: list[int] | None
    needed: bool
    why_not: str | None
    outcome: str


class AttemptPlan(Shape):
    """The plan of one attempt, its steps in order."""

    attempt: int
    steps: list[PlanStep]


class RunDetail(Run):
    """One run with its attempts, plans, credentials, denials, calls and flags."""

    attempts: list[Identity]
    plans: list[AttemptPlan]
    credentials: list[Credential]
    not_recorded: list[Unrecorded]
    denials: list[Denial]
    calls: list[Call]
    flags: list[FlagBrief]


class StoppedRun(Shape):
    """A run that is to be stopped; `new` says whether this request caused it. False if it has ended or was requested before."""

    run_id: UUID
    new: bool


class RequestedRun(Shape):
    """The run under way; `new` says whether this request created it."""

    run_id: UUID
    action_id: str
    new: bool
