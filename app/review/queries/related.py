"""What else is open about the vendor or the contract of a flag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session, load_only
from sqlmodel import col

from app.store.tables import ActionRow, FlagRow

#: Flags shown of each kind, and those looked at to find the newest of them.
SHOWN = 6
_LOOKED_AT = 500
_LISTED = ("action_id", "rule", "title", "severity", "subject", "status", "decision")
_SHOWN_OF_EACH = load_only(*(getattr(FlagRow, name) for name in _LISTED), raiseload=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Related:
    """Current flags, as far as they are listed, newest first: of other actions on the contract (PIID), and of the vendor `vendor` on other contracts.

    Each holds at most `SHOWN`; `more_…` says that there are others.
    """

    vendor: str | None
    of_contract: Sequence[FlagRow]
    more_of_contract: bool
    of_vendor: Sequence[FlagRow]
    more_of_vendor: bool


def related(db: Session, flag: FlagRow, action: ActionRow) -> Related:
    """What else is current about the flag's contract and vendor: two questions, whatever there is."""
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
    # A vendor with thousands of flags must not cost more than one with a few: the newest of some of them will do.
    some = select(col(FlagRow.flag_id)).where(col(FlagRow.current), *tests).limit(_LOOKED_AT).subquery()
    return (
        select(FlagRow)
        .options(_SHOWN_OF_EACH)
        .where(col(FlagRow.flag_id).in_(select(some.c.flag_id)))
        .order_by(col(FlagRow.raised_at).desc(), col(FlagRow.flag_id))
        .limit(SHOWN + 1)
    )


# Put together once, which takes longer than the answer.
_CONTRACT = select(col(ActionRow.action_id)).where(col(ActionRow.piid) == bindparam("piid"))
_OF_CONTRACT = _newest(col(FlagRow.action_id).in_(_CONTRACT), col(FlagRow.action_id) != bindparam("but"))
_OF_VENDOR = _newest(
    col(FlagRow.vendors).contains(bindparam("vendors")),
    col(FlagRow.action_id).not_in(_CONTRACT),
)


def _vendor(flag: FlagRow, action: ActionRow) -> str | None:
    """The vendor the flag is about, by UEI; else the first the action names, which is the prime."""
    known: dict[Any, str] = {
        each.get("uei"): str(each["name"]) for each in action.vendors if each.get("name")
    }
    return known.get(flag.subject) or next(iter(known.values()), None)
