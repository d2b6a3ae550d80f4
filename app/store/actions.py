"""Procurement actions between the table and the domain."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from app.procurement.action import ActionType, OptionExercise, Payment, ProcurementAction, Vendor, VendorRole

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
