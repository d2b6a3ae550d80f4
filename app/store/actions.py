"""Procurement actions between the table and the domain."""

from collections.abc import Mapping
from typing import Any

from app.domain.procurement import ActionType, ProcurementAction, Vendor, VendorRole


def to_domain(row: Mapping[str, Any]) -> ProcurementAction:
    """The action a row of table `action` holds."""
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
    }
