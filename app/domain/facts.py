"""What the five systems state. Amounts are in U.S. dollars; dates are the source's own, without time."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """SAM.gov: one registration row of a vendor. `status` is "Active" or "Expired"."""

    uei: str
    legal_name: str
    status: str
    expires: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """SAM.gov exclusions: one record naming a vendor; open-ended when `terminated` is None."""

    uei: str
    name: str
    exclusion_type: str
    program: str
    agency: str
    activated: date
    terminated: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedAction:
    """Contract system: what was reported for one award or modification."""

    piid: str
    modification: str
    obligated: Decimal
    signed: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledDocument:
    """Contract file: one document. Only `status` "final" counts; `co_signed` is the contracting officer's date."""

    document_id: str
    doc_type: str
    status: str
    amount: Decimal | None
    piid: str
    modification: str | None
    co_signed: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Commitment:
    """Ledger: funds reserved by a purchase request; usable when `status` is "certified"."""

    pr_number: str
    amount: Decimal
    status: str
    certified_at: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ObligationLine:
    """Ledger: one obligation line; its net is `obligated` less `deobligated`."""

    document_number: str
    piid: str
    modification: str
    obligated: Decimal
    deobligated: Decimal
    vendor_uei: str


Fact = Registration | Exclusion | ReportedAction | FiledDocument | Commitment | ObligationLine
