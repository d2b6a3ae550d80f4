"""Entity Management API v4, the public sections a rule reads.

The traps: "null" as text; several rows of one UEI; a shorter object for firms that only have an identifier; sections
that are missing although they were requested.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from app.procurement.vendor_facts import Certification, Registration
from workers.payloads.integrity import CorporateRelationships, IntegrityInformation, MaybeParent, owner
from workers.payloads.notation import (
    Day,
    EmptyAsNone,
    Identifier,
    NullAsEmptyList,
    OptionalPlace,
    Payload,
    Required,
    RequiredIdentifier,
    Text,
    Total,
    YesNo,
    YesNoUnknown,
    absent,
    address_of,
)

_STATUSES = ("Active", "Inactive", "Expired", "Submitted", "Work in Progress", "ID Assigned")
_STATUS = {status.upper(): status for status in _STATUSES}


def _status(value: object) -> object:
    text = absent(value)
    return _STATUS.get(" ".join(text.upper().split()), text) if isinstance(text, str) else text


class EntityRegistration(Payload):
    """The section every row has."""

    uei: RequiredIdentifier = Field(alias="ueiSAM")
    legal_name: Required = Field(alias="legalBusinessName")
    given_status: Annotated[
        Literal["Active", "Inactive", "Expired", "Submitted", "Work in Progress", "ID Assigned"] | None,
        BeforeValidator(_status),
    ] = Field(default=None, alias="registrationStatus")
    registered: YesNo = Field(default=None, alias="samRegistered")
    eft_indicator: Text = Field(default=None, alias="entityEFTIndicator")
    cage: Identifier = Field(default=None, alias="cageCode")
    dba_name: Text = None
    purpose: Annotated[Literal["Z1", "Z2", "Z3", "Z4", "Z5"] | None, BeforeValidator(absent)] = Field(
        default=None, alias="purposeOfRegistrationCode"
    )
    updated: Day = Field(default=None, alias="lastUpdateDate")
    expires: Day = Field(default=None, alias="registrationExpirationDate")
    activated: Day = Field(default=None, alias="activationDate")
    exclusion_flag: YesNoUnknown = Field(default=None, alias="exclusionStatusFlag")

    @property
    def status(self) -> str | None:
        """Only firms that were never registered may come without one; None where it is not known."""
        return self.given_status or ("ID Assigned" if self.registered is False else None)


class SbaBusinessType(Payload):
    """A certification by the Small Business Administration; a row of nulls stands for none."""

    code: Text = Field(default=None, alias="sbaBusinessTypeCode")
    ends: Day = Field(default=None, alias="certificationExitDate")


class BusinessTypes(Payload):
    """What kind of firm it is."""

    certified: Annotated[list[SbaBusinessType], NullAsEmptyList] = Field(
        default_factory=list, alias="sbaBusinessTypeList"
    )


class FinancialInformation(Payload):
    """The debt flag: Y, N, or U for unknown."""

    debt: YesNoUnknown = Field(default=None, alias="debtSubjectToOffset")


class Hierarchy(Payload):
    """Parents, where the key may see them."""

    immediate: MaybeParent = Field(default=None, alias="immediateParentEntity")
    ultimate: MaybeParent = Field(default=None, alias="ultimateParentEntity")


class EntityCoreData(Payload):
    """Addresses, certifications, the debt flag."""

    hierarchy: Annotated[Hierarchy | None, EmptyAsNone] = Field(
        default=None, alias="entityHierarchyInformation"
    )
    physical: OptionalPlace = Field(default=None, alias="physicalAddress")
    mailing: OptionalPlace = Field(default=None, alias="mailingAddress")
    business_types: Annotated[BusinessTypes | None, EmptyAsNone] = None
    financial: Annotated[FinancialInformation | None, EmptyAsNone] = Field(
        default=None, alias="financialInformation"
    )


class Naics(Payload):
    """An industry, and whether the firm is small for it; E marks an exception with its own size standard."""

    code: Required = Field(alias="naicsCode")
    small: Annotated[Literal["Y", "N", "E"] | None, BeforeValidator(absent)] = Field(
        default=None, alias="sbaSmallBusiness"
    )


class GoodsAndServices(Payload):
    """The firm's industries."""

    naics: Annotated[list[Naics], NullAsEmptyList] = Field(default_factory=list, alias="naicsList")


class Assertions(Payload):
    """What the firm says about itself."""

    goods_and_services: Annotated[GoodsAndServices | None, EmptyAsNone] = None


class Entity(Payload):
    """One row of an entity that is displayed."""

    registration: EntityRegistration = Field(alias="entityRegistration")
    core: Annotated[EntityCoreData | None, EmptyAsNone] = Field(default=None, alias="coreData")
    assertions: Annotated[Assertions | None, EmptyAsNone] = None
    integrity: Annotated[IntegrityInformation | None, EmptyAsNone] = Field(
        default=None, alias="integrityInformation"
    )


class Entities(Payload):
    """A page; its rows are of `Entity`, or of `HiddenRow` where one `is_hidden`."""

    total: Total = Field(alias="totalRecords")
    rows: list[Any] = Field(alias="entityData")


def registration_of(entity: Entity) -> Registration:
    """The fact in a row that is displayed."""
    seen = entity.registration
    core, integrity = entity.core or EntityCoreData(), entity.integrity or IntegrityInformation()
    corporate, hierarchy = integrity.corporate or CorporateRelationships(), core.hierarchy or Hierarchy()
    goods = (entity.assertions and entity.assertions.goods_and_services) or GoodsAndServices()
    small = frozenset(industry.code for industry in goods.naics if industry.small == "Y")
    other = frozenset(industry.code for industry in goods.naics if industry.small == "N")
    financial = core.financial or FinancialInformation()
    certified = (core.business_types or BusinessTypes()).certified
    return Registration(
        uei=seen.uei,
        legal_name=seen.legal_name,
        status=seen.status,
        expires=seen.expires,
        registered=seen.status != "ID Assigned" if seen.registered is None else seen.registered,
        purpose=seen.purpose,
        eft_indicator=seen.eft_indicator,
        cage=seen.cage,
        dba_name=seen.dba_name,
        updated=seen.updated,
        activated=seen.activated,
        address=address_of(core.physical),
        mailing_address=address_of(core.mailing),
        exclusion_flag=seen.exclusion_flag,
        debt_flag=financial.debt,
        immediate_owner=owner(corporate.immediate, hierarchy.immediate),
        highest_owner=owner(corporate.highest, hierarchy.ultimate),
        predecessors=tuple(firm for predecessor in corporate.predecessors if (firm := predecessor.to_fact())),
        # An exception has its own size standard: a code with both answers counts as neither.
        small_for=small - other,
        not_small_for=other - small,
        certifications=tuple(
            Certification(code=item.code, ends=item.ends) for item in certified if item.code
        ),
        **integrity.to_fields(),
    )
