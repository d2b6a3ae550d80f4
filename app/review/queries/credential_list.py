"""The list of issued credentials: those without a known end, and the ended ones, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, not_, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.ending import Ending, Endings
from app.credentials.grants import MAX_TTL_SECONDS
from app.credentials.tables import AttemptEndRow, AttemptRow, CredentialRow, RunRow


class CredentialState(StrEnum):
    """Whether a credential may still be valid, as far as it is recorded here."""

    ALIVE = "alive"
    ENDED = "ended"


class CredentialSort(StrEnum):
    """The order of the list."""

    NEWEST = "-issued"
    NEXT_END = "end"


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialFilter:
    """Selects the credentials that match every field that is set; `since` is the earliest time of issue (UTC)."""

    state: CredentialState | None = None
    tool: str | None = None
    kind: str | None = None
    run_id: UUID | None = None
    since: datetime | None = None

    def tests(self, now: datetime) -> list[ColumnElement[bool]]:
        """The conditions, over the credentials."""
        tests: list[ColumnElement[bool]] = []
        if self.state is not None:
            alive = without_known_end(now)
            tests.append(alive if self.state is CredentialState.ALIVE else not_(alive))
        if self.tool is not None:
            tests.append(col(CredentialRow.tool) == self.tool)
        if self.kind is not None:
            tests.append(col(CredentialRow.kind) == self.kind)
        if self.run_id is not None:
            tests.append(col(CredentialRow.run_id) == self.run_id)
        if self.since is not None:
            tests.append(col(CredentialRow.issued_at) >= self.since)
        return tests


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialLine:
    """A credential in the list, how it ended or will end, and the action of its run."""

    credential: CredentialRow
    ending: Ending
    action_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AliveOfTool:
    """How many credentials of a tool have no known end, and when the first of them expires (UTC)."""

    tool: str
    number: int
    next_end: datetime


def without_known_end(now: datetime) -> ColumnElement[bool]:
    """Credentials that have not expired and whose end is not confirmed."""
    return and_(
        # None lives longer: so an index finds the few that can be alive among all.
        col(CredentialRow.issued_at) > now - timedelta(seconds=MAX_TTL_SECONDS),
        col(CredentialRow.revoked_at).is_(None),
        col(CredentialRow.expires_at) > now,
    )


def lines(
    db: Session,
    wanted: CredentialFilter,
    *,
    sort: CredentialSort,
    after: UUID | None,
    limit: int,
    now: datetime,
) -> Sequence[CredentialLine]:
    """One page of the list at the time `now` (UTC). `after` is the last id seen."""
    first = col(CredentialRow.issued_at if sort is CredentialSort.NEWEST else CredentialRow.expires_at)
    key = (first, col(CredentialRow.credential_id))
    descending = sort is CredentialSort.NEWEST
    query: Any = (
        select(CredentialRow, AttemptRow, AttemptEndRow, col(RunRow.job_id))
        .join(RunRow, col(RunRow.run_id) == col(CredentialRow.run_id))
        .join(
            AttemptRow,
            and_(
                col(AttemptRow.run_id) == col(CredentialRow.run_id),
                col(AttemptRow.number) == col(CredentialRow.attempt),
            ),
        )
        .outerjoin(
            AttemptEndRow,
            and_(
                col(AttemptEndRow.run_id) == col(AttemptRow.run_id),
                col(AttemptEndRow.number) == col(AttemptRow.number),
            ),
        )
        .where(*wanted.tests(now))
        .order_by(*(part.desc() if descending else part.asc() for part in key))
        .limit(limit)
    )
    if after:
        # One subquery per value: PostgreSQL cannot use the index with a row subquery.
        last = tuple_(
            *(select(part).where(col(CredentialRow.credential_id) == after).scalar_subquery() for part in key)
        )
        query = query.where(tuple_(*key) < last if descending else tuple_(*key) > last)
    return [
        CredentialLine(
            credential=credential,
            ending=Endings.of([attempt], [end] if end else [], now).of_credential(credential),
            action_id=action_id,
        )
        for credential, attempt, end, action_id in db.execute(query)
    ]


def alive_by_tool(db: Session, now: datetime) -> Sequence[AliveOfTool]:
    """The credentials without a known end at the time `now` (UTC), by tool in the order of their names."""
    tool = col(CredentialRow.tool)
    query = select(tool, func.count(), func.min(col(CredentialRow.expires_at)))
    rows = db.execute(query.where(without_known_end(now)).group_by(tool).order_by(tool))
    return [AliveOfTool(tool=name, number=number, next_end=end) for name, number, end in rows]
