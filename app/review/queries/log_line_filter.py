"""Which lines of the vault's log are wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, literal_column, or_, select, tuple_
from sqlmodel import col

from app.credentials.vault_answer import AnswerKind
from app.credentials.vault_tables import VaultEventRow
from app.procurement.systems import ISSUING_PATHS

_PATHS = {tool: path for path, tool in ISSUING_PATHS.items()}
#: What a tool's path can have answered.
_OF_TOOLS = frozenset({AnswerKind.ISSUED, AnswerKind.DENIED, AnswerKind.BROKEN_OFF})
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


_OUTCOMES = {
    AnswerKind.DENIED: VaultOutcome.REFUSED,
    AnswerKind.LOGIN_REFUSED: VaultOutcome.REFUSED,
    AnswerKind.BROKEN_OFF: VaultOutcome.ERROR,
}


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
            tests.append(tuple_(*list_key(row)) < tuple_(at, before))
        return tests


def list_key(row: type[VaultEventRow]) -> tuple[Any, Any]:
    """What the list is ordered by."""
    return col(row.at), col(row.number)
