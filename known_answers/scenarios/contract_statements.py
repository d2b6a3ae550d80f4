"""Builds rows of the contract file, and amounts and years in the notation of all systems."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal

from known_answers.scenarios.formats import JsonObject

TITLES = {
    "PR": "Purchase request",
    "AVFUNDS": "Certification of availability of funds",
    "OPT_DF": "Determination and findings, exercise of option",
    "RESP": "Determination of responsibility",
    "JA": "Justification and approval",
    "PNM": "Price negotiation memorandum",
    "COR": "Designation of contracting officer's representative",
    "COI": "Certificate of insurance",
    "BOND": "Payment and performance bond",
    "SBSP": "Small business subcontracting plan",
    "NOV": "Novation or change-of-name agreement",
    "REREP": "Rerepresentation of size",
    "COMPELLING": "Determination of a compelling reason",
    "SAMCHK": "Record of SAM.gov verification",
    "SF-30": "Amendment of solicitation/modification of contract",
    "SF-1449": "Solicitation/contract/order for commercial items",
    "SF-26": "Award/contract",
    "SF-33": "Solicitation, offer and award",
    "OF-347": "Order for supplies or services",
}
INSTRUMENTS = frozenset({"SF-30", "SF-1449", "SF-26", "SF-33", "OF-347"})
_COMMITTED_BEFORE = timedelta(days=12)
#: Made on the day of signature, as SAM.gov may say something else the day before.
_OF_THE_DAY = frozenset({"SAMCHK"})


def money(amount: Decimal) -> str:
    """An amount with two decimals and without separators, as in all systems."""
    return f"{amount:.2f}"


def fiscal_year(day: date) -> int:
    """The federal fiscal year, which starts on 1 October."""
    return day.year + (day.month >= 10)  # noqa: PLR2004


def document(
    *,
    doc_type: str,
    piid: str,
    modification: str,
    uei: str,
    day: date,
    amount: Decimal | None = None,
    status: str = "final",
    signed: bool = True,
    version: int = 1,
    printed: JsonObject | None = None,
    **other: object,
) -> JsonObject:
    """A document of the contract file. `day` is the day of signature, or of the action it prepares.

    `printed` is what was read from its pages; `other` replaces metadata by its name in the row.
    """
    instrument = doc_type in INSTRUMENTS
    filed = day if instrument or doc_type in _OF_THE_DAY else day - _COMMITTED_BEFORE
    identity = f"DOC-{piid}-{modification}-{doc_type.replace('_', '-')}-{version}"
    return {
        "documentId": identity,
        "docType": doc_type,
        "title": TITLES[doc_type],
        "piid": piid,
        "modificationNumber": modification,
        "referencedIdvPiid": None,
        "vendorUei": uei,
        "versionLabel": f"{version}.0",
        "status": status,
        "effectiveDate": day.isoformat() if instrument else None,
        "signedDates": {
            "co": filed.isoformat() if signed else None,
            "contractor": filed.isoformat() if signed and instrument else None,
        },
        "signatories": (["contracting officer", *(["contractor"] if instrument else [])]) if signed else [],
        "amount": None if amount is None else money(amount),
        "expirationDate": None,
        "sha256": hashlib.sha256(identity.encode()).hexdigest(),
        "mediaType": "application/pdf",
        "pageCount": 4 if instrument else 2,
        "cuiMarking": None if instrument else "CUI//PROCURE",
        "sourceSystem": "contract-file",
        "filedBy": "contracting office 7001",
        "filedAt": filed.isoformat() + "T15:30:00Z",
        "folder": "AWARD" if instrument else "PRE",
        "retentionRule": "GRS 1.1: 6 years after final payment",
        "supersedes": None,
        "extractedFields": printed or {},
        **other,
    }
