"""What else is open about the vendor or the contract of a flag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from app.store.tables import Action, DiscrepancyRow

#: Flags shown of each kind, and those looked at to find the newest of them.
SHOWN = 6
_LOOKED_AT = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Related:
    """Current flags of other actions, newest first: of the same contract (PIID), and of the vendor called `vendor`.

    Each holds at most `SHOWN`; `more_…` says that there are others.
    """

    vendor: str | None
    of_contract: Sequence[DiscrepancyRow]
    more_of_contract: bool
    of_vendor: Sequence[DiscrepancyRow]
    more_of_vendor: bool


def related(db: Session, flag: DiscrepancyRow, action: Action) -> Related:
    """What else is current about the flag's contract and vendor: two questions, whatever there is."""
    others = select(col(Action.action_id)).where(
        col(Action.piid) == action.piid, col(Action.action_id) != action.action_id
    )
    contract = _newest(db, col(DiscrepancyRow.action_id).in_(others))
    vendor = _vendor(flag, action)
    named = _newest(
        db,
        col(DiscrepancyRow.vendors).contains([vendor or ""]),
        col(DiscrepancyRow.action_id) != action.action_id,
    )
    return Related(
        vendor=vendor,
        of_contract=contract[:SHOWN],
        more_of_contract=len(contract) > SHOWN,
        of_vendor=named[:SHOWN],
        more_of_vendor=len(named) > SHOWN,
    )


def _newest(db: Session, *tests: ColumnElement[bool]) -> Sequence[DiscrepancyRow]:
    # A vendor with thousands of flags must not cost more than one with a few: the newest of some of them will do.
    some = (
        select(col(DiscrepancyRow.discrepancy_id))
        .where(col(DiscrepancyRow.current), *tests)
        .limit(_LOOKED_AT)
        .subquery()
    )
    return db.scalars(
        select(DiscrepancyRow)
        .options(defer(DiscrepancyRow.search))  # large, and never shown
        .where(col(DiscrepancyRow.discrepancy_id).in_(select(some.c.discrepancy_id)))
        .order_by(col(DiscrepancyRow.raised_at).desc(), col(DiscrepancyRow.discrepancy_id))
        .limit(SHOWN + 1)
    ).all()


def _vendor(flag: DiscrepancyRow, action: Action) -> str | None:
    """The vendor the flag is about, by UEI; else the first the action names, which is the prime."""
    known: dict[Any, str] = {
        each.get("uei"): str(each["name"]) for each in action.vendors if each.get("name")
    }
    return known.get(flag.subject) or next(iter(known.values()), None)
