"""The three sides of a time or a run, and what policies grant."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.reconciliation.report import Overview
from app.reconciliation.verdict import Side, Verdict
from app.web.api.shapes import QueryTime, RequestModel, Shape, UtcTime

#: The most leftovers in one answer.
MOST_LEFTOVERS = 1_000


class ReconciliationQuery(RequestModel):
    """What to compare: a time, or one run."""

    since: QueryTime | None = Field(
        default=None,
        description="From then on. The default is a day before `until`, or the first that happened in it.",
    )
    until: QueryTime | None = Field(
        default=None,
        description="Before then. The default is the time to which all logs have been read. At most 31 days after `since`.",
    )
    run: UUID | None = Field(default=None, description="A run ID, without `since` and `until`.")


class ReportedLeftover(Shape):
    """Something on one side that another side lacks or contradicts. Without an `explanation` it is an alarm."""

    kind: str
    detail: str
    side: Side
    at: UtcTime
    system: str | None
    run_id: UUID | None
    attempt: int | None
    explanation: str | None


class PolicyUsed(Shape):
    """One path of a policy: granted against used.

    `logins` counts the tokens with this policy, `never_requested` those of them that were given no credential there,
    `issued` the recorded credentials, `never_used` those that no tool is known to have accepted.
    """

    policy: str
    path: str
    system: str
    logins: int
    never_requested: int
    issued: int
    never_used: int


class ComparedSides(Shape):
    """What the vault issued, what tools saw and what is recorded, in credentials.

    `missing` names each premise that is not proven; with one, nothing passes. `leftovers` holds at most 1,000, those
    without an explanation first; `unexplained` and `explained` count all.
    """

    since: UtcTime
    until: UtcTime
    verdict: Verdict
    issued: Annotated[int, Field(ge=0)]
    used: Annotated[int, Field(ge=0)]
    recorded: Annotated[int, Field(ge=0)]
    unexplained: Annotated[int, Field(ge=0)]
    explained: Annotated[int, Field(ge=0)]
    missing: list[str]
    leftovers: list[ReportedLeftover]
    policies: list[PolicyUsed]

    @classmethod
    def of(cls, overview: Overview) -> Self:
        """Make the shape from a comparison."""
        sides = overview.sides
        ordered = [*sides.unexplained, *(each for each in sides.leftovers if each.explanation is not None)]
        return cls(
            since=sides.since,
            until=sides.until,
            verdict=sides.verdict,
            issued=sides.issued,
            used=sides.used,
            recorded=sides.recorded,
            unexplained=len(sides.unexplained),
            explained=len(sides.leftovers) - len(sides.unexplained),
            missing=list(sides.missing),
            leftovers=[ReportedLeftover.model_validate(each) for each in ordered[:MOST_LEFTOVERS]],
            policies=[PolicyUsed.model_validate(each) for each in overview.policies],
        )
