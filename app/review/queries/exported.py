"""The whole queue, flag by flag, with the values that each compares."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.connections.database import Sessions
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.flags import FlagLine
from app.review.queries.queue import Sort, matching
from app.store.tables import ComparedValueRow

#: Flags whose values are read in one query.
_CHUNK = 500


class ExportedValue(NamedTuple):
    """One of the values that a flag compares; see `app.procurement.finding.ComparedValue`."""

    source: str
    label: str
    value: str
    record_key: str | None
    evidence_id: UUID | None


def lines_with_values(
    sessions: Sessions, wanted: FlagFilter, *, sort: Sort
) -> Iterator[tuple[FlagLine, Sequence[ExportedValue]]]:
    """Every flag that matches, in order, from one snapshot. Read in chunks as they are consumed."""
    with sessions() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        lines = matching(db, wanted, sort=sort)
        while part := list(islice(lines, _CHUNK)):
            values = _values(db, [line.flag.flag_id for line in part])
            for line in part:
                yield line, values.get(line.flag.flag_id, ())


def _values(db: Session, flags: Sequence[UUID]) -> dict[UUID, list[ExportedValue]]:
    # Columns: row objects would take three times as long.
    columns = [
        col(ComparedValueRow.flag_id),
        *(getattr(ComparedValueRow, name) for name in ExportedValue._fields),
    ]
    found: dict[UUID, list[ExportedValue]] = {}
    for flag_id, *value in db.execute(
        select(*columns)
        .where(col(ComparedValueRow.flag_id).in_(flags))
        .order_by(col(ComparedValueRow.position))
    ):
        found.setdefault(flag_id, []).append(ExportedValue(*value))
    return found
