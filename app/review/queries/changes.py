"""What changed between a flag and the one before it on the same fact."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.store.tables import ComparedValueRow, FlagRow


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueChange:
    """One difference. `label` is that of a value, or "severity", which has no `source`; None says that there was no value."""

    source: str | None
    label: str
    before: str | None
    now: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What differs from an earlier flag, its severity first; `changes` is empty if nothing does."""

    flag_id: UUID
    run_id: UUID
    raised_at: datetime
    changes: Sequence[ValueChange]


def changes_since(db: Session, flag: FlagRow, values: Iterable[ComparedValueRow]) -> Changes | None:
    """What changed since the flag before this one, of which `values` are the compared values; None if there is none."""
    rows = db.execute(_BEFORE, {"flag": flag.previous}).all()
    if not rows:
        return None
    first = rows[0]
    before = _by_label(row.ComparedValueRow for row in rows if row.ComparedValueRow is not None)
    now = _by_label(values)
    found = [
        ValueChange(
            source=source, label=label, before=before.get((source, label)), now=now.get((source, label))
        )
        for source, label in dict.fromkeys((*now, *before))
    ]
    severity = ValueChange(source=None, label="severity", before=first.severity, now=flag.severity)
    return Changes(
        flag_id=first.flag_id,
        run_id=first.run_id,
        raised_at=first.raised_at,
        changes=[each for each in (severity, *found) if each.before != each.now],
    )


def _by_label(values: Iterable[ComparedValueRow]) -> dict[tuple[str, str], str]:
    """The values by source and label. Several of one label are one text, in their order."""
    found: dict[tuple[str, str], str] = {}
    for each in values:
        key = (each.source, each.label)
        found[key] = f"{found[key]}; {each.value}" if key in found else each.value
    return found


# Built once: building a statement takes longer than running it.
_BEFORE = (
    select(
        col(FlagRow.flag_id),
        col(FlagRow.run_id),
        col(FlagRow.raised_at),
        col(FlagRow.severity),
        ComparedValueRow,
    )
    .outerjoin(ComparedValueRow, col(ComparedValueRow.flag_id) == col(FlagRow.flag_id))
    .where(col(FlagRow.flag_id) == bindparam("flag"))
    .order_by(col(ComparedValueRow.position))
)
