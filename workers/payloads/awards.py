"""Contract Awards API v1: keys without a value are left out, numbers are strings, dates come in two notations."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from app.procurement.contract_facts import ReportedAction
from workers.payloads.accounting import TreasuryAccount
from workers.payloads.notation import (
    Amount,
    Code,
    EmptyAsNone,
    Identifier,
    Money,
    Payload,
    RequiredIdentifier,
    Text,
    TimedDay,
    Total,
    YesNo,
    absent,
    code_of,
)

_STATUS = {"F": "final", "D": "draft", "E": "error"}
_LETTERS = {status.upper(): letter for letter, status in _STATUS.items()}


def _named(value: Any) -> Any:
    """The name of `{"code": …, "name": …}`, which says more than the code; the code where there is no name."""
    code = code_of(value)
    said = (
        (absent(text) for text in (value.get("name"), value.get("code"))) if isinstance(value, dict) else ()
    )
    return next((text for text in said if text not in {None, code}), code)


def _letter(value: Any) -> Any:
    """The code, also where the name stands alone, as `"FINAL               "`."""
    code = code_of(value)
    return _LETTERS.get(code.upper(), code) if isinstance(code, str) else code


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


class ContractId(Payload):
    """Which action of which contract."""

    piid: RequiredIdentifier
    modification: RequiredIdentifier = Field(alias="modificationNumber")
    transaction: Text = Field(default=None, alias="transactionNumber")
    referenced_idv: Identifier = Field(default=None, alias="referencedIDVPiid")
    reason: Code = Field(default=None, alias="reasonForModification")


class OldContract(Payload):
    """What the contract was called before a change of PIID."""

    piid: Identifier = None


class Acquisition(Payload):
    """How the contractor is paid."""

    pricing: Code = Field(default=None, alias="typeOfContractPricing")


class Product(Payload):
    """What is bought."""

    psc: Code = Field(default=None, alias="productOrService")
    naics: Code = Field(default=None, alias="principalNaics")


class Competition(Payload):
    """How the contract was competed."""

    extent: Code = Field(default=None, alias="extentCompeted")
    set_aside: Code = Field(default=None, alias="typeOfSetAside")


class AwardCoreData(Payload):
    """Award or vehicle, and its codes."""

    award_or_idv: Annotated[Literal["AWARD", "IDV"] | None, BeforeValidator(lambda value: value or None)] = (
        Field(default=None, alias="awardOrIDV")
    )
    acquisition: Acquisition = Field(default_factory=Acquisition, alias="acquisitionData")
    product: Product = Field(default_factory=Product, alias="productOrServiceInformation")
    competition: Competition = Field(default_factory=Competition, alias="competitionInformation")


class Dates(Payload):
    """ISO with Z for the signature, a space and milliseconds for the rest."""

    signed: TimedDay = Field(default=None, alias="dateSigned")
    period_start: TimedDay = Field(default=None, alias="periodOfPerformanceStartDate")
    current_completion: TimedDay = Field(default=None, alias="currentCompletionDate")
    ultimate_completion: TimedDay = Field(default=None, alias="ultimateCompletionDate")
    last_date_to_order: TimedDay = None


class Dollars(Payload):
    """Money of this action."""

    obligated: Money = Field(alias="actionObligation")


class Totals(Payload):
    """Money of the contract up to and with this action."""

    obligated: Amount = Field(default=None, alias="totalActionObligation")
    exercised: Amount = Field(default=None, alias="totalBaseAndExercisedOptionsValue")
    all_options: Amount = Field(default=None, alias="totalBaseAndAllOptionsValue")


class Preferences(Payload):
    """Size as the contracting officer determined it, and the subcontracting plan."""

    size: Code = Field(default=None, alias="contractingOfficerBusinessSizeDetermination")
    subcontract_plan: Code = None


class AwardeeHeader(Payload):
    """The awardee's names, frozen at award."""

    legal_name: Text = Field(default=None, alias="legalBusinessName")
    name: Text = Field(default=None, alias="awardeeName")


class AwardeeIdentifiers(Payload):
    """The awardee and the firm at the top of its hierarchy."""

    uei: Identifier = Field(default=None, alias="uniqueEntityId")
    cage: Identifier = Field(default=None, alias="cageCode")
    parent_uei: Identifier = Field(default=None, alias="awardeeUltimateParentUniqueEntityId")
    parent_name: Text = Field(default=None, alias="awardeeUltimateParentName")


class AwardeeLocation(Payload):
    """Where the awardee was at award."""

    country: Code = None


class OrganizationFactors(Payload):
    """What kind of firm the awardee said it is."""

    foreign: YesNo = Field(default=None, alias="foreignOwnedAndLocated")


class Awardee(Payload):
    """Who got the award."""

    registration_exception: Annotated[str | None, BeforeValidator(_named)] = Field(
        default=None, alias="far41102Exception"
    )
    header: AwardeeHeader = Field(default_factory=AwardeeHeader, alias="awardeeHeader")
    identifiers: AwardeeIdentifiers = Field(default_factory=AwardeeIdentifiers, alias="awardeeUEIInformation")
    location: Annotated[AwardeeLocation | None, EmptyAsNone] = Field(default=None, alias="awardeeLocation")
    factors: Annotated[OrganizationFactors | None, EmptyAsNone] = Field(
        default=None, alias="organizationFactors"
    )


class Transaction(Payload):
    """The report itself: only a final one (F) counts as made (FAR 4.604)."""

    status: Annotated[Literal["F", "D", "E"] | None, BeforeValidator(_letter)] = None
    created: TimedDay = Field(default=None, alias="createdDate")
    approved: TimedDay = Field(default=None, alias="approvedDate")
    closed: YesNo = Field(default=None, alias="closedStatus")


class AwardDetails(Payload):
    """The parts the rules read."""

    dates: Dates
    dollars: Dollars
    totals: Totals = Field(default_factory=Totals, alias="totalContractDollars")
    account: Annotated[TreasuryAccount | None, BeforeValidator(_first), EmptyAsNone] = Field(
        default=None, alias="treasuryAccount"
    )
    preferences: Preferences = Field(default_factory=Preferences, alias="preferenceProgramsInformation")
    awardee: Awardee = Field(default_factory=Awardee, alias="awardeeData")
    transaction: Transaction = Field(default_factory=Transaction, alias="transactionData")


class Award(Payload):
    """One reported action."""

    contract_id: ContractId
    core: AwardCoreData = Field(default_factory=AwardCoreData, alias="coreData")
    details: AwardDetails = Field(alias="awardDetails")
    old: Annotated[OldContract | None, EmptyAsNone] = Field(default=None, alias="oldContractId")

    def to_fact(self) -> ReportedAction:
        """The report as the rules read it."""
        identity, core, details = self.contract_id, self.core, self.details
        dates, totals, awardee = details.dates, details.totals, details.awardee
        return ReportedAction(
            piid=identity.piid,
            modification=identity.modification,
            obligated=details.dollars.obligated,
            signed=dates.signed,
            referenced_idv=identity.referenced_idv,
            reason=identity.reason,
            is_vehicle=core.award_or_idv == "IDV",
            total_obligated=totals.obligated,
            total_exercised=totals.exercised,
            total_all_options=totals.all_options,
            period_start=dates.period_start,
            current_completion=dates.current_completion,
            ultimate_completion=dates.ultimate_completion,
            last_date_to_order=dates.last_date_to_order,
            closed=bool(details.transaction.closed),
            reported=details.transaction.approved or details.transaction.created,
            uei=awardee.identifiers.uei,
            cage=awardee.identifiers.cage,
            vendor_name=awardee.header.legal_name or awardee.header.name,
            vendor_country=awardee.location.country if awardee.location else None,
            foreign_owned_and_located=bool(awardee.factors and awardee.factors.foreign),
            parent_uei=awardee.identifiers.parent_uei,
            parent_name=awardee.identifiers.parent_name,
            naics=core.product.naics,
            psc=core.product.psc,
            pricing=core.acquisition.pricing,
            competition=core.competition.extent,
            set_aside=core.competition.set_aside,
            size=details.preferences.size,
            subcontract_plan=details.preferences.subcontract_plan,
            registration_exception=awardee.registration_exception,
            transaction=identity.transaction or "0",
            status=_STATUS[details.transaction.status or "F"],
            old_piid=self.old.piid if self.old else None,
            tas=details.account.to_fact() if details.account else None,
        )


class Awards(Payload):
    """A page; its rows are of `Award`."""

    total: Total = Field(alias="totalRecords")
    rows: list[Any] = Field(alias="awardSummary")
