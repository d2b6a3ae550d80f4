"""Writes rows as the financial ledger would."""

from datetime import date, timedelta
from decimal import Decimal

from mocks.scenarios.contract_statements import fiscal_year, money
from mocks.scenarios.shape import JsonObject

_ZERO = Decimal(0)


def commitment(
    *, pr_number: str, piid: str, modification: str, amount: Decimal, day: date, status: str = "certified"
) -> JsonObject:
    """Funds reserved for an action of that `day`, on the agency's annual appropriation."""
    certified = status == "certified"
    return {
        "pr_number": pr_number,
        "piid": piid,
        "modification_number": modification,
        "amount": money(amount),
        "certified_by": "budget office 7001" if certified else None,
        "certified_at": (day - timedelta(days=14)).isoformat() if certified else None,
        "status": status,
        "tas": _tas(day),
    }


def obligation(
    *,
    piid: str,
    modification: str,
    amount: Decimal,
    day: date,
    uei: str,
    acrn: str = "AA",
    clin: str = "0001",
) -> JsonObject:
    """One line: obligated where `amount` is positive, de-obligated where it is negative."""
    return {
        "document_number": piid if modification == "0" else f"{piid}{modification}",
        "piid": piid,
        "modification_number": modification,
        "acrn": acrn,
        "clin": clin,
        "vendor_uei": uei,
        "tas": _tas(day),
        "fund_type": "annual",
        "fund_status": "current",
        "cancel_date": f"{fiscal_year(day) + 5}-09-30",
        "object_class": "252",
        "program_activity": "0001",
        "fiscal_year": fiscal_year(day),
        "obligated": money(max(amount, _ZERO)),
        "expended": "0.00",
        "deobligated": money(max(-amount, _ZERO)),
        "gl_post_date": day.isoformat(),
    }


def _tas(day: date) -> str:
    year = fiscal_year(day)
    return f"070-{year}/{year}-0613-000"
