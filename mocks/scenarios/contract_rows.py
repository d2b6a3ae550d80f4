"""Rows of the contract system (Contract Awards API v1) and of the contract file."""

from typing import Literal

from pydantic import Field

from mocks.scenarios.formats import (
    Day,
    ModificationNumber,
    Money,
    Piid,
    Sha256,
    SpacedTime,
    Uei,
    ZuluTime,
)
from mocks.scenarios.shape import CamelShape, JsonObject

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
]


class ContractId(CamelShape):
    """Which action of which contract. Keys without a value are left out, as the real service does."""

    subtier: JsonObject
    piid: Piid
    modification_number: ModificationNumber
    transaction_number: str = "0"
    reason_for_modification: JsonObject | None = None


class AwardDates(CamelShape):
    """Two notations side by side, as in the real answer."""

    date_signed: ZuluTime
    period_of_performance_start_date: SpacedTime
    current_completion_date: SpacedTime
    ultimate_completion_date: SpacedTime
    fiscal_year: str


class AwardDollars(CamelShape):
    """Money of one action, negative for a de-obligation."""

    action_obligation: Money
    base_dollars_obligated: Money | None = None
    base_and_exercised_options_value: Money
    base_and_all_options_value: Money


class TotalContractDollars(CamelShape):
    """The contract's money up to and with this action."""

    total_action_obligation: Money
    total_base_and_exercised_options_value: Money
    total_base_and_all_options_value: Money


class AwardDetails(CamelShape):
    """The parts the rules read, and sections served as they are."""

    dates: AwardDates
    dollars: AwardDollars
    total_contract_dollars: TotalContractDollars
    contract_data: JsonObject | None = None
    preference_programs_information: JsonObject | None = None
    awardee_data: JsonObject
    transaction_data: JsonObject


class AwardRow(CamelShape):
    """One element of `awardSummary`."""

    contract_id: ContractId
    core_data: JsonObject
    award_details: AwardDetails


class SignedDates(CamelShape):
    """When the contracting officer and the contractor signed; None where not (yet)."""

    co: Day | None
    contractor: Day | None


class DocumentRow(CamelShape):
    """Metadata of one document. `signatories` names offices and parts, not persons."""

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
    signatories: list[str]
    amount: Money | None
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
    extracted_fields: JsonObject
