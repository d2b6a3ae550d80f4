"""Rows of the contract system (Contract Awards API v1) and of the contract file."""

from typing import Annotated, Any, Literal

from pydantic import Field

from known_answers.scenarios.formats import (
    CamelShape,
    Day,
    JsonObject,
    ModificationNumber,
    Money,
    Piid,
    Sha256,
    SpacedTime,
    Uei,
    ZuluTime,
)

DocumentType = Literal[
    "PR",
    "AVFUNDS",
    "JA",
    "OPT_DF",
    "RESP",
    "SAMCHK",
    "PNM",
    "SF-30",
    "SF-1449",
    "SF-26",
    "SF-33",
    "OF-347",
    "COR",
    "COI",
    "BOND",
    "SBSP",
    "NOV",
    "REREP",
    "COMPELLING",
    "CLEARANCE",
]


class ContractId(CamelShape):
    """The contract and the action. Keys without a value are left out, as in the real service."""

    subtier: JsonObject
    piid: Piid
    modification_number: ModificationNumber
    transaction_number: str = "0"
    referenced_idv_piid: Piid | None = Field(default=None, alias="referencedIDVPiid")
    referenced_idv_modification_number: str | None = Field(
        default=None, alias="referencedIDVModificationNumber"
    )
    reason_for_modification: JsonObject | None = None


class OldContractId(CamelShape):
    """The identifier of the contract before a change of PIID."""

    piid: Piid


class AwardDates(CamelShape):
    """Two notations side by side, as in the real answer."""

    date_signed: ZuluTime | None = None
    period_of_performance_start_date: SpacedTime | None = None
    current_completion_date: SpacedTime | None = None
    ultimate_completion_date: SpacedTime | None = None
    last_date_to_order: SpacedTime | None = None
    fiscal_year: str | None = None


class AwardDollars(CamelShape):
    """The amounts of one action, negative for a de-obligation."""

    action_obligation: Money
    base_dollars_obligated: Money | None = None
    base_and_exercised_options_value: Money | None = None
    base_and_all_options_value: Money | None = None


class TotalContractDollars(CamelShape):
    """The contract's amounts up to and including this action."""

    total_action_obligation: Money | None = None
    total_base_and_exercised_options_value: Money | None = None
    total_base_and_all_options_value: Money | None = None


class TreasuryAccount(CamelShape):
    """The components; leading zeros may be missing."""

    agency_identifier: str
    main_account_code: str
    sub_account_code: str | None = None
    allocation_transfer_agency_identifier: str | None = None
    beginning_period_of_availability: str | None = None
    ending_period_of_availability: str | None = None
    availability_type: JsonObject | None = None


class AwardDetails(CamelShape):
    """The fields that rules read, and sections that are served unchanged."""

    dates: AwardDates
    dollars: AwardDollars
    total_contract_dollars: TotalContractDollars | None = None
    treasury_account: TreasuryAccount | None = None
    contract_data: JsonObject | None = None
    preference_programs_information: JsonObject | None = None
    awardee_data: JsonObject
    transaction_data: JsonObject


class AwardRow(CamelShape):
    """One element of `awardSummary`; a `deleted` one is served only if deleted reports are requested."""

    contract_id: ContractId
    core_data: JsonObject
    award_details: AwardDetails
    old_contract_id: OldContractId | None = None
    deleted: bool = False


class SignedDates(CamelShape):
    """The dates of the contracting officer's and the contractor's signatures; None if missing."""

    co: Day | None
    contractor: Day | None


class ExtractedField(CamelShape):
    """A value read from a page, with its confidence (0 to 1)."""

    value: Any
    confidence: float = Field(default=1.0, ge=0, le=1)
    page: int = Field(default=1, ge=1)


FieldName = Literal[
    "piid",
    "modificationNumber",
    "vendorUei",
    "vendorName",
    "cageCode",
    "vendorAddress",
    "naics",
    "psc",
    "pricingType",
    "extentCompeted",
    "accounting",
    "options",
    "considersIntegrity",
    "covers",
    "checkedOn",
    "authority",
    "periodEnd",
]


class DocumentRow(CamelShape):
    """Metadata of one document, and the values read from its pages. `signatories` are offices or names."""

    document_id: str = Field(pattern=r"^DOC-[A-Z0-9-]+$")
    doc_type: DocumentType
    title: str
    piid: Piid
    modification_number: ModificationNumber
    referenced_idv_piid: Piid | None
    vendor_uei: Uei | None
    version_label: str
    status: Literal["draft", "final", "superseded"]
    effective_date: Day | None
    signed_dates: SignedDates
    #: The digest the signatures were made over.
    signed_sha256: Sha256 | None = None
    signatories: list[str]
    amount: Money | None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    expiration_date: Day | None
    sha256: Sha256
    media_type: Literal["application/pdf"]
    page_count: int = Field(ge=1)
    cui_marking: str | None
    source_system: str
    filed_by: str
    filed_at: ZuluTime
    folder: Literal["PRE", "AWARD", "POST", "ADMIN"]
    retention_rule: str
    supersedes: str | None
    extracted_fields: dict[FieldName, ExtractedField]
