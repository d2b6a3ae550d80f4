"""The review of flags: events, the resulting state, and requests to change it."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from app.procurement.free_text import REASON_LIMIT, REFERENCE_LIMIT, refusal, tidied
from app.review.flag_history import HIGHEST_VERSION, NEED_REFERENCE, Decision, EventKind, State, Status
from app.review.referrals import OFFICE_LIMIT, day_of
from app.web.api.shapes import RequestModel, Shape, UtcTime


class HistoryEvent(Shape):
    """One event in the history of a flag. `by` is the person's subject at the identity provider.

    `rationale` is the reason, or the text of a comment.
    """

    number: int = Field(ge=1)
    kind: EventKind
    by: str
    by_name: str
    at: UtcTime
    decision: Decision | None
    rationale: str
    reference: str | None
    assignee: str | None
    office: str | None = Field(description="Of a referral: who must act; null in those of earlier versions.")
    due_on: date | None = Field(description="Of a referral: the Eastern day by which the office must act.")


class ReviewState(Shape):
    """The state of a flag. `version` is the number of events; send it with your next change."""

    flag_id: UUID
    version: int = Field(ge=0)
    status: Status
    decision: Decision | None
    assignee: str | None
    office: str | None = Field(description="The office to which the flag is referred.")
    due_on: date | None = Field(description="The Eastern day by which that office must act.")

    @classmethod
    def of(cls, flag_id: UUID, state: State) -> Self:
        """Make the shape from a state."""
        return cls(
            flag_id=flag_id,
            version=state.version,
            status=state.status,
            decision=state.decision,
            assignee=state.assignee,
            office=state.office,
            due_on=state.due_on,
        )


def _reason(text: str) -> str:
    return _written(text, "reason")


def _comment(text: str) -> str:
    return _written(text, "comment")


def _written(text: str, what: str) -> str:
    written = tidied(text)
    if not written:
        raise ValueError(f"is empty; a {what} becomes part of the contract file")
    if problem := refusal(written, limit=REASON_LIMIT, lines=True):
        raise ValueError(f"is not valid: {problem}")
    return written


def _reference(text: str) -> str:
    written = tidied(text)
    if problem := refusal(written, limit=REFERENCE_LIMIT, lines=False):
        raise ValueError(f"is not valid: {problem}")
    return written


Version = Annotated[
    int,
    Field(
        ge=0,
        le=HIGHEST_VERSION,
        strict=True,
        description="The `version` of the flag as you have seen it.",
        examples=[0],
    ),
]
Rationale = Annotated[
    str,
    Field(
        min_length=1,
        max_length=REASON_LIMIT,
        description="Why; it becomes part of the contract file.",
        examples=["The registration was renewed on the day before the award; see the record of SAM.gov."],
    ),
    AfterValidator(_reason),
]
Reference = Annotated[str, Field(min_length=1, max_length=REFERENCE_LIMIT), AfterValidator(_reference)]


class Deciding(RequestModel):
    """A decision on a flag. `resolved` and `accepted` require a `reference`, `referred` an `office` and `due_on`."""

    version: Version
    decision: Decision = Field(examples=[Decision.CONFIRMED])
    rationale: Rationale
    reference: Reference | None = Field(
        default=None,
        validate_default=True,
        description="The supporting document, modification or determination.",
    )

    office: Annotated[str, Field(min_length=1, max_length=OFFICE_LIMIT)] | None = Field(
        default=None,
        validate_default=True,
        description="Of a referral: who must act, one of the installation's offices.",
        examples=["Legal Counsel"],
    )
    due_on: date | None = Field(
        default=None,
        validate_default=True,
        description="Of a referral: the Eastern day by which the office must act.",
    )

    @field_validator("due_on", mode="before")
    @classmethod
    def _written_day(cls, value: object) -> object:
        if value is None:
            return None
        day = day_of(value) if isinstance(value, str) else None
        if day is None:
            raise ValueError("is not a day, YYYY-MM-DD")
        return day

    @field_validator("office", "due_on")
    @classmethod
    def _of_referral(cls, value: str | date | None, info: ValidationInfo) -> str | date | None:
        decision = info.data.get("decision")
        if decision is Decision.REFERRED and value is None:
            raise ValueError("is missing: the decision 'referred' requires it")
        if decision not in {None, Decision.REFERRED} and value is not None:
            raise ValueError("belongs to the decision 'referred' only")
        return value

    @field_validator("reference")
    @classmethod
    def _required_reference(cls, value: str | None, info: ValidationInfo) -> str | None:
        decision = info.data.get("decision")
        if decision in NEED_REFERENCE and not value:
            raise ValueError(f"is missing: the decision {decision.value!r} requires it")
        return value


class Concurring(RequestModel):
    """A second officer's answer to a decision that awaits concurrence."""

    version: Version
    answer: Literal["concur", "decline"] = Field(examples=["concur"])
    rationale: Rationale


class Undoing(RequestModel):
    """Undo the decision in force; it stays in the history."""

    version: Version
    rationale: Rationale


class Commenting(RequestModel):
    """A comment. It changes no state, and other events since that version do not stand in its way."""

    version: Version
    comment: Annotated[
        str,
        Field(
            min_length=1,
            max_length=REASON_LIMIT,
            description="The text; it becomes part of the contract file.",
            examples=["The vendor says that the renewal is under way."],
        ),
        AfterValidator(_comment),
    ]


class Assigning(RequestModel):
    """Assign a flag to an officer, or remove the assignment."""

    version: Version
    assignee: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        description="The subject of an officer at the identity provider; null to remove the assignment.",
        examples=["officer-b"],
    )
