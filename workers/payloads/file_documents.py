"""The contract file: metadata of documents, and what was read from their pages.

`extractedFields` holds `{"value", "confidence", "page"}` by name. What was read with little confidence is left out:
a misread letter must not become a finding.
"""

from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field

from app.procurement.contract_facts import AccountingLine, FiledDocument, OptionTerms
from workers.payloads.accounting import TasComponents
from workers.payloads.notation import (
    Amount,
    Day,
    EmptyAsNone,
    Identifier,
    NullAsEmptyList,
    Payload,
    Place,
    Required,
    RequiredIdentifier,
    Text,
    TimedDay,
    Total,
    address_of,
)

#: Certainty, from 0 to 1, under which something read from a page is not used.
SURE = 0.8
Value_co = TypeVar("Value_co", covariant=True)
Found = TypeVar("Found")


class Extracted(Payload, Generic[Value_co]):
    """Something read from a page."""

    value: Value_co
    confidence: float = Field(default=1.0, ge=0, le=1)


class PrintedLine(Payload):
    """A line of accounting data on the instrument."""

    acrn: Text = None
    tas: TasComponents
    amount: Amount = None
    object_class: Text = None

    def to_fact(self) -> AccountingLine:
        """The line as the rules read it."""
        return AccountingLine(
            acrn=self.acrn, tas=self.tas.to_fact(), amount=self.amount, object_class=self.object_class
        )


class PrintedOption(Payload):
    """An option in the contract's schedule."""

    number: int = Field(ge=0)
    price: Amount = None
    exercise_from: Day = None
    exercise_by: Day = None
    preliminary_notice_days: int | None = Field(default=None, ge=0)
    quantity: Annotated[Decimal | None, Field(ge=0, max_digits=18)] = None
    latest_end: Day = None

    def to_fact(self) -> OptionTerms:
        """The option as the rules read it."""
        return OptionTerms(**dict(self))


class Fields(Payload):
    """What is read from pages; a document has some of these."""

    piid: Extracted[Identifier] | None = None
    modification: Extracted[Identifier] | None = Field(default=None, alias="modificationNumber")
    uei: Extracted[Identifier] | None = Field(default=None, alias="vendorUei")
    name: Extracted[Text] | None = Field(default=None, alias="vendorName")
    cage: Extracted[Identifier] | None = Field(default=None, alias="cageCode")
    address: Extracted[Place] | None = Field(default=None, alias="vendorAddress")
    naics: Extracted[Text] | None = None
    psc: Extracted[Text] | None = None
    pricing: Extracted[Text] | None = Field(default=None, alias="pricingType")
    competition: Extracted[Text] | None = Field(default=None, alias="extentCompeted")
    accounting: Extracted[list[PrintedLine]] | None = None
    options: Extracted[list[PrintedOption]] | None = None
    considers_integrity: Extracted[bool] | None = None
    covers: Extracted[list[str]] | None = None
    checked: Extracted[Day] | None = Field(default=None, alias="checkedOn")
    authority: Extracted[Text] | None = None
    period_end: Extracted[Day] | None = None


class Signed(Payload):
    """When the two parties signed."""

    contracting_officer: Day = Field(default=None, alias="co")
    contractor: Day = None


class Document(Payload):
    """Metadata of one document."""

    document_id: Required
    doc_type: Required
    status: Required
    piid: RequiredIdentifier
    modification: Identifier = Field(default=None, alias="modificationNumber")
    referenced_idv: Identifier = Field(default=None, alias="referencedIdvPiid")
    vendor_uei: Identifier = None
    amount: Amount = None
    currency: Identifier = None
    signed: Annotated[Signed | None, EmptyAsNone] = Field(default=None, alias="signedDates")
    signatories: Annotated[list[str], NullAsEmptyList] = Field(default_factory=list)
    effective: Day = Field(default=None, alias="effectiveDate")
    expires: Day = Field(default=None, alias="expirationDate")
    filed: TimedDay = Field(default=None, alias="filedAt")
    sha256: Text = None
    signed_sha256: Text = None
    fields: Annotated[Fields | None, EmptyAsNone] = Field(default=None, alias="extractedFields")

    def to_fact(self) -> FiledDocument:
        """The document as the rules read it."""
        page, signed = self.fields or Fields(), self.signed or Signed()
        return FiledDocument(
            document_id=self.document_id,
            doc_type=self.doc_type,
            status=self.status,
            amount=self.amount,
            piid=self.piid,
            modification=self.modification,
            co_signed=signed.contracting_officer,
            contractor_signed=signed.contractor,
            effective=self.effective,
            expires=self.expires,
            filed=self.filed,
            vendor_uei=self.vendor_uei,
            sha256=self.sha256,
            signed_sha256=self.signed_sha256,
            signatories=tuple(self.signatories),
            printed_piid=_sure(page.piid),
            printed_modification=_sure(page.modification),
            printed_uei=_sure(page.uei),
            printed_name=_sure(page.name),
            printed_cage=_sure(page.cage),
            printed_address=address_of(_sure(page.address)),
            naics=_sure(page.naics),
            psc=_sure(page.psc),
            pricing=_sure(page.pricing),
            competition=_sure(page.competition),
            accounting=tuple(line.to_fact() for line in _sure(page.accounting) or ()),
            options=tuple(option.to_fact() for option in _sure(page.options) or ()),
            considers_integrity=bool(_sure(page.considers_integrity)),
            covers=tuple(_sure(page.covers) or ()),
            checked=_sure(page.checked),
            referenced_idv=self.referenced_idv,
            authority=_sure(page.authority),
            currency=self.currency or "USD",
            period_end=_sure(page.period_end),
        )


class Documents(Payload):
    """The whole answer; this service does not page. Its rows are of `Document`."""

    total: Total = Field(alias="totalRecords")
    rows: list[Any] = Field(alias="documents")


def _sure(read: Extracted[Found] | None) -> Found | None:
    return read.value if read is not None and read.confidence >= SURE else None
