"""The vault's log as far as it is recorded, newest line first. Each filter has an index, however many lines there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from app.connections.database import Sessions
from app.credentials.tables import CredentialRow, HeartbeatRow, RunRow
from app.credentials.vault_answer import AnswerKind
from app.credentials.vault_tables import VaultEventRow
from app.procurement.systems import ISSUING_PATHS

#: Lines that an export reads in one query.
_CHUNK = 1000
_PATHS = {tool: path for path, tool in ISSUING_PATHS.items()}
#: What a tool's path can have answered.
_OF_TOOLS = frozenset({AnswerKind.ISSUED, AnswerKind.BROKEN_OFF})
#: The planner expects the lines of a token everywhere, and would read the whole table instead of the index.
_INDEXES_ONLY = text("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)")
#: Columns whose values are each in lines that are near each other, which their index rests on.
_NEAR = frozenset({"token_accessor", "secret_id_accessor"})
_IDENTITY = ("accessor", "token_accessor", "secret_id_accessor", "service_user")
_TEXT = (*_IDENTITY, "request_id", "lease_id", "path", "remote_address")


class VaultOutcome(StrEnum):
    """How the vault answered. `ERROR`: it did not finish."""

    ANSWERED = "answered"
    REFUSED = "refused"
    ERROR = "error"

    @classmethod
    def of(cls, kind: AnswerKind) -> "VaultOutcome":
        """The outcome of a line of this kind."""
        return _OUTCOMES.get(kind, cls.ANSWERED)


_OUTCOMES = {AnswerKind.LOGIN_REFUSED: VaultOutcome.REFUSED, AnswerKind.BROKEN_OFF: VaultOutcome.ERROR}


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultLogFilter:
    """Selects the lines that match every field that is set, from `since` to before `until` (UTC).

    `identity` is an accessor or a database user. `text` is one of these, a request id, a lease id, a path or an address.
    """

    since: datetime | None = None
    until: datetime | None = None
    run_id: UUID | None = None
    tool: str | None = None
    kind: AnswerKind | None = None
    outcome: VaultOutcome | None = None
    identity: str | None = None
    text: str | None = None

    @property
    def kinds(self) -> frozenset[AnswerKind]:
        """The kinds of line that can match."""
        kinds = frozenset(AnswerKind if self.kind is None else (self.kind,))
        if self.outcome is not None:
            kinds &= {kind for kind in AnswerKind if VaultOutcome.of(kind) is self.outcome}
        return kinds if self.tool is None else kinds & _OF_TOOLS

    @property
    def sought(self) -> tuple[str, Sequence[str]] | None:
        """A value to be found in one of some columns, which the fewest lines have."""
        if self.identity is not None:
            return self.identity, _IDENTITY
        return None if self.text is None else (self.text, _TEXT)

    def tests(self, row: type[VaultEventRow], before: int | None) -> list[ColumnElement[bool]]:
        """The conditions, over the lines `row`, but for the value that is sought. `before` is the last line seen."""
        tests = [
            *([col(row.at) >= self.since] if self.since else []),
            *([col(row.at) < self.until] if self.until else []),
            *([col(row.run_id) == self.run_id] if self.run_id else []),
            *([col(row.path) == _PATHS[self.tool]] if self.tool else []),
        ]
        if self.kinds != frozenset(AnswerKind):
            # Written out, so that the partial index of rare kinds serves a prepared statement too.
            tests.append(col(row.kind).in_([literal_column(f"'{kind}'") for kind in sorted(self.kinds)]))
        if self.text is not None and self.identity is not None:
            tests.append(or_(*(getattr(row, name) == self.text for name in _TEXT)))
        if before is not None:
            # One subquery per value: PostgreSQL cannot use the index with a row subquery.
            at = select(col(VaultEventRow.at)).where(col(VaultEventRow.number) == before).scalar_subquery()
            tests.append(tuple_(*_key(row)) < tuple_(at, before))
        return tests


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
            query = select(*_key(its)).where(*wanted.tests(its, before))
        else:
            query = select(*_key(its)).where(has_value, *tests)
        found.append(select(_newest(query, its, limit).subquery().c.number))
    return _newest(select(line).where(col(line.number).in_(union_all(*found))), line, limit).subquery()


def _newest(query: Select[Any], row: type[VaultEventRow], limit: int) -> Select[Any]:
    return query.order_by(*(part.desc() for part in _key(row))).limit(limit)


def _key(row: type[VaultEventRow]) -> tuple[Any, Any]:
    """What the list is ordered by."""
    return col(row.at), col(row.number)
