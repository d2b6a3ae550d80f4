"""The vault's log as far as it is recorded, newest line first. Each filter has an index, however many lines there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, func, select, text, union_all
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.connections.database import Sessions
from app.credentials.tables import CredentialRow, HeartbeatRow, RunRow
from app.credentials.vault_answer import AnswerKind
from app.credentials.vault_tables import VaultEventRow
from app.procurement.systems import ISSUING_PATHS
from app.review.queries.log_line_filter import VaultLogFilter, VaultOutcome, list_key

#: Lines that an export reads in one query.
_CHUNK = 1000
#: The planner expects the lines of a token everywhere, and would read the whole table instead of the index.
_INDEXES_ONLY = text("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)")
#: Columns whose values are each in lines that are near each other, which their index rests on.
_NEAR = frozenset({"token_accessor", "secret_id_accessor"})


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultLogLine:
    """One line, with the tool whose path it names. `has_run`: its run is recorded here. `credential_id`: what it issued."""

    event: VaultEventRow
    tool: str | None
    has_run: bool
    credential_id: UUID | None

    @property
    def outcome(self) -> VaultOutcome:
        """How the vault answered."""
        return VaultOutcome.of(AnswerKind(self.event.kind))

    def fields(self) -> dict[str, Any]:
        """All that is known of it, by name."""
        known = self.event.model_dump()
        return {
            "number": known.pop("number"),
            "at": known.pop("at"),
            "kind": known.pop("kind"),
            "outcome": self.outcome.value,
            "tool": self.tool,
            "action_id": known.pop("job_id"),
            **known,
            "credential_id": self.credential_id,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultLogReach:
    """From when the record reaches (UTC), and the last report of the sweeper, which reads the log before each; None if there is none."""

    begins: datetime | None
    report: HeartbeatRow | None


def lines(db: Session, wanted: VaultLogFilter, *, before: int | None, limit: int) -> Sequence[VaultLogLine]:
    """One page of the list. `before` is the number of the last line seen."""
    if not wanted.kinds:
        return []
    if wanted.sought is not None:
        db.execute(_INDEXES_ONLY)
    event = aliased(VaultEventRow, _chosen(wanted, before, limit))
    query: Any = (
        select(event, col(RunRow.run_id), col(CredentialRow.credential_id))
        .outerjoin(RunRow, col(RunRow.run_id) == event.run_id)
        .outerjoin(CredentialRow, col(CredentialRow.request_id) == event.request_id)
        .order_by(col(event.at).desc(), col(event.number).desc())
    )
    return [
        VaultLogLine(
            event=line,
            tool=ISSUING_PATHS.get(line.path),
            has_run=run_id is not None,
            credential_id=credential_id,
        )
        for line, run_id, credential_id in db.execute(query)
    ]


def every_line(sessions: Sessions, wanted: VaultLogFilter) -> Iterator[VaultLogLine]:
    """Every line that matches, in the same order, from one snapshot. Read in chunks as they are consumed."""
    with sessions() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        before: int | None = None
        while part := lines(db, wanted, before=before, limit=_CHUNK):
            yield from part
            before = part[-1].event.number
            db.expunge_all()


def reach(db: Session) -> VaultLogReach:
    """How much of the log is recorded."""
    return VaultLogReach(
        begins=db.execute(select(func.min(col(VaultEventRow.at)))).scalar_one(),
        report=db.get(HeartbeatRow, "sweeper"),
    )


def recorded(db: Session, request_ids: Sequence[str]) -> frozenset[str]:
    """Those of these requests whose answer is recorded."""
    return frozenset(
        db.scalars(
            select(col(VaultEventRow.request_id)).where(col(VaultEventRow.request_id).in_(request_ids))
        )
    )


def _chosen(wanted: VaultLogFilter, before: int | None, limit: int) -> Subquery:
    """The lines of one page."""
    line, tests = VaultEventRow, wanted.tests(VaultEventRow, before)
    if wanted.sought is None:
        return _newest(select(line).where(*tests), line, limit).subquery()
    # Each column by itself: for one condition over several, all lines that any of them finds would be read.
    value, names = wanted.sought
    found = []
    for name in names:
        its, has_value = line, getattr(line, name) == value
        if name in _NEAR:
            # Found first, by the index of this value, and sorted then.
            its = aliased(line, select(line).where(has_value).cte(f"by_{name}").prefix_with("MATERIALIZED"))
            query = select(*list_key(its)).where(*wanted.tests(its, before))
        else:
            query = select(*list_key(its)).where(has_value, *tests)
        found.append(select(_newest(query, its, limit).subquery().c.number))
    return _newest(select(line).where(col(line.number).in_(union_all(*found))), line, limit).subquery()


def _newest(query: Select[Any], row: type[VaultEventRow], limit: int) -> Select[Any]:
    return query.order_by(*(part.desc() for part in list_key(row))).limit(limit)
