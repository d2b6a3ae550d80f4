"""Other current flags on the contract or the vendor of a flag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, literal, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from app.store.tables import ActionRow, FlagRow

#: Flags shown of each kind, and flags searched for the newest of them.
SHOWN = 6
_LOOKED_AT = 500
_LISTED = tuple(
    col(column)
    for column in (
        FlagRow.flag_id,
        FlagRow.action_id,
        FlagRow.rule,
        FlagRow.title,
        FlagRow.severity,
        FlagRow.subject,
        FlagRow.status,
        FlagRow.decision,
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Related:
    """Current flags of other actions on the contract (PIID), and of `vendor` on other contracts, newest first.

    Each list holds at most `SHOWN`; `more_…` says whether there are more.
    """

    vendor: str | None
    of_contract: Sequence[Row[Any]]
    more_of_contract: bool
    of_vendor: Sequence[Row[Any]]
    more_of_vendor: bool


def related(db: Session, flag: FlagRow, action: ActionRow) -> Related:
    """Other current flags on the contract and the vendor of a flag, in one query."""
    vendor = _vendor(flag, action)
    names = {"piid": action.piid, "but": action.action_id, "vendors": [vendor or ""]}
    rows = db.execute(_RELATED, names).all()
    contract = [row for row in rows if row.of_contract]
    named = [row for row in rows if not row.of_contract]
    return Related(
        vendor=vendor,
        of_contract=contract[:SHOWN],
        more_of_contract=len(contract) > SHOWN,
        of_vendor=named[:SHOWN],
        more_of_vendor=len(named) > SHOWN,
    )


def _newest(*tests: ColumnElement[bool], of_contract: bool) -> Select[Any]:
    # Limited, so that a vendor with thousands of flags costs no more than one with a few.
    some = select(col(FlagRow.flag_id)).where(col(FlagRow.current), *tests).limit(_LOOKED_AT).subquery()
    newest = (
        select(*_LISTED, col(FlagRow.raised_at), literal(of_contract).label("of_contract"))
        .where(col(FlagRow.flag_id).in_(select(some.c.flag_id)))
        .order_by(col(FlagRow.raised_at).desc(), col(FlagRow.flag_id))
        .limit(SHOWN + 1)
    )
    return select(newest.subquery())


# Built once: building a statement takes longer than running it.
_CONTRACT = select(col(ActionRow.action_id)).where(col(ActionRow.piid) == bindparam("piid"))
_EACH = union_all(
    _newest(
        col(FlagRow.action_id).in_(_CONTRACT), col(FlagRow.action_id) != bindparam("but"), of_contract=True
    ),
    _newest(
        col(FlagRow.vendors).contains(bindparam("vendors")),
        col(FlagRow.action_id).not_in(_CONTRACT),
        of_contract=False,
    ),
).subquery()
_RELATED = select(_EACH).order_by(_EACH.c.raised_at.desc(), _EACH.c.flag_id)


def _vendor(flag: FlagRow, action: ActionRow) -> str | None:
    """The vendor the flag is about, by UEI; else the first vendor of the action, which is the prime."""
    known: dict[Any, str] = {
        each.get("uei"): str(each["name"]) for each in action.vendors if each.get("name")
    }
    return known.get(flag.subject) or next(iter(known.values()), None)
