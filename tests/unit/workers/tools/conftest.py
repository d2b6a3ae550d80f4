"""An action to look up."""

from datetime import date
from decimal import Decimal

import pytest

from app.procurement.action import ActionType, ProcurementAction, Vendor, VendorRole


@pytest.fixture
def action():
    """A new award with a prime and an owner."""
    return ProcurementAction(
        action_id="ACT-1",
        action_type=ActionType.NEW_AWARD,
        piid="70ZZ0126C0001",
        modification=None,
        amount=Decimal("100.00"),
        effective_date=date(2026, 9, 14),
        description="",
        vendors=(
            Vendor(uei="ZZ9TESTVNDR1", name="EXAMPLE MARINE SERVICES, INC.", role=VendorRole.PRIME),
            Vendor(uei="ZZ9TESTVNDR2", name="EXAMPLE HOLDING LLC", role=VendorRole.OWNER),
        ),
    )
