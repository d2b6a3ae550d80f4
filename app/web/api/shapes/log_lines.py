"""The vault's log: its filters, and its lines."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.credentials.vault_answer import AnswerKind, Hidden
from app.procurement.systems import SYSTEMS
from app.review.queries.log_line_filter import VaultOutcome
from app.web.api.shapes import OneOf, Page, QueryTime, RequestModel, Shape, Sought, UtcTime


class LogLineQuery(RequestModel):
    """Filters for lines of the vault's log, newest first."""

    since: QueryTime | None = Field(default=None, description="From then on.")
    until: QueryTime | None = Field(default=None, description="Before then.")
    run: UUID | None = Field(default=None, description="A run ID.")
    tool: Annotated[str, OneOf(tuple(system.name for system in SYSTEMS))] | None = Field(
        default=None, description="The tool whose path the line names."
    )
    kind: AnswerKind | None = None
    outcome: VaultOutcome | None = None
    identity: Sought | None = Field(default=None, description="All of an accessor or database user.")
    text: Sought | None = Field(
        default=None,
        description="All of an accessor, database user, request ID, lease ID, path or address.",
    )
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Annotated[int, Field(ge=0, lt=10**18)] | None = Field(
        default=None, description="The last number of the previous page; see `next`."
    )


class RecordedLine(Shape):
    """One line. Accessors identify a token but cannot be used as one.

    `token_accessor` belongs to the token that asked, `accessor` to what was issued. `claimed_run_id` is what an API key
    says of itself, where that differs. `hidden` says why the line does not show what was issued. `ended_at` is when that
    was confirmed to be dead.
    """

    number: int
    at: UtcTime
    kind: AnswerKind
    outcome: VaultOutcome
    tool: str | None
    action_id: str | None
    request_id: str
    path: str
    run_id: UUID | None
    attempt: int | None
    requested_by: str | None
    token_accessor: str | None
    accessor: str | None
    secret_id_accessor: str | None
    lease_id: str | None
    service_user: str | None
    remote_address: str | None
    claimed_run_id: str | None
    hidden: Hidden | None
    ended_at: UtcTime | None
    credential_id: UUID | None = Field(description="The recorded credential that this line issued.")


class LogLines(Page[RecordedLine]):
    """One page of the vault's log."""
