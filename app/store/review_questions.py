"""What the page of a flag asks of reviews. Put together once, which takes longer than the answer."""

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import defer
from sqlmodel import col

from app.domain.review import EventKind, Status
from app.store.tables import DiscrepancyRow, ReviewEvent

#: The version of the flag `flag` beside each event of its history; one line without an event where it has none.
RECORD = (
    select(col(DiscrepancyRow.version), ReviewEvent)
    .outerjoin(ReviewEvent, col(ReviewEvent.flag_id) == col(DiscrepancyRow.discrepancy_id))
    .where(col(DiscrepancyRow.discrepancy_id) == bindparam("flag"))
    .order_by(col(ReviewEvent.number))
)
#: Flags on the fact `fact` with a decision in force, each with that decision, without the flag `but`.
DECIDED_BEFORE = (
    select(DiscrepancyRow, ReviewEvent)
    .options(defer(DiscrepancyRow.search))
    .join(
        ReviewEvent,
        and_(
            col(ReviewEvent.flag_id) == col(DiscrepancyRow.discrepancy_id),
            col(ReviewEvent.kind) == EventKind.DECIDED.value,
            # Of several, the one in force.
            col(ReviewEvent.at) == col(DiscrepancyRow.decided_at),
        ),
    )
    .where(
        col(DiscrepancyRow.fact_key) == bindparam("fact"),
        col(DiscrepancyRow.discrepancy_id) != bindparam("but"),
        col(DiscrepancyRow.decision).is_not(None),
        col(DiscrepancyRow.status) != Status.OPEN.value,
    )
    .order_by(col(DiscrepancyRow.decided_at).desc())
    .limit(10)
)
