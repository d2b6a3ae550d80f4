"""Facts about contracts: reports, documents, commitments and obligations. Amounts are in U.S. dollars.

Fields with a default may be missing from an answer; a rule that needs one and finds None says nothing about it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.procurement.facts import Address, Fact, FactWithGaps


@dataclass(frozen=True, kw_only=True, slots=True)
class Tas:
    """A Treasury account symbol by component; `available_from` and `available_to` are fiscal years, None for no-year."""

    agency: str
    main: str
    sub: str = "000"
    allocation_transfer: str | None = None
    available_from: int | None = None
    available_to: int | None = None

    @property
    def federal_account(self) -> str:
        """Agency and main account."""
        return f"{self.agency}-{self.main}"

    def __str__(self) -> str:
        years = "X" if self.available_to is None else f"{self.available_from}/{self.available_to}"
        transfer = f"{self.allocation_transfer}-" if self.allocation_transfer else ""
        return f"{transfer}{self.agency}-{years}-{self.main}-{self.sub}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedAction(FactWithGaps):
    """Contract system: what was reported for one award ("0") or modification, and the contract's totals with it.

    Codes as in `ProcurementAction`; `size` is S or O (other than small), `subcontract_plan` a code (B not required).
    """

    piid: str
    modification: str
    obligated: Decimal
    signed: date | None
    referenced_idv: str | None = None
    reason: str | None = None
    is_vehicle: bool = False
    total_obligated: Decimal | None = None
    total_exercised: Decimal | None = None
    total_all_options: Decimal | None = None
    period_start: date | None = None
    current_completion: date | None = None
    ultimate_completion: date | None = None
    last_date_to_order: date | None = None
    closed: bool = False
    reported: date | None = None
    uei: str | None = None
    cage: str | None = None
    vendor_name: str | None = None
    vendor_country: str | None = None
    foreign_owned_and_located: bool = False
    parent_uei: str | None = None
    parent_name: str | None = None
    naics: str | None = None
    psc: str | None = None
    pricing: str | None = None
    competition: str | None = None
    set_aside: str | None = None
    size: str | None = None
    subcontract_plan: str | None = None
    #: Exception to registration (FAR 4.1102), where one was recorded.
    registration_exception: str | None = None
    tas: Tas | None = None
    #: Tells apart several reports of one modification.
    transaction: str = "0"
    #: "final", "draft", "error" or "deleted": only a final report counts.
    status: str = "final"
    #: The PIID the contract had before a change of PIID.
    old_piid: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionTerms:
    """One option as the contract has it: price in dollars, window for the notice, days of preliminary notice."""

    number: int
    price: Decimal | None = None
    exercise_from: date | None = None
    exercise_by: date | None = None
    preliminary_notice_days: int | None = None
    quantity: Decimal | None = None
    #: The day the contract, with all options, must end.
    latest_end: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountingLine:
    """A line of accounting data printed on an instrument."""

    acrn: str | None
    tas: Tas
    amount: Decimal | None = None
    object_class: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FiledDocument(FactWithGaps):
    """Contract file: one document. Only `status` "final" counts; `co_signed` is the contracting officer's date.

    `printed_*` is what stands on the page itself, where it was read; the rest is the file's metadata.
    """

    document_id: str
    doc_type: str
    status: str
    amount: Decimal | None
    piid: str
    modification: str | None
    co_signed: date | None
    contractor_signed: date | None = None
    effective: date | None = None
    expires: date | None = None
    filed: date | None = None
    vendor_uei: str | None = None
    sha256: str | None = None
    #: The digest the signature was made over, where recorded.
    signed_sha256: str | None = None
    signatories: tuple[str, ...] = ()
    printed_piid: str | None = None
    printed_modification: str | None = None
    printed_uei: str | None = None
    printed_name: str | None = None
    printed_cage: str | None = None
    printed_address: Address | None = None
    naics: str | None = None
    psc: str | None = None
    pricing: str | None = None
    competition: str | None = None
    accounting: tuple[AccountingLine, ...] = ()
    options: tuple[OptionTerms, ...] = ()
    #: Whether the text says that integrity information was considered.
    considers_integrity: bool = False
    #: Documents whose content this one holds or points to, by type: a combined memo, a cross-reference.
    covers: tuple[str, ...] = ()
    #: The day a check recorded in the document was made, such as the pull of a SAM.gov record.
    checked: date | None = None
    referenced_idv: str | None = None
    #: The authority it cites for other than full and open competition, such as "6.302-2".
    authority: str | None = None
    #: ISO 4217 code of `amount`.
    currency: str = "USD"
    #: The last day of performance it sets.
    period_end: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Commitment(Fact):
    """Ledger: funds reserved by a purchase request; usable when `status` is "certified" and not expired.

    `expires` is the last day it counts, as under a continuing resolution; `overage` the dollars above `amount` that
    the request itself allows.
    """

    pr_number: str
    amount: Decimal
    status: str
    certified_at: date | None
    expires: date | None = None
    tas: Tas | None = None
    overage: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class ObligationLine(Fact):
    """Ledger: one obligation line; its net is `obligated` less `deobligated`.

    `fund_type` is annual, multi-year or no-year; `fund_status` current, expired or cancelled.
    """

    document_number: str
    piid: str
    modification: str
    obligated: Decimal
    deobligated: Decimal
    vendor_uei: str
    expended: Decimal = Decimal(0)
    acrn: str | None = None
    clin: str | None = None
    tas: Tas | None = None
    fund_type: str | None = None
    fund_status: str | None = None
    object_class: str | None = None
    fiscal_year: int | None = None
    posted: date | None = None

    @property
    def net(self) -> Decimal:
        """What the line obligates after de-obligations."""
        return self.obligated - self.deobligated
