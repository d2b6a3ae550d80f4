"""Flags: what differs, where it was found, and where it stands."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.procurement.action import ActionType
from app.procurement.finding import Severity
from app.procurement.rules import RULES
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
    """Which flags, in which order: the same as on the page of the queue."""

    status: Annotated[str, _STATUSES] = Field(
        default=NOT_CLOSED, description="`not_closed`, `any`, or one status."
    )
    severity: Severity | None = None
    rule: Annotated[str, _RULES] | None = None
    system: Annotated[str, OneOf(FLAGGED_SYSTEMS)] | None = Field(
        default=None, description="A system that brought one of the values."
    )
    action_type: ActionType | None = None
    vendor: Sought | None = Field(default=None, description="The whole name of a vendor of the action.")
    assignee: Sought | None = Field(default=None, description="A subject, `me`, or `nobody`.")
    within: Days | None = Field(default=None, description="Raised in the last so many days.")
    older: Days | None = Field(default=None, description="Raised before the last so many days.")
    raised_from: date | None = Field(default=None, description="Raised on this Eastern day or later.")
    raised_to: date | None = Field(default=None, description="Raised on this Eastern day or earlier.")
    q: Sought | None = Field(default=None, description="Words, as in a web search.")
    earlier: Literal["1"] | None = Field(
        default=None, description="Also flags of runs that a later one superseded."
    )
    sort: Sort = Sort.SEVERITY


class FlagBrief(Shape):
    """A flag by what it is about and where it stands."""

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
    current: bool = Field(description="Whether it is of the action's latest completed run.")
    status: Status
    decision: Decision | None
    decided_at: UtcTime | None
    assignee: str | None
    version: int = Field(ge=0, description="How many events its history has.")


class FlagItem(FlagBrief):
    """A flag in the list, with the action it is about."""

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
        description="An earlier flag on the same fact that an officer found to be no discrepancy."
    )

    @classmethod
    def of(cls, flag: FlagRow, action: ActionRow, **more: Any) -> Self:
        """The flag and its action; `more` are the fields of a shape that says more."""
        its = {name: getattr(action, name) for name in ("piid", "modification", "amount", "effective_date")}
        return cls.model_validate({**flag.model_dump(exclude={"search"}), **its, **more})


class Flags(Page[FlagItem]):
    """One page of the queue."""


class Earlier(Shape):
    """An earlier flag on the same fact, and the decision on it that is in force."""

    flag_id: UUID
    action_id: str
    event: HistoryEvent


class Flag(FlagItem):
    """One flag with its values, what stands behind each, and what officers did about it.

    `broken_at` is the number of the first event that was changed or taken away behind the application's back; null where
    there is none. `history_holds` is false then, and where the flag's own state does not follow from its history.
    `not_performed` are flags of the same run that say a check could not be made.
    """

    attempt: int
    values: list[Behind]
    needs_second: bool = Field(description="Whether a closing decision waits for a second officer.")
    history: list[HistoryEvent]
    broken_at: int | None
    history_holds: bool
    decided_before: list[Earlier]
    not_performed: list[UUID]
