"""Other current flags on the contract or the vendor of a flag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session, load_only
from sqlmodel import col

from app.store.tables import ActionRow, FlagRow

#: Flags shown of each kind, and flags searched for the newest of them.
SHOWN = 6
_LOOKED_AT = 500
_LISTED = ("action_id", "rule", "title", "severity", "subject", "status", "decision")
_SHOWN_OF_EACH = load_only(*(getattr(FlagRow, name) for name in _LISTED), raiseload=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Related:
    """Current flags of other actions on the contract (PIID), and of `vendor` on other contracts, newest first.

    Each list holds at most `SHOWN`; `more_…` says whether there are more.
    """

    vendor: str | None
    of_contract: Sequence[FlagRow]
    more_of_contract: bool
    of_vendor: Sequence[FlagRow]
    more_of_vendor: bool


def related(db: Session, flag: FlagRow, action: ActionRow) -> Related:
    """Other current flags on the contract and the vendor of a flag, in two queries."""
    vendor = _vendor(flag, action)
    contract = db.scalars(_OF_CONTRACT, {"piid": action.piid, "but": action.action_id}).all()
    named = db.scalars(_OF_VENDOR, {"vendors": [vendor or ""], "piid": action.piid}).all()
    return Related(
        vendor=vendor,
        of_contract=contract[:SHOWN],
        more_of_contract=len(contract) > SHOWN,
        of_vendor=named[:SHOWN],
        more_of_vendor=len(named) > SHOWN,
    )


def _newest(*tests: ColumnElement[bool]) -> Select[FlagRow]:
    # Limited, so that a vendor with thousands of flags costs no more than one with a few.
    some = select(col(FlagRow.flag_id)).where(col(FlagRow.current), *tests).limit(_LOOKED_AT).subquery()
    return (
        select(FlagRow)
        .options(_SHOWN_OF_EACH)
        .where(col(FlagRow.flag_id).in_(select(some.c.flag_id)))
        .order_by(col(FlagRow.raised_at).desc(), col(FlagRow.flag_id))
        .limit(SHOWN + 1)
    )


# Built once: building a statement takes longer than running it.
_CONTRACT = select(col(ActionRow.action_id)).where(col(ActionRow.piid) == bindparam("piid"))
_OF_CONTRACT = _newest(col(FlagRow.action_id).in_(_CONTRACT), col(FlagRow.action_id) != bindparam("but"))
_OF_VENDOR = _newest(
    col(FlagRow.vendors).contains(bindparam("vendors")),
    col(FlagRow.action_id).not_in(_CONTRACT),
)


def _vendor(flag: FlagRow, action: ActionRow) -> str | None:
    """The vendor the flag is about, by UEI; else the first vendor of the action, which is the prime."""
    known: dict[Any, str] = {
        each.get("uei"): str(each["name"]) for each in action.vendors if each.get("name")
    }
    return known.get(flag.subject) or next(iter(known.values()), None)
