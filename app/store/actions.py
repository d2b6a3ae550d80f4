"""Procurement actions: stored, loaded, and converted between rows and the domain."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.credentials.proof import ARGUMENTS, HeldAttempt
from app.credentials.tables import table_of
from app.procurement.action import ActionType, OptionExercise, Payment, ProcurementAction, Vendor, VendorRole
from app.procurement.planning import goal
from app.store.tables import ActionRow

ACTION = table_of(ActionRow)
_LOAD = text(f"SELECT * FROM load_action({ARGUMENTS})").columns(*ACTION.c)  # noqa: S608  # text of this project

#: Fields that have a column of their own; all others are in `terms`, unless they have their default.
COLUMNS = (
    "action_id",
    "action_type",
    "piid",
    "modification",
    "amount",
    "effective_date",
    "description",
    "vendors",
)
_DAYS = frozenset(
    {"solicitation_date", "period_start", "period_end", "notice_date", "preliminary_notice_date"}
)
_NUMBERS = frozenset({"total_value", "price", "quantity"})


class ConflictError(Exception):
    """An action with this id exists with other content."""

    def __init__(self, action_id: str) -> None:
        super().__init__(f"action_id: {action_id!r} was submitted before with other content")
        self.action_id = action_id


class UnknownActionError(Exception):
    """No action with this id was submitted."""


def store_actions(db: Session, actions: Iterable[ProcurementAction]) -> list[str]:
    """Store the actions; the ids of those that were new. The same action again is fine.

    Raises `ConflictError` naming an action that differs from what is stored under its id.
    """
    new = []
    # Always in the same order: of two submissions at once each could wait for the other otherwise.
    for action in sorted(actions, key=lambda each: each.action_id):
        statement = insert(ACTION).values(to_row(action)).on_conflict_do_nothing(index_elements=["action_id"])
        if db.execute(statement.returning(ACTION.c.action_id)).one_or_none() is not None:
            new.append(action.action_id)
        elif load_action(db, action.action_id) != action:
            raise ConflictError(action.action_id)
    return new


def load_action(db: Session, action_id: str) -> ProcurementAction:
    """The action with this id. Raises SQLAlchemy's `NoResultFound`."""
    row = db.execute(select(ACTION).where(ACTION.c.action_id == action_id)).mappings().one()
    return to_domain(dict(row))


def load_job(db: Connection, held: HeldAttempt) -> ProcurementAction:
    """The action of an attempt that this process holds. Raises SQLAlchemy's `ProgrammingError` if it does not."""
    return to_domain(dict(db.execute(_LOAD, held.parameters()).mappings().one()))


def goals_of(db: Session, action_ids: Iterable[str]) -> dict[str, str]:
    """The goal of a run of each action, in a sentence, by action id. Raises `UnknownActionError`."""
    wanted = list(dict.fromkeys(action_ids))
    rows = db.execute(select(ACTION).where(ACTION.c.action_id.in_(wanted))).mappings()
    goals = {row["action_id"]: goal(to_domain(dict(row))) for row in rows}
    for action_id in wanted:
        if action_id not in goals:
            raise UnknownActionError(f"action: {action_id!r} is not known; submit it first")
    return goals


def to_domain(row: Mapping[str, Any]) -> ProcurementAction:
    """The action a row of table `action` holds."""
    terms = _typed(row["terms"])
    if "payment" in terms:
        terms["payment"] = Payment(terms["payment"])
    if "option" in terms:
        terms["option"] = OptionExercise(**_typed(terms["option"]))
    if "clauses" in terms:
        terms["clauses"] = frozenset(terms["clauses"])
    return ProcurementAction(
        action_id=row["action_id"],
        action_type=ActionType(row["action_type"]),
        piid=row["piid"],
        modification=row["modification"],
        amount=row["amount"],
        effective_date=row["effective_date"],
        description=row["description"],
        vendors=tuple(
            Vendor(uei=v["uei"], name=v["name"], role=VendorRole(v["role"]), cage=v["cage"])
            for v in row["vendors"]
        ),
        **terms,
    )


def to_row(action: ProcurementAction) -> dict[str, Any]:
    """The columns of table `action`, without the time of submission."""
    return {
        "action_id": action.action_id,
        "action_type": action.action_type.value,
        "piid": action.piid,
        "modification": action.modification,
        "amount": action.amount,
        "effective_date": action.effective_date,
        "description": action.description,
        "vendors": [
            {"uei": v.uei, "name": v.name, "role": v.role.value, "cage": v.cage} for v in action.vendors
        ],
        "terms": {name: value for name, value in _plain(action).items() if name not in COLUMNS},
    }


def _plain(item: ProcurementAction | OptionExercise) -> dict[str, Any]:
    """Fields that differ from their default, as JSON values."""
    return {
        each.name: _json(value)
        for each in fields(item)
        if (value := getattr(item, each.name)) != (None if each.default is MISSING else each.default)
    }


def _json(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case Decimal() | date():
            return str(value)
        case frozenset():
            return sorted(value)
        case OptionExercise():
            return _plain(value)
        case _:
            return value


def _typed(terms: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: date.fromisoformat(value) if name in _DAYS else Decimal(value) if name in _NUMBERS else value
        for name, value in terms.items()
    }
