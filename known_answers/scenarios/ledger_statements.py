"""Builds rows of the financial ledger."""

from datetime import date, timedelta
from decimal import Decimal

from known_answers.scenarios.contract_statements import fiscal_year, money
from known_answers.scenarios.formats import JsonObject

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
        "tas": tas_label(fiscal_year(day)),
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
    funds_of: date | None = None,
    as_of: date | None = None,
    expended: Decimal = _ZERO,
) -> JsonObject:
    """One accounting line: obligated if `amount` is positive, de-obligated if it is negative.

    It charges the annual funds of the year of `funds_of`, by default of `day`, as they stand on `as_of`.
    """
    year = fiscal_year(funds_of or day)
    return {
        "document_number": piid if modification == "0" else f"{piid}{modification}",
        "piid": piid,
        "modification_number": modification,
        "acrn": acrn,
        "clin": clin,
        "vendor_uei": uei,
        "tas": tas_label(year),
        "fund_type": "annual",
        "fund_status": "expired" if year < fiscal_year(as_of or day) else "current",
        "cancel_date": f"{year + 5}-09-30",
        "object_class": "252",
        "program_activity": "0001",
        "fiscal_year": fiscal_year(day),
        "obligated": money(max(amount, _ZERO)),
        "expended": money(expended),
        "deobligated": money(max(-amount, _ZERO)),
        "gl_post_date": day.isoformat(),
    }


def tas_label(year: int) -> str:
    """The agency's annual appropriation of that fiscal year."""
    return f"070-{year}/{year}-0613-000"


def tas_components(year: int) -> JsonObject:
    """The components of the label, as an instrument prints them."""
    return {
        "ata": None,
        "aid": "070",
        "bpoa": str(year),
        "epoa": str(year),
        "availabilityType": None,
        "main": "0613",
        "sub": "000",
    }
