"""The run that started after another one, and what their credentials have in common."""

from dataclasses import dataclass

from sqlalchemy import DateTime, Uuid, bindparam, func, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.credentials.tables import CredentialRow, RunRow


@dataclass(frozen=True, kw_only=True, slots=True)
class NextRun:
    """The run that started next, with the number of its credentials and of those shared with this run."""

    run: RunRow
    credentials: int
    shared: int


_NEXT_BEGAN = (col(RunRow.started_at), col(RunRow.run_id))
_ISSUED = select(func.count()).where(col(CredentialRow.run_id) == col(RunRow.run_id)).correlate(RunRow)
_OWN = select(col(CredentialRow.fingerprint)).where(col(CredentialRow.run_id) == bindparam("run"))
_NEXT = (
    select(
        RunRow,
        _ISSUED.scalar_subquery(),
        _ISSUED.where(col(CredentialRow.fingerprint).in_(_OWN)).scalar_subquery(),
    )
    .where(
        tuple_(*_NEXT_BEGAN)
        > tuple_(bindparam("began", type_=DateTime(timezone=True)), bindparam("run", type_=Uuid()))
    )
    .order_by(*_NEXT_BEGAN)
    .limit(1)
)


def next_of(db: Session, run: RunRow) -> NextRun | None:
    """The run that started next; None if there is none yet or this one has not started."""
    if run.started_at is None:
        return None
    later = db.execute(_NEXT, {"began": run.started_at, "run": run.run_id}).one_or_none()
    return None if later is None else NextRun(run=later[0], credentials=later[1], shared=later[2])
