"""Flags: the difference, its origin, and its review."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.procurement.action import ActionType
from app.procurement.finding import Severity
from app.procurement.rules import RULES
from app.review.ageing import Age
from app.review.flag_history import Decision, Status
from app.review.queries.queue import Sort
from app.store.tables import ActionRow, FlagRow
from app.web.api.shapes import Days, OneOf, Page, Paged, Shape, Sought, UtcTime
from app.web.api.shapes.history import HistoryEvent
from app.web.api.shapes.value_lineage import Behind
from app.web.queue_filter import ANY, FLAGGED_SYSTEMS, NOT_CLOSED

_STATUSES = OneOf((NOT_CLOSED, ANY, *(status.value for status in Status)))
_RULES = OneOf(tuple(rule.id for rule in RULES))


class FlagQuery(Paged):
    """Filters and order of flags, as on the queue page."""

    status: Annotated[str, _STATUSES] = Field(
        default=NOT_CLOSED, description="`not_closed`, `any`, or one status."
    )
    severity: Severity | None = None
    rule: Annotated[str, _RULES] | None = None
    system: Annotated[str, OneOf(FLAGGED_SYSTEMS)] | None = Field(
        default=None, description="A system that supplied one of the values."
    )
    action_type: ActionType | None = None
    action: Sought | None = Field(default=None, description="The start of an action's ID or PIID.")
    vendor: Sought | None = Field(default=None, description="The full name of a vendor in the action.")
    assignee: Sought | None = Field(default=None, description="A subject, `me`, or `nobody`.")
    within: Days | None = Field(default=None, description="Raised in the last N days.")
    older: Days | None = Field(default=None, description="Raised more than N days ago.")
    raised_from: date | None = Field(default=None, description="Raised on this Eastern day or later.")
    raised_to: date | None = Field(default=None, description="Raised on this Eastern day or earlier.")
    late: Literal["1"] | None = Field(
        default=None, description="Not decided by the time that the policy sets for the severity."
    )
    overdue: Literal["1"] | None = Field(default=None, description="Referred, and the due date has passed.")
    q: Sought | None = Field(
        default=None,
        description="Parts of names, numbers and words. -part excludes, or stands between alternatives.",
    )
    earlier: Literal["1"] | None = Field(
        default=None, description="Also flags of runs that a later one superseded."
    )
    sort: Sort = Sort.SEVERITY


class FlagBrief(Shape):
    """A flag with its subject and status."""

    flag_id: UUID = Field(validation_alias="flag_id")
    run_id: UUID
    action_id: str
    rule: str
    rule_version: int
    severity: Severity
    title: str
    subject: str
    because: str
    raised_at: UtcTime
    current: bool = Field(description="Whether it belongs to the action's latest completed run.")
    status: Status
    decision: Decision | None
    decided_at: UtcTime | None
    assignee: str | None
    office: str | None = Field(description="The office to which it is referred.")
    due_on: date | None = Field(description="The Eastern day by which that office must act.")
    version: int = Field(ge=0, description="The number of events in its history.")


class FlagItem(FlagBrief):
    """A flag in the list, with its action."""

    recommended: str
    authority_codified: str
    authority_rfo: str
    match_score: float | None
    match_compared: str | None
    systems: list[str]
    action_type: ActionType
    vendors: list[str]
    piid: str
    modification: str | None
    amount: Decimal
    effective_date: date
    answered_by: UUID | None = Field(
        description="An earlier flag on the same fact, whose decision does not apply here but can be recorded again."
    )
    previous: UUID | None = Field(
        description="The flag of the same action, rule and subject that an earlier run raised. Its assignee carries over, "
        "and a decision that still needs action."
    )
    carried_version: int = Field(ge=0, description="The version of `previous` at that moment.")
    open_since: UtcTime = Field(
        description="When a run first found the fact, or found it again after it was closed."
    )
    due_at: UtcTime | None = Field(
        description="By when it should be decided, as the policy sets for its severity; null once it is."
    )
    late: bool = Field(description="Whether it is not decided and that time has passed.")

    @classmethod
    def of(cls, flag: FlagRow, action: ActionRow, *, age: Age | None, **more: Any) -> Self:
        """Make the shape from a flag with its age and its action; `more` are the fields that subclasses add."""
        fields = {
            name: getattr(action, name) for name in ("piid", "modification", "amount", "effective_date")
        }
        fields |= {"due_at": age.due_at if age else None, "late": age is not None and age.late}
        return cls.model_validate({**flag.model_dump(exclude={"search"}), **fields, **more})


class Flags(Page[FlagItem]):
    """One page of the queue."""


class Earlier(Shape):
    """An earlier flag on the same fact, and the decision on it that is in force."""

    flag_id: UUID
    action_id: str
    event: HistoryEvent


class Comment(Shape):
    """A comment on an earlier flag of the fact, and the run it was made on."""

    flag_id: UUID
    run_id: UUID
    event: HistoryEvent


class ChangedValue(Shape):
    """One difference from the previous flag. `source` is null for the severity; null texts mean that there was no value."""

    source: str | None
    label: str
    before: str | None
    now: str | None


class Changed(Shape):
    """What differs from the previous flag; `changes` is empty if nothing does."""

    flag_id: UUID
    run_id: UUID
    raised_at: UtcTime
    changes: list[ChangedValue]


class Flag(FlagItem):
    """One flag with its values, their evidence, and its review history.

    `broken_at` is the number of the first event that was changed or removed outside the application; null if none was.
    `broken_in` is the flag it belongs to: this one, or an earlier one of the fact.
    `history_holds` is false then, and if the flag's state does not follow from its history. `not_performed` are flags of
    the same run for checks that were not performed.
    """

    attempt: int
    values: list[Behind]
    needs_second: bool = Field(description="Whether a closing decision waits for a second officer.")
    history: list[HistoryEvent]
    broken_at: int | None
    broken_in: UUID | None
    history_holds: bool
    decided_before: list[Earlier]
    earlier_comments: list[Comment]
    changed: Changed | None = Field(
        description="What changed since the previous flag; null if there is none."
    )
    not_performed: list[UUID]
